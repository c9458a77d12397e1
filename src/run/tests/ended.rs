//! A run as a test reads what happened: its events in short, its results.

use std::time::Duration;

use crate::event::{AttemptResult, Event, EventKind, JobOutcome, JobResult, Reporter, RunResult};
use crate::exec::Cancel;
use crate::exec::fake::Asked;

/// Keeps what it is told, and holds that it is told in order.
#[derive(Default)]
pub(super) struct Recorder {
    pub(super) events: Vec<Event>,
    pub(super) results: Vec<AttemptResult>,
    pub(super) finished: bool,
    full_at: Option<String>,
    failed: bool,
}

impl Recorder {
    /// One that can't keep the event that reads so in short.
    pub(super) fn full_at(event: Option<String>) -> Self {
        Self {
            full_at: event,
            ..Self::default()
        }
    }
}

impl Reporter for Recorder {
    fn on_event(&mut self, event: &Event) {
        assert_eq!(
            event.seq,
            self.events.len() as u64 + 1,
            "numbered without a gap"
        );
        let last = self.events.last().map(|event| event.elapsed);
        assert!(
            last.is_none_or(|last| last <= event.elapsed),
            "time goes on"
        );
        self.events.push(event.clone());
        if self.full_at.is_some() && short(&event.kind) == self.full_at {
            self.full_at = None;
            self.failed = true;
        }
    }

    fn on_result(&mut self, result: &AttemptResult) {
        // A trigger job that is tried again makes a child of the same path, whose attempts begin
        // at 1 again.
        let is_its_end = |event: &&Event| {
            let kind = &event.kind;
            event.pipeline == result.pipeline
                && matches!(kind, EventKind::JobFinished { job, attempt, .. }
                    if *job == result.job && *attempt == result.attempt)
        };
        let is_like_it = |other: &&AttemptResult| {
            (&other.pipeline, &other.job, other.attempt)
                == (&result.pipeline, &result.job, result.attempt)
        };
        let told = self.events.iter().filter(is_its_end).count();
        let handed_out = self.results.iter().filter(is_like_it).count();
        assert_eq!(told, handed_out, "it comes before its event");
        self.results.push(result.clone());
    }

    fn failure(&mut self) -> Option<String> {
        std::mem::take(&mut self.failed).then(|| "disk is full".to_owned())
    }

    fn tick(&mut self, _: Duration) {
        assert!(!self.finished);
    }

    fn finish(&mut self) {
        self.finished = true;
    }
}

/// A run that has ended.
pub(super) struct Ended {
    pub(super) events: Vec<Event>,
    /// What a record is given, in the order of the ends.
    pub(super) results: Vec<AttemptResult>,
    pub(super) interrupts: Vec<(Duration, Cancel)>,
    pub(super) result: RunResult,
    pub(super) asked: Asked,
}

impl Ended {
    /// Every event but phases and ticks, in short.
    pub(super) fn told(&self) -> Vec<String> {
        self.events
            .iter()
            .filter_map(|event| short(&event.kind))
            .collect()
    }

    /// The same, each with the trigger jobs that lead to its pipeline.
    pub(super) fn told_with_paths(&self) -> Vec<String> {
        let line = |event: &Event| {
            let text = short(&event.kind)?;
            Some(match event.pipeline.as_slice() {
                [] => text,
                path => format!("{}: {text}", path.join("/")),
            })
        };
        self.events.iter().filter_map(line).collect()
    }

    /// The log lines of one job.
    pub(super) fn log<'a>(&'a self, name: &str) -> Vec<&'a str> {
        let line = |event: &'a Event| match &event.kind {
            EventKind::Log { job, text, .. } if job == name => Some(text.as_str()),
            _ => None,
        };
        self.events.iter().filter_map(line).collect()
    }

    /// Environments whose attempts were given up.
    pub(super) fn abandoned(&self) -> usize {
        let end = self.events.last().map(|event| event.elapsed);
        let killed = self
            .interrupts
            .iter()
            .find(|(_, level)| *level == Cancel::Force);
        // Only a killed run gives up, and only after its budget.
        match (killed, end) {
            (Some((at, _)), Some(end)) if end >= *at + Duration::from_secs(20) => usize::MAX / 2,
            _ => 0,
        }
    }

    pub(super) fn job(&self, name: &str) -> &JobResult {
        let job = self.result.jobs.iter().find(|job| job.name == name);
        job.unwrap_or_else(|| panic!("a job named {name}"))
    }

    /// `name status reason` of every job.
    pub(super) fn jobs(&self) -> Vec<String> {
        let line = |job: &JobResult| {
            let reason = job.reason.as_ref().map(|reason| format!(": {reason}"));
            format!("{} {}{}", job.name, job.status, reason.unwrap_or_default())
        };
        self.result.jobs.iter().map(line).collect()
    }

    /// Status and exit code of the run.
    pub(super) fn end(&self) -> (&str, u8) {
        (self.result.status.as_str(), self.result.exit)
    }

    /// When that job's last attempt began, in milliseconds.
    pub(super) fn started(&self, name: &str) -> u128 {
        let started = self.job(name).started;
        started
            .unwrap_or_else(|| panic!("{name} has not begun"))
            .as_millis()
    }
}

/// An event in one line; `None` for phases.
fn short(kind: &EventKind) -> Option<String> {
    Some(match kind {
        EventKind::RunStarted(_) => "begin".to_owned(),
        EventKind::JobStarted { job, attempt, .. } => format!("{job}.{attempt} starts"),
        EventKind::JobPhase { .. } => return None,
        EventKind::Pull { image, done, .. } => {
            format!("pull {image} {}", if *done { "done" } else { "..." })
        }
        EventKind::RecordFailed { message } => format!("record: {message}"),
        EventKind::PullFailed { message, .. } => format!("not pulled: {message}"),
        EventKind::Log {
            job, attempt, text, ..
        } => format!("{job}.{attempt}| {text}"),
        EventKind::Coverage { job, percent, .. } => format!("{job} covers {percent}"),
        EventKind::TestSummary { job, tests, .. } => {
            let (total, failures) = (tests.total, tests.failures.join(", "));
            format!("{job} has {total} tests, failed: {failures}")
        }
        EventKind::Environment {
            job, environment, ..
        } => format!("{job} is in {environment}"),
        EventKind::AfterScriptFailed { job, message, .. } => {
            format!("{job} after_script: {message}")
        }
        EventKind::JobRetry {
            job,
            attempt,
            reason,
        } => format!("{job}.{attempt} is retried: {reason}"),
        EventKind::JobFinished {
            job,
            attempt,
            outcome,
            ..
        } => format!("{job}.{attempt} {}", ended(outcome)),
        EventKind::JobSkipped { job, reason } => format!("{job} skipped: {reason}"),
        EventKind::JobWaits { job } => format!("{job} waits"),
        EventKind::JobScheduled { job, delay } => format!("{job} in {delay:?}"),
        EventKind::CancelBegun { reason } => format!("cancel: {reason}"),
        EventKind::Notice { text } => format!("notice: {text}"),
        EventKind::RunFinished(result) => format!("end {} {}", result.status, result.exit),
    })
}

fn ended(outcome: &JobOutcome) -> String {
    match outcome {
        JobOutcome::Success => "success".to_owned(),
        JobOutcome::Failed {
            reason,
            message,
            allowed,
        } => {
            let allowed = if *allowed { " (allowed)" } else { "" };
            format!("failed{allowed}: {reason}: {message}")
        }
        JobOutcome::Canceled { reason } => format!("canceled: {reason}"),
    }
}
