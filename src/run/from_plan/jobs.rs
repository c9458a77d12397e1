//! The jobs.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use crate::event::HeldJob;
use crate::plan::Job;
use crate::run::spec::{AttemptContext, JobRun};
use crate::sched::{JobIndex, JobSpec};

use super::scripts::scripts;
use super::sources::Git;
use super::surroundings::Surroundings;

/// GitLab's job timeout where neither the job nor the project says one.
const DEFAULT_TIMEOUT: u64 = 3600;

/// Every job of the plan as the run loop wants it.
pub fn jobs(around: &Arc<Surroundings>) -> Vec<JobRun> {
    let places: HashMap<&str, JobIndex> = around
        .plan
        .jobs
        .iter()
        .enumerate()
        .map(|(at, job)| (job.name(), JobIndex(at)))
        .collect();
    (0..around.plan.jobs.len())
        .map(|at| job_run(around, at, &places))
        .collect()
}

fn job_run(around: &Arc<Surroundings>, at: usize, places: &HashMap<&str, JobIndex>) -> JobRun {
    let job = &around.plan.jobs[at];
    let executor = Arc::clone(&around.executors[at]);
    let variables = around.variables(at, &before_start(around, at));
    JobRun {
        sched: sched(job, places),
        image: (!around.image_comes_late(job))
            .then(|| around.image(job, &variables))
            .flatten(),
        ahead: executor.opens_ahead()
            && job.config.services.is_empty()
            && !receives_dotenv(around, job),
        sources: Git::of(&variables).sources(),
        timeout: timeout(job),
        artifacts_from: around
            .plan
            .artifact_sources(job)
            .into_iter()
            .map(JobIndex)
            .collect(),
        artifacts_before: around.earlier.get(job.name()).cloned().unwrap_or_default(),
        held: job.held.as_ref().map(|why| HeldJob {
            name: job.name().to_owned(),
            why: why.clone(),
            release: job.release_option(&around.facts).to_string(),
        }),
        scripts: {
            let around = Arc::clone(around);
            Box::new(move |attempt: &AttemptContext| scripts(&around, at, attempt))
        },
        executor,
    }
}

/// Whether jobs before it may report variables: its environment depends on them then.
fn receives_dotenv(around: &Surroundings, job: &Job) -> bool {
    let reports = |at: usize| {
        let artifacts = around.plan.jobs[at].config.artifacts.as_ref();
        artifacts.is_some_and(|artifacts| !artifacts.dotenv.is_empty())
    };
    around.plan.artifact_sources(job).into_iter().any(reports)
}

fn sched(job: &Job, places: &HashMap<&str, JobIndex>) -> JobSpec {
    JobSpec {
        name: job.name().to_owned(),
        stage: job.stage,
        needs: job.needs.as_ref().map(|needs| {
            needs
                .iter()
                .filter_map(|need| places.get(&*need.job).copied())
                .collect()
        }),
        when: job.when,
        start_in: Duration::from_secs(job.start_in.as_ref().map_or(0, |(seconds, _)| *seconds)),
        allow_failure: job.allow_failure.clone(),
        retry: job
            .config
            .retry
            .clone()
            .unwrap_or_else(|| crate::types::Retry {
                max: Some(0),
                ..crate::types::Retry::default()
            }),
        played: job.played,
        held: job.held.is_some(),
    }
}

pub(super) fn timeout(job: &Job) -> Duration {
    Duration::from_secs(job.config.timeout.unwrap_or(DEFAULT_TIMEOUT))
}

/// Facts for what is decided before an attempt has a number and a slot.
fn before_start(around: &Surroundings, at: usize) -> AttemptContext {
    let job = &around.plan.jobs[at];
    AttemptContext {
        attempt: 1,
        job_id: 0,
        slot: 0,
        layout: around.executors[at].layout(&around.facts.project.path, job.name(), 1),
        dotenv: Vec::new(),
    }
}
