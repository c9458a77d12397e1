//! The events of a run: their kinds and fields.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{TestSummary, seconds};
use crate::types::{EnvironmentAction, FailureReason, Status};

/// One fact with its place in the run.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Counts from 1; the dispatcher alone numbers events.
    pub seq: u64,
    /// Since the run began, by a monotonic clock.
    pub elapsed: Duration,
    /// Names of the trigger jobs that lead to the pipeline; empty for the top one.
    pub pipeline: Vec<String>,
    /// What happened.
    pub kind: EventKind,
}

/// Stages of one job's attempt, in their order (runtime reference 1.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// The environment is made.
    Prepare,
    /// The project tree is brought in.
    Sources,
    /// Caches are brought in.
    RestoreCache,
    /// Artifacts of earlier jobs are brought in.
    DownloadArtifacts,
    /// `before_script` and `script`.
    Script,
    /// `after_script`.
    AfterScript,
    /// Caches are kept.
    SaveCache,
    /// Artifacts are kept.
    UploadArtifacts,
    /// The environment is taken away.
    Cleanup,
}

/// Which files the jobs see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceMode {
    /// HEAD with the edits and untracked files of the work tree.
    WorkTree {
        /// Tracked files that differ from HEAD.
        uncommitted: usize,
        /// Untracked files that git does not ignore.
        untracked: usize,
    },
    /// Just the commit.
    Commit,
}

/// What a run is about: version, time, id, ref, files, jobs.
#[derive(Debug, Clone, PartialEq)]
pub struct RunStarted {
    /// Version of `pipe`.
    pub version: String,
    /// Start of the run, RFC 3339.
    pub at: String,
    /// Id of the run, unique in the project's record.
    pub run: String,
    /// Ref name.
    pub ref_name: String,
    /// `branch`, `tag` or `merge_request`.
    pub ref_kind: String,
    /// `CI_PIPELINE_SOURCE`.
    pub source: String,
    /// Commit.
    pub sha: String,
    /// Which files the jobs see.
    pub mode: SourceMode,
    /// Every job of the run in pipeline order, so that a board can be drawn from the start.
    pub jobs: Vec<JobSummary>,
}

/// A job as the board first shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobSummary {
    /// Full name.
    pub name: String,
    /// Stage.
    pub stage: String,
    /// `manual` jobs and held ones are shown as such from the start.
    pub held: Option<String>,
}

/// How one attempt of a job ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JobOutcome {
    /// Script and all around it ended well.
    Success,
    /// It failed; `allowed` when the failure counts as a warning.
    Failed {
        /// GitLab's reason.
        reason: FailureReason,
        /// One line for people: `exit code 1`, `image not found`.
        message: String,
        /// Whether `allow_failure` forgives it.
        allowed: bool,
    },
    /// It was stopped.
    Canceled {
        /// Why, in words.
        reason: String,
    },
}

/// A job that acts outside and was not released (design chapter 3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldJob {
    /// Full name.
    pub name: String,
    /// `deploys to staging`.
    pub why: String,
    /// The option that releases it: `--deploy=staging`.
    pub release: String,
}

/// The end of one job in the result of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JobResult {
    /// Full name.
    pub name: String,
    /// Stage.
    pub stage: String,
    /// `success failed skipped manual canceled`.
    pub status: Status,
    /// The flag as it is at the end (an exit code may have set it).
    pub allow_failure: bool,
    /// Failure reason in GitLab's words, or the cause of a skip in ours.
    pub reason: Option<String>,
    /// Exit code of the script, where one is known.
    pub exit_code: Option<i64>,
    /// Attempts made.
    pub attempts: u32,
    /// Start of the last attempt, since the run began.
    #[serde(with = "seconds::optional")]
    pub started: Option<Duration>,
    /// End of the last attempt.
    #[serde(with = "seconds::optional")]
    pub finished: Option<Duration>,
    /// The tests of the last attempt, where it has reported some.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tests: Option<TestSummary>,
}

/// The end of a child pipeline.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PipelineResult {
    /// The trigger job.
    pub trigger: String,
    /// Composite status.
    pub status: Status,
    /// Its jobs.
    pub jobs: Vec<JobResult>,
    /// Its own child pipelines.
    pub pipelines: Vec<PipelineResult>,
}

/// The end of a run: the last line of the JSON form.
#[derive(Debug, Clone, PartialEq)]
pub struct RunResult {
    /// `success failed canceled manual skipped`.
    pub status: Status,
    /// Exit code of `pipe`.
    pub exit: u8,
    /// Jobs of the top pipeline.
    pub jobs: Vec<JobResult>,
    /// Child pipelines.
    pub pipelines: Vec<PipelineResult>,
    /// Jobs that were held.
    pub held: Vec<HeldJob>,
    /// False when something that GitLab would do was left out.
    pub complete: bool,
}

