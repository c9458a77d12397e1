//! One job as it stands.

use std::time::Duration;

use crate::event::{JobOutcome, Phase, TestSummary};
use crate::types::FailureReason;

use super::{Excerpt, Tail};
use crate::report::text;

/// Where a job stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Its turn has not come.
    Waiting,
    /// Its delay runs; it starts at this time since the run began.
    Delayed(Duration),
    /// An attempt is under way.
    Running,
    /// An attempt failed with this reason, the next one has not begun.
    Retrying(FailureReason),
    /// Ended well.
    Success,
    /// Ended badly; one line says how.
    Failed(String),
    /// Ended badly, which `allow_failure` forgives.
    Warned(String),
    /// Will not run, for a reason.
    Skipped(String),
    /// Was stopped, for a reason.
    Canceled(String),
    /// Waits for a person.
    Manual,
    /// Acts outside and was not released (design chapter 3).
    Held {
        /// `deploys to staging`.
        why: String,
        /// The option that releases it, once known.
        release: Option<String>,
    },
}

impl State {
    /// Whether nothing more will happen to the job by itself.
    pub fn is_over(&self) -> bool {
        !matches!(
            self,
            Self::Waiting | Self::Delayed(_) | Self::Running | Self::Retrying(_)
        )
    }

    /// Whether an attempt is under way or follows.
    pub fn is_at_work(&self) -> bool {
        matches!(self, Self::Running | Self::Retrying(_))
    }

    /// Whether a person has to act before the job runs.
    pub fn needs_person(&self) -> bool {
        matches!(self, Self::Manual | Self::Held { .. })
    }
}

/// A job with all that was heard of it.
#[derive(Debug, Clone, PartialEq)]
pub struct JobView {
    /// Name, behind the names of the trigger jobs that lead to it: `child › test`.
    pub label: String,
    /// Name alone, as commands take it.
    pub name: String,
    /// Index of its stage.
    pub stage: usize,
    /// Where it stands.
    pub state: State,
    /// The attempt under way, or the last one; 0 before the first.
    pub attempt: u32,
    /// What the attempt does.
    pub phase: Option<Phase>,
    /// Exit code of the script, where one is known.
    pub exit_code: Option<i64>,
    /// GitLab's reason for the failure of the last attempt.
    pub reason: Option<FailureReason>,
    /// Start of the attempt, since the run began.
    pub started: Option<Duration>,
    /// How long the last attempt took.
    pub duration: Option<Duration>,
    /// The log up to the end of the script.
    pub log: Tail,
    /// The log of what comes after the script, which must not hide why the script failed.
    pub late_log: Tail,
    /// Where the whole log of the attempt is kept, once known.
    pub log_place: Option<String>,
    /// The image of the attempt, where it has one.
    pub image: Option<String>,
    /// What the attempt brought to light beside its result, in words.
    pub facts: Vec<String>,
    /// The tests that it has reported.
    pub tests: Option<TestSummary>,
}

impl JobView {
    /// What stands before its name in the label: the same for all jobs of its pipeline.
    pub fn pipeline(&self) -> &str {
        self.label.strip_suffix(&*self.name).unwrap_or_default()
    }

    /// A job that has not begun.
    pub(super) fn new(label: String, name: String, stage: usize, kept_lines: usize) -> Self {
        Self {
            label,
            name,
            stage,
            state: State::Waiting,
            attempt: 0,
            phase: None,
            exit_code: None,
            reason: None,
            started: None,
            duration: None,
            log: Tail::new(kept_lines),
            late_log: Tail::new(kept_lines),
            log_place: None,
            image: None,
            facts: Vec::new(),
            tests: None,
        }
    }

    /// Begins an attempt. Nothing of the one before stays.
    pub(super) fn start(&mut self, attempt: u32, now: Duration, kept_lines: usize) {
        self.state = State::Running;
        self.attempt = attempt;
        self.phase = None;
        self.exit_code = None;
        self.reason = None;
        self.started = Some(now);
        self.duration = None;
        self.log = Tail::new(kept_lines);
        self.late_log = Tail::new(kept_lines);
        self.image = None;
        self.facts.clear();
        self.tests = None;
    }

    /// Takes a line of the log.
    pub(super) fn log_line(&mut self, text: &str, partial: bool) {
        if self.phase.is_some_and(is_late) {
            self.late_log.push(text, partial);
        } else {
            self.log.push(text, partial);
        }
    }

    /// Ends an attempt.
    pub(super) fn end(&mut self, outcome: &JobOutcome, exit_code: Option<i64>, took: Duration) {
        self.exit_code = exit_code;
        // A job that was canceled before it began has taken no time at all.
        self.duration = self.started.map(|_| took);
        self.phase = None;
        self.state = match outcome {
            JobOutcome::Success => State::Success,
            JobOutcome::Failed {
                reason,
                message,
                allowed,
            } => {
                self.reason = Some(*reason);
                if *allowed {
                    State::Warned(message.clone())
                } else {
                    State::Failed(message.clone())
                }
            }
            JobOutcome::Canceled { reason } => State::Canceled(reason.clone()),
        };
    }

    /// Whether it waits for the user's word (design chapter 3).
    pub fn is_held(&self) -> bool {
        matches!(self.state, State::Held { .. })
    }

    /// How long it has been going on at `now`, or how long it took.
    pub fn elapsed(&self, now: Duration) -> Option<Duration> {
        if self.state == State::Running {
            self.started.map(|started| now.saturating_sub(started))
        } else {
            self.duration
        }
    }

    /// The last line of the log, on one line without colour; empty where there is none.
    pub fn last_line(&self) -> String {
        if self.late_log.is_empty() {
            self.log.last_line()
        } else {
            self.late_log.last_line()
        }
    }

    /// The end of the log that tells why the job failed. What came after the script speaks only
    /// where the script itself was not at fault.
    pub fn excerpt(&self) -> Excerpt {
        let machinery = matches!(
            self.reason,
            Some(FailureReason::RunnerSystemFailure | FailureReason::MissingDependencyFailure)
        );
        let mut excerpt = if machinery && !self.late_log.is_empty() {
            self.late_log.excerpt()
        } else {
            self.log.excerpt()
        };
        // The headline says it.
        if excerpt.lines.last().is_some_and(|line| self.says(line)) {
            excerpt.lines.pop();
        }
        excerpt
    }

    /// Whether a line of the log tells no more than how the job ended.
    fn says(&self, line: &str) -> bool {
        let line = text::plain(line);
        let line = line.strip_prefix("ERROR: ").unwrap_or(&line);
        matches!(&self.state, State::Failed(why) | State::Warned(why) if why == line)
    }
}

/// Phases after the script.
fn is_late(phase: Phase) -> bool {
    match phase {
        Phase::Prepare
        | Phase::Sources
        | Phase::RestoreCache
        | Phase::DownloadArtifacts
        | Phase::Script => false,
        Phase::AfterScript | Phase::SaveCache | Phase::UploadArtifacts | Phase::Cleanup => true,
    }
}
