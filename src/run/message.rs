//! What an attempt tells the dispatcher.
//!
//! These are not events: they have no place in the run yet.

use crate::event::{EventKind, KeptReport, Phase, ReportedVariable, TestSummary};
use crate::exec::{ArtifactRef, ExecError, Fault};
use crate::types::FailureReason;

use super::ids::AttemptId;
use super::lines::LogLines;
use super::spec::{JobEnvironment, PipelineSpec, Refusal};
use super::trees::Trees;

/// A message; all of one attempt arrive in the order they were sent.
pub(super) enum Message {
    Phase(AttemptId, Phase),
    Log(AttemptId, LogLines),
    Ended(AttemptId, Box<End>),
    /// The trigger job has made its child.
    Child(AttemptId, Box<NewChild>),
    /// Something that is no job's own: pulls.
    Event(EventKind),
}

/// A child pipeline that is to begin.
pub(super) struct NewChild {
    pub(super) spec: PipelineSpec,
    pub(super) trees: Trees,
}

/// How an attempt ended.
#[derive(Debug)]
pub(super) struct End {
    pub(super) verdict: Verdict,
    pub(super) kept: Kept,
    /// Which executor ran it, where one did.
    pub(super) executor: Option<&'static str>,
    /// Names all that the attempt depended on.
    pub(super) digest: Option<String>,
    /// The variables that it reported, as far as the record may keep them.
    pub(super) reported: Vec<ReportedVariable>,
    /// What else there is to tell of it.
    pub(super) facts: Vec<Fact>,
}

/// Something that an attempt brought to light and that its result does not say.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Fact {
    /// Per cent.
    Coverage(f64),
    /// What its `junit` report says.
    Tests(TestSummary),
    /// What the job did with its environment; variables of the address are expanded.
    Environment(JobEnvironment),
    /// `after_script` failed: how.
    AfterScriptFailed(String),
    /// The log has so many bytes, more than GitLab keeps.
    LongLog(u64),
}

impl Fact {
    /// It as an event of the attempt.
    pub(super) fn event(self, job: String, attempt: u32) -> EventKind {
        match self {
            Self::Coverage(percent) => EventKind::Coverage {
                job,
                attempt,
                percent,
            },
            Self::Tests(tests) => EventKind::TestSummary {
                job,
                attempt,
                tests,
            },
            Self::Environment(environment) => EventKind::Environment {
                job,
                attempt,
                environment: environment.name,
                action: environment.action,
                url: environment.url,
                on_stop: environment.on_stop,
            },
            Self::AfterScriptFailed(message) => EventKind::AfterScriptFailed {
                job,
                attempt,
                message,
            },
            Self::LongLog(bytes) => EventKind::Notice {
                text: format!(
                    "the log of job `{job}` has {} MB: GitLab cuts it behind 4 MB, and the job's result is \
                     the same",
                    bytes >> 20
                ),
            },
        }
    }
}

impl End {
    /// One that leaves nothing behind.
    pub(super) fn of(verdict: Verdict) -> Self {
        Self {
            verdict,
            kept: Kept::default(),
            executor: None,
            digest: None,
            reported: Vec::new(),
            facts: Vec::new(),
        }
    }
}

/// What an attempt leaves for later jobs.
#[derive(Debug, Clone, Default)]
pub(super) struct Kept {
    pub(super) artifacts: Option<ArtifactRef>,
    /// Variables of its dotenv report.
    pub(super) dotenv: Vec<(String, String)>,
    /// Its reports of files.
    pub(super) reports: Vec<KeptReport>,
    /// What its `junit` report says.
    pub(super) tests: Option<TestSummary>,
}

/// The result of an attempt, as far as it is known at some point of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    Success,
    Failed(Failure),
    /// `RUNNER_SCRIPT_TIMEOUT` was over.
    ScriptTimedOut(String),
    /// The job timeout was over: nothing follows.
    JobTimedOut(String),
    /// Cancelled in the script: `after_script` and what else follows a failure still run.
    Canceled,
    /// Cancelled before the script, or killed: nothing follows.
    Killed,
}

