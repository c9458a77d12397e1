//! A plan as a run: which executor, image, scripts and artifacts each of its jobs has.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use crate::config::ArtifactsWhen as When;
use crate::event::HeldJob;
use crate::exec::{ArtifactRef, Executor, Globs, Image};
use crate::expr::Variable as Expanded;
use crate::plan::{Job, JobVariables, PipelineFacts, Plan, RunFacts, job_variables};
use crate::sched::{JobIndex, JobSpec};
use crate::script::{Stage, Variable, temp_dir};

use super::spec::{Artifacts, ArtifactsWhen, AttemptContext, AttemptScripts, JobRun, JobSettings};

/// GitLab's job timeout where neither the job nor the project says one.
const DEFAULT_TIMEOUT: u64 = 3600;

/// What all jobs of a run share.
pub struct Surroundings {
    /// What the pipeline is for.
    pub facts: PipelineFacts,
    /// The plan.
    pub plan: Plan,
    /// `CI_PIPELINE_ID`.
    pub pipeline_id: u64,
    /// The executor of each job, in the order of the plan.
    pub executors: Vec<Arc<dyn Executor>>,
    /// Image of jobs that name none.
    pub default_image: Option<String>,
    /// Artifacts of earlier runs that stand for jobs that are not run, by the name of the job
    /// that receives them.
    pub earlier: HashMap<String, Vec<ArtifactRef>>,
    /// The time of day as RFC 3339, for `CI_JOB_STARTED_AT`.
    pub clock: fn() -> String,
}

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
    let variables = around.variables(at, &facts_before_start(around, at));
    JobRun {
        sched: sched(job, places),
        image: around.image(job, &variables),
        ahead: executor.opens_ahead() && job.config.services.is_empty(),
        with_tree: !matches!(variables.value("GIT_STRATEGY"), Some("none" | "empty")),
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
            release: job.release_option(),
        }),
        scripts: {
            let around = Arc::clone(around);
            Box::new(move |attempt: &AttemptContext| scripts(&around, at, attempt))
        },
        executor,
    }
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

fn timeout(job: &Job) -> Duration {
    Duration::from_secs(job.config.timeout.unwrap_or(DEFAULT_TIMEOUT))
}

/// Facts for what is decided before an attempt has a number and a slot.
fn facts_before_start(around: &Surroundings, at: usize) -> AttemptContext {
    let job = &around.plan.jobs[at];
    AttemptContext {
        attempt: 1,
        job_id: 0,
        slot: 0,
        layout: around.executors[at].layout(&around.facts.project.path, job.name(), 1),
    }
}

impl Surroundings {
    fn variables(&self, at: usize, attempt: &AttemptContext) -> JobVariables {
        let job = &self.plan.jobs[at];
        let executor = self.executors[at].name();
        let run = RunFacts {
            pipeline_id: self.pipeline_id,
            job_id: attempt.job_id,
            builds_dir: attempt.layout.builds_dir.clone(),
            project_dir: attempt.layout.project_dir.clone(),
            started_at: (self.clock)(),
            timeout: timeout(job).as_secs(),
            image: (executor != "shell")
                .then(|| self.image_name(job))
                .flatten(),
            disposable: executor != "shell",
            slot: attempt.slot,
            runner: format!("pipe {executor}"),
        };
        let temp = temp_dir(&attempt.layout.project_dir);
        job_variables(&self.plan, job, &self.facts, &run, &temp)
    }

    fn image_name(&self, job: &Job) -> Option<String> {
        let named = job
            .config
            .image
            .as_ref()
            .and_then(|image| match image.as_map() {
                Some(mapping) => mapping.get("name").and_then(|name| name.value.as_str()),
                None => image.as_str(),
            });
        named
            .map(str::to_owned)
            .or_else(|| self.default_image.clone())
    }

    fn image(&self, job: &Job, variables: &JobVariables) -> Option<Image> {
        let name = variables.expand(&self.image_name(job)?);
        let mapping = job.config.image.as_ref().and_then(|image| image.as_map());
        let text = |map: &crate::yaml::Mapping, key: &str| {
            map.get(key)
                .and_then(|entry| entry.value.as_str())
                .map(|text| variables.expand(text))
        };
        let docker = mapping
            .and_then(|image| image.get("docker"))
            .and_then(|docker| docker.value.as_map());
        Some(Image {
            name,
            entrypoint: mapping
                .and_then(|image| image.get("entrypoint"))
                .and_then(|entrypoint| entrypoint.value.as_seq())
                .map(|parts| {
                    parts
                        .iter()
                        .filter_map(|part| part.as_str())
                        .map(str::to_owned)
                        .collect()
                }),
            user: docker.and_then(|docker| text(docker, "user")),
            platform: docker.and_then(|docker| text(docker, "platform")),
        })
    }
}

/// The scripts of one attempt, as the runner would generate them.
fn scripts(around: &Surroundings, at: usize, attempt: &AttemptContext) -> AttemptScripts {
    let job = &around.plan.jobs[at];
    let variables = around.variables(at, attempt);
    let exports: Vec<Variable> = variables.all.iter().map(export).collect();
    let project_dir = attempt.layout.project_dir.clone();
    let stage = Stage::new(&exports, &project_dir);
    let commands: Vec<Arc<str>> = job
        .config
        .before_script
        .iter()
        .chain(job.config.script.iter())
        .cloned()
        .collect();
    AttemptScripts {
        variables: stage.environment(),
        script: stage.step_script(&commands),
        after_script: after_script(job, &exports, &project_dir),
        artifacts: artifacts(job, &variables),
        secrets: variables.secrets().map(str::to_owned).collect(),
        settings: settings(&variables),
    }
}

fn export(variable: &Expanded) -> Variable {
    if variable.file {
        Variable::file(&*variable.key, &*variable.value)
    } else {
        Variable::plain(&*variable.key, &*variable.value)
    }
}

fn after_script(
    job: &Job,
    exports: &[Variable],
    project_dir: &str,
) -> Option<super::spec::AfterScript> {
    if job.config.after_script.is_empty() {
        return None;
    }
    let commands = Arc::clone(&job.config.after_script);
    let exports = exports.to_vec();
    let project_dir = project_dir.to_owned();
    Some(Box::new(move |status| {
        let mut exports = exports.clone();
        exports.push(Variable::plain("CI_JOB_STATUS", status));
        Stage::new(&exports, &project_dir).after_script(&commands)
    }))
}

fn artifacts(job: &Job, variables: &JobVariables) -> Option<Artifacts> {
    let artifacts = job.config.artifacts.as_ref()?;
    let expanded = |globs: &[Arc<str>]| globs.iter().map(|glob| variables.expand(glob)).collect();
    let globs = Globs {
        paths: expanded(&artifacts.paths),
        exclude: expanded(&artifacts.exclude),
    };
    (!globs.paths.is_empty()).then_some(Artifacts {
        globs,
        when: match artifacts.when {
            When::OnSuccess => ArtifactsWhen::OnSuccess,
            When::OnFailure => ArtifactsWhen::OnFailure,
            When::Always => ArtifactsWhen::Always,
        },
    })
}

fn settings(variables: &JobVariables) -> JobSettings {
    let value = |key: &str| variables.value(key).map(str::to_owned);
    JobSettings {
        script_timeout: value("RUNNER_SCRIPT_TIMEOUT"),
        after_script_timeout: value("RUNNER_AFTER_SCRIPT_TIMEOUT"),
        after_script_can_fail: variables.value("AFTER_SCRIPT_IGNORE_ERRORS") == Some("false"),
    }
}
