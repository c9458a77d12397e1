//! Reads an event from its line of JSON. Records outlive versions of `pipe`: fields that are not
//! known are passed over, and so is a kind that is not.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};

use super::kind::{HeldJob, JobResult, JobSummary, PipelineResult};
use super::seconds::Seconds;
use super::{Event, EventKind, JobOutcome, Phase, RunResult, RunStarted, SourceMode};
use crate::types::{EnvironmentAction, FailureReason, Status};

impl Event {
    /// Reads one line. `None` for a kind that this version does not know.
    pub fn from_json(line: &str) -> Result<Option<Self>, serde_json::Error> {
        let head: Head = serde_json::from_str(line)?;
        let kind = read_kind(&head.kind, line)?;
        Ok(kind.map(|kind| Self {
            seq: head.seq,
            elapsed: head.elapsed.0,
            pipeline: head.pipeline,
            kind,
        }))
    }
}

fn read_kind(kind: &str, line: &str) -> Result<Option<EventKind>, serde_json::Error> {
    Ok(Some(match kind {
        "run-started" => fields::<Started>(line)?.into(),
        "job-started" => {
            let (Job { job, attempt }, InImage { image }) = (fields(line)?, fields(line)?);
            EventKind::JobStarted {
                job,
                attempt,
                image,
            }
        }
        "job-phase" => {
            let (Job { job, attempt }, InPhase { phase }) = (fields(line)?, fields(line)?);
            // A phase of a newer version is no loss.
            let Some(phase) = phase.0 else {
                return Ok(None);
            };
            EventKind::JobPhase {
                job,
                attempt,
                phase,
            }
        }
        "pull" => fields::<Pull>(line)?.into(),
        "pull-failed" => {
            let NotPulled { image, message } = fields(line)?;
            EventKind::PullFailed { image, message }
        }
        "log" => {
            let Job { job, attempt } = fields(line)?;
            let Line { text, partial } = fields(line)?;
            EventKind::Log {
                job,
                attempt,
                text,
                partial,
            }
        }
        "coverage" => {
            let (Job { job, attempt }, Covered { percent }) = (fields(line)?, fields(line)?);
            EventKind::Coverage {
                job,
                attempt,
                percent,
            }
        }
        "test-summary" => {
            let (Job { job, attempt }, tests) = (fields(line)?, fields(line)?);
            EventKind::TestSummary {
                job,
                attempt,
                tests,
            }
        }
        "environment" => {
            let (Job { job, attempt }, place) = (fields(line)?, fields::<Place>(line)?);
            EventKind::Environment {
                job,
                attempt,
                environment: place.environment,
                action: place
                    .action
                    .as_deref()
                    .map_or_else(Default::default, action),
                url: place.url,
                on_stop: place.on_stop,
            }
        }
        "after-script-failed" => {
            let (Job { job, attempt }, Told { message }) = (fields(line)?, fields(line)?);
            EventKind::AfterScriptFailed {
                job,
                attempt,
                message,
            }
        }
        "job-retry" => {
            let (Job { job, attempt }, Why { reason }) = (fields(line)?, fields(line)?);
            EventKind::JobRetry {
                job,
                attempt,
                reason: failure_reason(&reason),
            }
        }
        "job-finished" => fields::<Finished>(line)?.with(fields(line)?),
        "job-skipped" => {
            let (job, Why { reason }) = (fields::<Name>(line)?.job, fields(line)?);
            EventKind::JobSkipped { job, reason }
        }
        "job-waits" => EventKind::JobWaits {
            job: fields::<Name>(line)?.job,
        },
        "job-scheduled" => EventKind::JobScheduled {
            job: fields::<Name>(line)?.job,
            delay: fields::<Delay>(line)?.delay.0,
        },
        "cancel-begun" => EventKind::CancelBegun {
            reason: fields::<Why>(line)?.reason,
        },
        "record-failed" => EventKind::RecordFailed {
            message: fields::<Told>(line)?.message,
        },
        "notice" => EventKind::Notice {
            text: fields::<Line>(line)?.text,
        },
        "run-finished" => EventKind::RunFinished(fields::<Ended>(line)?.into()),
        _ => return Ok(None),
    }))
}

/// Reads those fields of a line that `T` names.
fn fields<T: DeserializeOwned>(line: &str) -> Result<T, serde_json::Error> {
    serde_json::from_str(line)
}

fn failure_reason(word: &str) -> FailureReason {
    let known = serde_json::from_value(serde_json::Value::from(word));
    known.unwrap_or(FailureReason::UnknownFailure)
}

