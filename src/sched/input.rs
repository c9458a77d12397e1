//! Inputs and actions of the scheduler: what happened, and what is to be done.

use std::time::Duration;

use crate::types::FailureReason;

use super::{JobIndex, SkipCause};

/// How an attempt ended, as the one who ran it saw it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Well.
    Success,
    /// Badly.
    Failed {
        /// GitLab's reason.
        reason: FailureReason,
        /// Of the script, where one is known; only such a code can match a list of exit codes.
        exit_code: Option<i64>,
    },
    /// It was stopped.
    Canceled,
}

/// What happened. Inputs that do not fit the job's state, and reports about an attempt that
/// was superseded, change nothing.
#[cfg_attr(
    not(test),
    expect(
        dead_code,
        reason = "what a person does to one job of a running pipeline: GitLab's cases in the tests do all of it, a run hears of it before it begins"
    )
)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input {
    /// The pipeline begins.
    Begin,
    /// A ready job got a slot.
    Started {
        /// Which.
        job: JobIndex,
        /// The attempt that [`Action::Start`] named.
        attempt: u32,
    },
    /// An attempt ended. A job can also fail without having started.
    Finished {
        /// Which.
        job: JobIndex,
        /// Its attempt.
        attempt: u32,
        /// How.
        outcome: Outcome,
    },
    /// The job has its resource group for itself.
    Acquired {
        /// Which.
        job: JobIndex,
        /// The attempt that [`Action::Acquire`] named.
        attempt: u32,
    },
    /// The delay of a job is over.
    DelayOver {
        /// Which.
        job: JobIndex,
        /// The attempt that [`Action::Schedule`] named.
        attempt: u32,
    },
    /// Stop everything: what runs is stopped, what has not begun never will.
    Cancel,
    /// Stop one job.
    CancelJob(JobIndex),
    /// A person starts a manual, held or delayed job; one that has ended is retried.
    Play(JobIndex),
    /// A person tries a finished job again.
    Retry(JobIndex),
    /// A person tries all failed and canceled jobs again.
    RetryAll,
    /// A person stops a delay: the job becomes manual.
    Unschedule(JobIndex),
}

/// What is to be done, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// The job is ready: run the attempt as soon as there is a slot, and report `Started` and
    /// `Finished`.
    Start {
        /// Which.
        job: JobIndex,
        /// From 1.
        attempt: u32,
    },
    /// The job is ready but for its resource group: report `Acquired` as soon as it is free.
    Acquire {
        /// Which.
        job: JobIndex,
        /// From 1.
        attempt: u32,
    },
    /// The attempt needs its resource group no longer.
    Release {
        /// Which.
        job: JobIndex,
        /// Its attempt.
        attempt: u32,
    },
    /// Report `DelayOver` after this time.
    Schedule {
        /// Which.
        job: JobIndex,
        /// From 1.
        attempt: u32,
        /// `start_in`.
        delay: Duration,
    },
    /// The job waits for a person.
    Wait(JobIndex),
    /// The job will not run.
    Skip {
        /// Which.
        job: JobIndex,
        /// Why.
        cause: SkipCause,
    },
    /// The job has failed without having begun.
    Fail {
        /// Which.
        job: JobIndex,
        /// The attempt that never was.
        attempt: u32,
    },
    /// Stop the attempt that runs; `Finished` is still expected.
    Stop(JobIndex),
    /// The job was canceled before it began: take it out of every queue, forget its timer.
    Cancel(JobIndex),
    /// The attempt failed and another one follows.
    Retry {
        /// Which.
        job: JobIndex,
        /// The attempt that failed.
        attempt: u32,
    },
    /// Nothing runs, is ready or delayed. Comes last in every step that ends so; a person may
    /// still play or retry a job.
    Done,
}