/// What happened.
#[derive(Debug, Clone, PartialEq)]
pub enum EventKind {
    /// Always first.
    RunStarted(RunStarted),
    /// An attempt of a job begins.
    JobStarted {
        /// Full name.
        job: String,
        /// From 1.
        attempt: u32,
        /// The image that it runs in, where it has one and it is known by now.
        image: Option<String>,
    },
    /// A job's attempt enters a phase.
    JobPhase {
        /// Full name.
        job: String,
        /// From 1.
        attempt: u32,
        /// The phase.
        phase: Phase,
    },
    /// An image is being pulled.
    Pull {
        /// Image name.
        image: String,
        /// Bytes so far and in all, where the registry says.
        progress: Option<(u64, u64)>,
        /// Whether it is here now: the last word on that image.
        done: bool,
    },
    /// An image could not be brought, or the run was stopped meanwhile: the last word on it.
    PullFailed {
        /// Image name.
        image: String,
        /// Why, and what to do, in one line.
        message: String,
    },
    /// One line of a job's log, already masked. A line beyond 64 KiB comes in parts.
    Log {
        /// Full name.
        job: String,
        /// From 1.
        attempt: u32,
        /// The line without its end.
        text: String,
        /// True for every part but the last.
        partial: bool,
    },
    /// The coverage that the log of an attempt tells (`coverage`).
    Coverage {
        /// Full name.
        job: String,
        /// From 1.
        attempt: u32,
        /// As the log says it.
        percent: f64,
    },
    /// The tests that the `JUnit` report of an attempt tells of.
    TestSummary {
        /// Full name.
        job: String,
        /// From 1.
        attempt: u32,
        /// How many, and which of them failed.
        tests: TestSummary,
    },
    /// An attempt that ended well belongs to an environment.
    Environment {
        /// Full name.
        job: String,
        /// From 1.
        attempt: u32,
        /// Name of the environment.
        environment: String,
        /// What the job did with it.
        action: EnvironmentAction,
        /// Where it can be reached.
        url: Option<String>,
        /// The job that takes it down.
        on_stop: Option<String>,
    },
    /// `after_script` failed, which changes no status.
    AfterScriptFailed {
        /// Full name.
        job: String,
        /// From 1.
        attempt: u32,
        /// How, in one line.
        message: String,
    },
    /// An attempt failed and the job will be tried again.
    JobRetry {
        /// Full name.
        job: String,
        /// The attempt that failed.
        attempt: u32,
        /// GitLab's reason.
        reason: FailureReason,
    },
    /// An attempt ended. All its log lines came before. One that was canceled, or failed, before it
    /// began has no `JobStarted`.
    JobFinished {
        /// Full name.
        job: String,
        /// From 1.
        attempt: u32,
        /// How.
        outcome: JobOutcome,
        /// Exit code of the script, where one is known.
        exit_code: Option<i64>,
        /// Wall time of the attempt.
        duration: Duration,
    },
    /// A job will not run.
    JobSkipped {
        /// Full name.
        job: String,
        /// The cause in words: `stage test failed`.
        reason: String,
    },
    /// A job waits for a person (`when: manual`).
    JobWaits {
        /// Full name.
        job: String,
    },
    /// A delayed job's timer runs.
    JobScheduled {
        /// Full name.
        job: String,
        /// Time until it starts.
        delay: Duration,
    },
    /// Everything is being stopped.
    CancelBegun {
        /// Why, in words: `interrupted`.
        reason: String,
    },
    /// The record of the run could not be written on: from here on neither events nor logs are
    /// kept, and the last lines of the logs under way may be missing.
    RecordFailed {
        /// Why, and what to do, in one line.
        message: String,
    },
    /// Something worth knowing that changes no status.
    Notice {
        /// One line.
        text: String,
    },
    /// Always last.
    RunFinished(RunResult),
}

impl EventKind {
    /// The event's `kind` in the JSON form.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::RunStarted(_) => "run-started",
            Self::JobStarted { .. } => "job-started",
            Self::JobPhase { .. } => "job-phase",
            Self::Pull { .. } => "pull",
            Self::PullFailed { .. } => "pull-failed",
            Self::Log { .. } => "log",
            Self::Coverage { .. } => "coverage",
            Self::TestSummary { .. } => "test-summary",
            Self::Environment { .. } => "environment",
            Self::AfterScriptFailed { .. } => "after-script-failed",
            Self::JobRetry { .. } => "job-retry",
            Self::JobFinished { .. } => "job-finished",
            Self::JobSkipped { .. } => "job-skipped",
            Self::JobWaits { .. } => "job-waits",
            Self::JobScheduled { .. } => "job-scheduled",
            Self::CancelBegun { .. } => "cancel-begun",
            Self::RecordFailed { .. } => "record-failed",
            Self::Notice { .. } => "notice",
            Self::RunFinished(_) => "run-finished",
        }
    }

    /// The attempt it concerns.
    pub const fn attempt(&self) -> Option<u32> {
        match self {
            Self::JobStarted { attempt, .. }
            | Self::JobPhase { attempt, .. }
            | Self::Log { attempt, .. }
            | Self::Coverage { attempt, .. }
            | Self::TestSummary { attempt, .. }
            | Self::Environment { attempt, .. }
            | Self::AfterScriptFailed { attempt, .. }
            | Self::JobRetry { attempt, .. }
            | Self::JobFinished { attempt, .. } => Some(*attempt),
            _ => None,
        }
    }

    /// The job it concerns.
    pub fn job(&self) -> Option<&str> {
        match self {
            Self::JobStarted { job, .. }
            | Self::JobPhase { job, .. }
            | Self::Log { job, .. }
            | Self::Coverage { job, .. }
            | Self::TestSummary { job, .. }
            | Self::Environment { job, .. }
            | Self::AfterScriptFailed { job, .. }
            | Self::JobRetry { job, .. }
            | Self::JobFinished { job, .. }
            | Self::JobSkipped { job, .. }
            | Self::JobWaits { job }
            | Self::JobScheduled { job, .. } => Some(job),
            Self::RunStarted(_)
            | Self::Pull { .. }
            | Self::PullFailed { .. }
            | Self::CancelBegun { .. }
            | Self::RecordFailed { .. }
            | Self::Notice { .. }
            | Self::RunFinished(_) => None,
        }
    }
}