impl Verdict {
    /// `CI_JOB_STATUS` in `after_script` (runtime reference 1.3).
    pub(super) fn job_status(&self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failed(_) | Self::JobTimedOut(_) => "failed",
            Self::ScriptTimedOut(_) => "timedout",
            Self::Canceled | Self::Killed => "canceled",
        }
    }

    /// Whether `after_script` and uploads follow.
    pub(super) fn goes_on(&self) -> bool {
        !matches!(self, Self::JobTimedOut(_) | Self::Killed)
    }

    /// The exit code of the script, where one is known.
    pub(super) fn exit_code(&self) -> Option<i64> {
        match self {
            Self::Success => Some(0),
            Self::Failed(failure) => failure.exit_code,
            _ => None,
        }
    }

    /// The failure behind it.
    pub(super) fn failure(&self) -> Option<Failure> {
        let timeout = |message: &String| Failure::new(FailureReason::JobExecutionTimeout, message);
        match self {
            Self::Failed(failure) => Some(failure.clone()),
            Self::ScriptTimedOut(message) | Self::JobTimedOut(message) => Some(timeout(message)),
            Self::Success | Self::Canceled | Self::Killed => None,
        }
    }
}

/// Why a job failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failure {
    pub(super) reason: FailureReason,
    /// One line for people.
    pub(super) message: String,
    /// Of the script, where one is known.
    pub(super) exit_code: Option<i64>,
    /// Whether an executor gave no answer any more, or is gone.
    pub(super) silence: bool,
    /// Whether another try would meet it again.
    pub(super) lasts: bool,
}

impl Failure {
    /// One without an exit code.
    pub(super) fn new(reason: FailureReason, message: impl Into<String>) -> Self {
        Self {
            reason,
            message: message.into(),
            exit_code: None,
            silence: false,
            lasts: false,
        }
    }

    /// That of a script which ended with `code`.
    pub(super) fn exit_code(code: i64) -> Self {
        Self {
            exit_code: Some(code),
            ..Self::new(FailureReason::ScriptFailure, in_words(code))
        }
    }
}

/// An exit code, and what it tells where a signal ended the shell or its last command (128 + n).
fn in_words(code: i64) -> String {
    let meaning = match code {
        130 => "interrupted (SIGINT)",
        134 => "aborted (SIGABRT)",
        137 => "killed (SIGKILL), as the system does when memory runs out",
        139 => "crashed on a wrong memory access (SIGSEGV)",
        141 => "wrote to a closed pipe (SIGPIPE)",
        143 => "terminated (SIGTERM)",
        _ => return format!("exit code {code}"),
    };
    format!("exit code {code}: {meaning}")
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        let message = refusal.message;
        let in_words = message.strip_prefix("ERROR: ").unwrap_or(&message);
        Self {
            exit_code: refusal.exit_code,
            ..Self::new(refusal.reason, in_words)
        }
    }
}

impl From<&ExecError> for Failure {
    /// A failure of the machinery in GitLab's words (runtime reference 4.3).
    fn from(error: &ExecError) -> Self {
        let reason = match error.fault {
            Fault::User => FailureReason::ScriptFailure,
            Fault::System | Fault::Lasting | Fault::Silence | Fault::HostGone => {
                FailureReason::RunnerSystemFailure
            }
            Fault::Unsupported => FailureReason::RunnerUnsupported,
        };
        Self {
            silence: matches!(error.fault, Fault::Silence | Fault::HostGone),
            lasts: error.fault == Fault::Lasting,
            ..Self::new(reason, error.in_one_line())
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::{AttemptId, Failure};
    use crate::run::ids::PipelineIndex;
    use crate::sched::JobIndex;

    /// The first attempt of a job of the root pipeline.
    pub(in crate::run) fn id(job: usize) -> AttemptId {
        AttemptId {
            pipeline: PipelineIndex::ROOT,
            job: JobIndex(job),
            attempt: 1,
        }
    }

    #[test]
    fn the_exit_code_of_a_signal_is_explained() {
        for (code, message) in [
            (1, "exit code 1"),
            (127, "exit code 127"),
            (
                137,
                "exit code 137: killed (SIGKILL), as the system does when memory runs out",
            ),
            (143, "exit code 143: terminated (SIGTERM)"),
        ] {
            let failure = Failure::exit_code(code);
            assert_eq!(failure.message, message);
            assert_eq!(failure.exit_code, Some(code));
        }
    }
}