#[derive(Deserialize)]
struct Head {
    kind: String,
    seq: u64,
    elapsed: Seconds,
    #[serde(default)]
    pipeline: Vec<String>,
}

#[derive(Deserialize)]
struct Name {
    job: String,
}

#[derive(Deserialize)]
struct Job {
    job: String,
    attempt: u32,
}

#[derive(Deserialize)]
struct InImage {
    image: Option<String>,
}

#[derive(Deserialize)]
struct Covered {
    percent: f64,
}

#[derive(Deserialize)]
struct Place {
    environment: String,
    /// Records of older versions have neither this nor `on_stop`.
    action: Option<String>,
    url: Option<String>,
    on_stop: Option<String>,
}

/// A word that a newer version has added is none of deploying or stopping.
fn action(word: &str) -> EnvironmentAction {
    EnvironmentAction::parse(word).unwrap_or(EnvironmentAction::Access)
}

#[derive(Deserialize)]
struct InPhase {
    phase: Known<Phase>,
}

/// A word of a closed set, or `None` where a newer version has added one.
struct Known<T>(Option<T>);

impl<'de, T: DeserializeOwned> Deserialize<'de> for Known<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = String::deserialize(deserializer)?;
        Ok(Self(serde_json::from_value(word.into()).ok()))
    }
}

#[derive(Deserialize)]
struct Line {
    text: String,
    #[serde(default)]
    partial: bool,
}

#[derive(Deserialize)]
struct Why {
    reason: String,
}

#[derive(Deserialize)]
struct Delay {
    delay: Seconds,
}

#[derive(Deserialize)]
struct Pull {
    image: String,
    bytes: Option<u64>,
    total: Option<u64>,
    #[serde(default)]
    done: bool,
}

#[derive(Deserialize)]
struct Told {
    message: String,
}

#[derive(Deserialize)]
struct NotPulled {
    image: String,
    message: String,
}

impl From<Pull> for EventKind {
    fn from(pull: Pull) -> Self {
        Self::Pull {
            image: pull.image,
            progress: pull.bytes.zip(pull.total),
            done: pull.done,
        }
    }
}

#[derive(Deserialize)]
struct Finished {
    status: Status,
    reason: Option<String>,
    message: Option<String>,
    #[serde(default)]
    allowed: bool,
    exit_code: Option<i64>,
    duration: Seconds,
}

impl Finished {
    fn with(self, Job { job, attempt }: Job) -> EventKind {
        let reason = self.reason.unwrap_or_default();
        let outcome = match self.status {
            Status::Success => JobOutcome::Success,
            Status::Canceled => JobOutcome::Canceled { reason },
            _ => JobOutcome::Failed {
                reason: failure_reason(&reason),
                message: self.message.unwrap_or_default(),
                allowed: self.allowed,
            },
        };
        EventKind::JobFinished {
            job,
            attempt,
            outcome,
            exit_code: self.exit_code,
            duration: self.duration.0,
        }
    }
}

#[derive(Deserialize)]
struct Started {
    version: String,
    at: String,
    run: String,
    #[serde(rename = "ref")]
    reference: Ref,
    source: String,
    mode: String,
    #[serde(default)]
    uncommitted: usize,
    #[serde(default)]
    untracked: usize,
    jobs: Vec<JobSummary>,
}

#[derive(Deserialize)]
struct Ref {
    name: String,
    kind: String,
    sha: String,
}

impl From<Started> for EventKind {
    fn from(run: Started) -> Self {
        let mode = match run.mode.as_str() {
            "commit" => SourceMode::Commit,
            _ => SourceMode::WorkTree {
                uncommitted: run.uncommitted,
                untracked: run.untracked,
            },
        };
        Self::RunStarted(RunStarted {
            version: run.version,
            at: run.at,
            run: run.run,
            ref_name: run.reference.name,
            ref_kind: run.reference.kind,
            source: run.source,
            sha: run.reference.sha,
            mode,
            jobs: run.jobs,
        })
    }
}

#[derive(Deserialize)]
struct Ended {
    status: Status,
    exit: u8,
    jobs: Vec<JobResult>,
    #[serde(default)]
    pipelines: Vec<PipelineResult>,
    #[serde(default)]
    held: Vec<HeldJob>,
    complete: bool,
}

impl From<Ended> for RunResult {
    fn from(end: Ended) -> Self {
        Self {
            status: end.status,
            exit: end.exit,
            jobs: end.jobs,
            pipelines: end.pipelines,
            held: end.held,
            complete: end.complete,
        }
    }
}
