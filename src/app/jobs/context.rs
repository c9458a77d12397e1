//! What all jobs of a pipeline share: facts, plan, runners; and the variables and the image that
//! each of them gets from it.

use std::collections::HashMap;
use std::sync::Arc;

use crate::exec::{ArtifactRef, Image};
use crate::plan::{Job, JobVariables, PipelineFacts, Plan, RunFacts, job_variables};
use crate::run::AttemptContext;
use crate::script::temp_dir;

use super::super::runners::Assignment;
use super::caches::KeyDigests;
use super::job_run::timeout;

/// What all jobs of a run share.
pub struct PipelineContext {
    /// What the pipeline is for.
    pub facts: PipelineFacts,
    /// The plan.
    pub plan: Plan,
    /// `CI_PIPELINE_ID`.
    pub pipeline_id: u64,
    /// The runner of each job.
    pub runners: Assignment,
    /// Image of jobs that name none.
    pub default_image: Option<String>,
    /// Artifacts of earlier runs that stand for jobs that are not run, by the name of the job
    /// that receives them.
    pub earlier: HashMap<String, Vec<ArtifactRef>>,
    /// What keys of caches are made of.
    pub key_digests: KeyDigests,
    /// The time of day as RFC 3339, for `CI_JOB_STARTED_AT`.
    pub clock: fn() -> String,
}

impl PipelineContext {
    pub(super) fn variables(&self, at: usize, attempt: &AttemptContext) -> JobVariables {
        let job = &self.plan.jobs[at];
        let runner = self.runners.runner(at);
        let traits = runner.executor.traits();
        let run = RunFacts {
            pipeline_id: self.pipeline_id,
            job_id: attempt.job_id,
            builds_dir: attempt.layout.builds_dir.clone(),
            project_dir: attempt.layout.project_dir.clone(),
            started_at: (self.clock)(),
            timeout: timeout(job).as_secs(),
            image: self.image_name(job).filter(|_| traits.images),
            disposable: traits.disposable,
            slot: attempt.slot,
            runner: runner.description.clone(),
            dotenv: attempt.dotenv.clone(),
        };
        let temp = temp_dir(&attempt.layout.project_dir);
        job_variables(&self.plan, job, &self.facts, &run, &temp)
    }

    fn image_name(&self, job: &Job) -> Option<String> {
        match &job.config.image {
            Some(image) => Some(image.name.to_string()),
            None => self.default_image.clone(),
        }
    }

    /// Whether the name of its image may depend on what other jobs report.
    pub(super) fn image_comes_late(&self, job: &Job) -> bool {
        let reports = |at: usize| {
            let artifacts = self.plan.jobs[at].config.artifacts.as_ref();
            artifacts.is_some_and(|artifacts| !artifacts.reports.dotenv.is_empty())
        };
        self.image_name(job).is_some_and(|name| name.contains('$'))
            && self.plan.artifact_sources(job).into_iter().any(reports)
    }

    pub(super) fn image(&self, job: &Job, variables: &JobVariables) -> Option<Image> {
        let name = variables.expand(&self.image_name(job)?);
        let config = job.config.image.as_ref();
        let expanded = |text: &Arc<str>| variables.expand(text);
        Some(Image {
            name,
            entrypoint: config
                .and_then(|image| image.entrypoint.as_ref())
                .map(|parts| parts.iter().map(ToString::to_string).collect()),
            user: config.and_then(|image| image.user.as_ref()).map(expanded),
            platform: config
                .and_then(|image| image.platform.as_ref())
                .map(expanded),
        })
    }
}
