//! Each job of a plan as the run loop wants it.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use crate::event::HeldJob;
use crate::exec::{Image, Traits};
use crate::plan::{Job, JobVariables};
use crate::run::{
    AttemptContext, AttemptScripts, ChildPipeline, EarlyFailure, JobRun, ScriptJob, Trigger, Work,
};
use crate::sched::{JobIndex, JobSpec};
use crate::types::FailureReason;

use super::context::PipelineContext;
use super::scripts::scripts;
use super::sources::Git;
use super::submodules::unfit;

/// GitLab's job timeout where neither the job nor the project says one.
const DEFAULT_TIMEOUT: u64 = 3600;

/// What makes the child of the trigger job at that place of the plan.
pub(in super::super) type ChildOf<'a> = &'a dyn Fn(usize) -> Arc<dyn ChildPipeline>;

/// Every job of the plan as the run loop wants it.
pub(in super::super) fn jobs(context: &Arc<PipelineContext>, child_of: ChildOf<'_>) -> Vec<JobRun> {
    let places: HashMap<&str, JobIndex> = context
        .plan
        .jobs
        .iter()
        .enumerate()
        .map(|(at, job)| (job.name(), JobIndex(at)))
        .collect();
    (0..context.plan.jobs.len())
        .map(|at| job_run(context, at, &places, child_of))
        .collect()
}

/// The images that are known to be wanted before the run.
pub fn images(context: &Arc<PipelineContext>) -> Vec<Image> {
    let jobs = context.plan.jobs.iter().enumerate();
    let scripts = jobs.filter(|(_, job)| !job.starts_pipeline());
    let scripts = scripts.map(|(at, _)| script_job(context, at, &context.variables_before(at)));
    scripts
        .flat_map(|job| job.images().cloned().collect::<Vec<_>>())
        .collect()
}

fn job_run(
    context: &Arc<PipelineContext>,
    at: usize,
    places: &HashMap<&str, JobIndex>,
    child_of: ChildOf<'_>,
) -> JobRun {
    let job = &context.plan.jobs[at];
    let variables = context.variables_before(at);
    let work = if job.starts_pipeline() {
        let strategy = job.config.trigger.as_ref().and_then(|it| it.strategy);
        Work::Trigger(Trigger {
            child: child_of(at),
            depends: strategy.is_some(),
            of_other_project: job.other_project().is_some(),
        })
    } else {
        Work::Scripts(Arc::new(script_job(context, at, &variables)))
    };
    JobRun {
        sched: sched(job, places, &variables, &context.resources_of),
        work,
        artifacts_from: context
            .plan
            .artifact_sources(job)
            .into_iter()
            .map(JobIndex)
            .collect(),
        received: context
            .received
            .get(job.name())
            .cloned()
            .unwrap_or_default(),
        fails_at_once: job.environment_fault().map(|fault| EarlyFailure {
            reason: FailureReason::EnvironmentCreationFailure,
            message: fault.what.clone(),
        }),
        held: job.held.as_ref().map(|why| HeldJob {
            name: job.name().to_owned(),
            why: why.clone(),
            release: job.release_option(&context.facts).to_string(),
        }),
    }
}

fn script_job(context: &Arc<PipelineContext>, at: usize, variables: &JobVariables) -> ScriptJob {
    let job = &context.plan.jobs[at];
    let traits = context.runners.runner(at).executor.traits();
    let comes_late = context.image_comes_late(job);
    let image = context.image(job, variables);
    let sources = Git::of(variables).sources();
    let paths = context.commit_paths.as_ref().zip(sources.as_ref());
    let no_sources = paths.and_then(|(paths, sources)| unfit(paths, sources));
    // For what never runs no image is brought.
    let is_refused = job.is_bound_to_fail()
        || (traits.images && !comes_late && image.is_err())
        || context.forbids(at, variables).is_some()
        || no_sources.is_some();
    ScriptJob {
        runner: context.runners.index(at),
        image: image.ok().flatten().filter(|_| !is_refused && !comes_late),
        services: if is_refused {
            Vec::new()
        } else {
            context.service_images(at, variables)
        },
        ahead: traits.opens_ahead
            && !is_refused
            && !context.passed.contains_key(job.name())
            && job.config.services.is_empty()
            && !context.receives_dotenv(job)
            && !receives_much(context, job, traits),
        project_path: context.facts.project.path.clone(),
        caches: context.caches.clone(),
        sources: sources.filter(|_| no_sources.is_none()),
        timeout: match context.shell_on {
            None => timeout(job),
            // A person takes their time.
            Some(_) => Duration::MAX,
        },
        scripts: {
            let context = Arc::clone(context);
            Box::new(move |attempt: &AttemptContext| {
                let made = scripts(&context, at, attempt);
                AttemptScripts {
                    refusal: made.refusal.or_else(|| no_sources.clone()),
                    ..made
                }
            })
        },
    }
}

/// Whether it may be expected to receive artifacts that have to be known when its environment is
/// opened: as many as in the last run.
fn receives_much(context: &PipelineContext, job: &Job, traits: Traits) -> bool {
    let Some(limit) = traits.early_artifacts else {
        return false;
    };
    let size = |at: usize| context.last_artifacts.size(context.plan.jobs[at].name());
    let sources = context.plan.artifact_sources(job).into_iter();
    sources.map(size).any(|size| size >= limit)
}

fn sched(
    job: &Job,
    places: &HashMap<&str, JobIndex>,
    variables: &JobVariables,
    resources_of: &str,
) -> JobSpec {
    let resource_group = job.config.resource_group.as_deref();
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
        start_in: Duration::from_secs(job.start_in.as_ref().map_or(0, |delay| delay.seconds)),
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
        fails_at_once: job.environment_fault().is_some(),
        // One whose name comes to nothing is none.
        resource_group: resource_group
            .map(|name| variables.expand(name))
            .filter(|name| !name.is_empty())
            .map(|name| format!("{resources_of}{name}")),
    }
}

pub(super) fn timeout(job: &Job) -> Duration {
    Duration::from_secs(job.config.timeout.unwrap_or(DEFAULT_TIMEOUT))
}

/// Facts for what is decided before an attempt has a number and a slot.
pub(super) fn before_start(context: &PipelineContext, at: usize) -> AttemptContext {
    let job = &context.plan.jobs[at];
    let executor = &context.runners.runner(at).executor;
    AttemptContext {
        attempt: 1,
        job_id: 0,
        slot: 0,
        layout: executor.layout(&context.facts.project.path, job.name(), 1),
        dotenv: Vec::new(),
    }
}
