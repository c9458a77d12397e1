//! The scheduler's view of a pipeline's jobs: stage, needs, `when`, delay, retries, options.

use std::time::Duration;

use crate::types::{AllowFailure, Retry, When};

/// A job of one pipeline: its place in the list that [`Pipeline::new`](super::Pipeline::new) got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobIndex(pub usize);

/// One job, as far as its start depends on it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct JobSpec {
    /// Full name, for causes in words.
    pub name: String,
    /// Place of its stage in the list of stages.
    pub stage: usize,
    /// `Some` makes the needed jobs its only predecessors; `Some([])` starts at once. Needs on
    /// absent optional jobs are already left out (runtime reference 6.2).
    pub needs: Option<Vec<JobIndex>>,
    /// After rules were applied.
    pub when: When,
    /// The delay of `when: delayed`.
    pub start_in: Duration,
    /// After rules were applied.
    pub allow_failure: AllowFailure,
    /// When a failed attempt is followed by another.
    pub retry: Retry,
    /// Played before the run: a manual or delayed job counts as automatic from the start, with
    /// the same predecessors (design chapter 2).
    pub played: bool,
    /// Only one job at a time may have this resource, over all pipelines (runtime reference 6.7).
    pub resource_group: Option<String>,
    /// Acts outside and was not released: where it would start by itself it becomes an optional
    /// manual job instead (design chapter 3). A job that is manual anyway stays as it is.
    pub held: bool,
    /// It fails when the pipeline is made, whatever stands before it, and never begins (runtime
    /// reference 4.3).
    pub fails_at_once: bool,
}

impl JobSpec {
    /// The `when` that decides about the start: playing makes a job automatic.
    pub(super) fn effective_when(&self) -> When {
        match self.when {
            When::Manual | When::Delayed if self.played => When::OnSuccess,
            when => when,
        }
    }
}

/// What holds for the whole pipeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Options {
    /// `workflow:auto_cancel:on_job_failure: all` (runtime reference 6.8).
    pub auto_cancel_on_job_failure: bool,
    /// `--keep-going`: a failed job counts as allowed to fail for its successors. Statuses are
    /// unchanged, and a failure cancels nothing.
    pub keep_going: bool,
}

/// A list of jobs that makes no pipeline. Configurations are checked before; this is for callers
/// that went wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SpecError {
    /// `stage` is outside the list of stages.
    #[error("job `{job}` is in stage number {stage}, which does not exist")]
    UnknownStage {
        /// The job.
        job: String,
        /// Its stage.
        stage: usize,
    },
    /// A need is outside the list of jobs.
    #[error("job `{job}` needs job number {need}, which does not exist")]
    UnknownNeed {
        /// The job.
        job: String,
        /// The need.
        need: usize,
    },
    /// Jobs that wait for each other.
    #[error("job `{job}` needs itself, directly or through other jobs")]
    Cycle {
        /// One of them.
        job: String,
    },
}
