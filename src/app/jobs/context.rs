//! What all jobs of a pipeline share: facts, plan, runners; and the variables that each of
//! them gets from it.

use std::collections::HashMap;

use crate::foreign::Command;
use crate::plan::{Job, JobVariables, PipelineFacts, Plan, RunFacts, exclusion, job_variables};
use crate::record::{Caches, LastArtifacts};
use crate::repo::CommitPaths;
use crate::run::{AttemptContext, EarlierSuccess, Received};
use crate::script::temp_dir;

use super::super::assignment::Assignment;
use super::caches::KeyDigests;
use super::job_run::{before_start, timeout};
use super::permissions::Permissions;

/// What all jobs of a run share.
pub struct PipelineContext {
    /// What the pipeline is for.
    pub facts: PipelineFacts,
    /// The plan.
    pub plan: Plan,
    /// `CI_PIPELINE_ID`.
    pub pipeline_id: u64,
    /// The trigger job of the root pipeline that leads here; `None` for the root.
    pub root_job: Option<String>,
    /// The runner of each job.
    pub runners: Assignment,
    /// Image of jobs that name none.
    pub default_image: Option<String>,
    /// What jobs may ask of Docker.
    pub permissions: Permissions,
    /// What jobs that are not in the pipeline have kept, by the name of the job that receives it.
    pub received: HashMap<String, Received>,
    /// Successes of the run that this one goes on with, by the name of the job.
    pub passed: HashMap<String, EarlierSuccess>,
    /// How large artifacts were in the last run.
    pub last_artifacts: LastArtifacts,
    /// What keys of caches are made of.
    pub key_digests: KeyDigests,
    /// The paths of the commit whose files jobs get.
    pub commit_paths: Option<CommitPaths>,
    /// Where the caches of the project are.
    pub caches: Option<Caches>,
    /// What stands before the names of its resource groups: nothing in the project of the run.
    pub resources_of: String,
    /// `TERM` of the person who gets a shell in place of scripts, where one does.
    pub shell_on: Option<String>,
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

    /// The job of the root pipeline without which that job is not run either.
    pub fn root_job_of<'a>(&'a self, job: &'a Job) -> &'a str {
        self.root_job.as_deref().unwrap_or(job.name())
    }

    /// The command that leaves the job out: only jobs of the root can be chosen (runtime reference
    /// 6.12).
    pub fn exclusion(&self, job: &Job) -> Command {
        exclusion(self.root_job_of(job))
    }

    /// The variables, as far as they are known before an attempt has a number and a slot.
    pub(super) fn variables_before(&self, at: usize) -> JobVariables {
        self.variables(at, &before_start(self, at))
    }
}
