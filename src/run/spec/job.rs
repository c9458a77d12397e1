//! One job of a run: what the scheduler is told of it, and its work.

use std::sync::Arc;
use std::time::Duration;

use crate::event::HeldJob;
use crate::exec::{ArtifactRef, Image};
use crate::record::Caches;
use crate::sched::{JobIndex, JobSpec};
use crate::types::FailureReason;
use crate::types::Sources;

use super::child::Trigger;
use super::scripts::Scripts;
use crate::run::runner::RunnerIndex;

/// One job.
pub struct JobRun {
    /// Name, stage, needs and all else that decides about its start. Its `held` and
    /// `fails_at_once` follow the fields below.
    pub sched: JobSpec,
    /// Set when the job acts outside and was not released (design chapter 3).
    pub held: Option<HeldJob>,
    /// Set when the job fails as the pipeline is made. Its `fails_at_once` follows this.
    pub fails_at_once: Option<EarlyFailure>,
    /// What it gets of jobs that are not in its pipeline.
    pub received: Received,
    /// Whose artifacts and dotenv variables it gets, in this order (runtime reference 16.5).
    pub artifacts_from: Vec<JobIndex>,
    /// What it does.
    pub work: Work,
}

/// What a job gets of jobs that are not in its pipeline: those of earlier runs (`--no-needs`) and of
/// the parent pipeline (`needs:pipeline:job`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Received {
    /// Laid over the tree before all others.
    pub artifacts: Vec<ArtifactRef>,
    /// Variables of their dotenv reports; later ones win, and those of its own pipeline over them.
    pub dotenv: Vec<(String, String)>,
}

/// Why a job fails before it could begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EarlyFailure {
    /// GitLab's reason.
    pub reason: FailureReason,
    /// One line for people.
    pub message: String,
}

/// What a job does.
#[derive(Clone)]
pub enum Work {
    /// Scripts, on a runner.
    Scripts(Arc<ScriptJob>),
    /// A child pipeline, for which no runner is needed.
    Trigger(Trigger),
}

/// A job that a runner takes.
pub struct ScriptJob {
    /// Who takes it.
    pub runner: RunnerIndex,
    /// `None` where the executor runs no images, or where only an attempt knows.
    pub image: Option<Image>,
    /// Images of its services, as far as they are known before an attempt.
    pub services: Vec<Image>,
    /// Whether its environment may come up before the jobs in front of it have ended: it depends
    /// on nothing that they make, and consists of this one container (design chapter 6).
    pub ahead: bool,
    /// `group/project`, from which executors make directories.
    pub project_path: String,
    /// Where the caches of its project are; without it there are none.
    pub caches: Option<Caches>,
    /// What its project directory holds at first; `None` for an empty one (`GIT_STRATEGY: none`
    /// or `empty`).
    pub sources: Option<Sources>,
    /// The job timeout, counted from its start (runtime reference 5).
    pub timeout: Duration,
    /// Makes the scripts of an attempt.
    pub scripts: Box<dyn Scripts>,
}

impl ScriptJob {
    /// All images that are known to be wanted.
    pub fn images(&self) -> impl Iterator<Item = &Image> {
        self.image.iter().chain(&self.services)
    }
}

impl JobRun {
    /// The scripts, where that is its work.
    pub fn script_job(&self) -> Option<&Arc<ScriptJob>> {
        match &self.work {
            Work::Scripts(job) => Some(job),
            Work::Trigger(_) => None,
        }
    }

    /// The most attempts that there can be of it.
    pub fn attempts(&self) -> u64 {
        u64::from(self.sched.retry.max.unwrap_or(0)) + 1
    }

    /// What the scheduler is told of it.
    pub(in crate::run) fn sched_spec(&self) -> JobSpec {
        JobSpec {
            held: self.held.is_some(),
            fails_at_once: self.fails_at_once.is_some(),
            ..self.sched.clone()
        }
    }
}
