//! Runs told for tests: a story is a list of events with sensible defaults.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::event::{
    Event, EventKind, HeldJob, JobOutcome, JobResult, JobSummary, Phase, RunResult, RunStarted,
    SourceMode, TestSummary,
};
use crate::types::{EnvironmentAction, FailureReason, Status};

use super::model::{State, View};
use super::{LogPlaces, Reporter};

/// A writer whose text a test can read.
#[derive(Debug, Clone, Default)]
pub(crate) struct Shared(Arc<Mutex<Vec<u8>>>);

impl Shared {
    /// All that was written.
    pub(crate) fn text(&self) -> String {
        let bytes = self.0.lock().expect("no writer panicked").clone();
        String::from_utf8(bytes).expect("reporters write UTF-8")
    }

    /// Takes what was written since the last time.
    pub(crate) fn take(&self) -> Vec<u8> {
        std::mem::take(&mut self.0.lock().expect("no writer panicked"))
    }
}

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no writer panicked").extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Events in the making. Every job event happens at the time last set by [`Story::at`].
#[derive(Debug, Clone, Default)]
pub(crate) struct Story {
    events: Vec<Event>,
    now: Duration,
    pipeline: Vec<String>,
    mode: Option<SourceMode>,
    held: Vec<HeldJob>,
}

impl Story {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Sets the time, in milliseconds since the run began.
    pub(crate) fn at(mut self, millis: u64) -> Self {
        self.now = Duration::from_millis(millis);
        self
    }

    /// What follows happens in the child pipeline of that trigger job.
    pub(crate) fn inside(mut self, trigger: &str) -> Self {
        self.pipeline.push(trigger.to_owned());
        self
    }

    /// What follows happens in the top pipeline again.
    pub(crate) fn outside(mut self) -> Self {
        self.pipeline.clear();
        self
    }

    /// The last event, to be changed.
    pub(crate) fn last_kind(&mut self) -> Option<&mut EventKind> {
        self.events.last_mut().map(|event| &mut event.kind)
    }

    /// The files that jobs see; before [`Story::run`].
    pub(crate) fn mode(mut self, mode: SourceMode) -> Self {
        self.mode = Some(mode);
        self
    }

    /// The run begins with jobs given as stage and name.
    pub(crate) fn run(self, jobs: &[(&str, &str)]) -> Self {
        let jobs = jobs
            .iter()
            .map(|(stage, name)| JobSummary {
                name: (*name).to_owned(),
                stage: (*stage).to_owned(),
                held: None,
            })
            .collect();
        let mode = self.mode.unwrap_or(SourceMode::WorkTree {
            uncommitted: 0,
            untracked: 0,
        });
        self.tell(EventKind::RunStarted(RunStarted {
            version: "0.1.0".to_owned(),
            at: "2026-08-20T10:00:00Z".to_owned(),
            run: "17".to_owned(),
            ref_name: "issue-12".to_owned(),
            ref_kind: "branch".to_owned(),
            source: "push".to_owned(),
            sha: "4f2a91c8d0e1f2a3b4c5d6e7f8091a2b3c4d5e6f".to_owned(),
            mode,
            jobs,
        }))
    }

    /// Marks a job of the run as held.
    pub(crate) fn held(mut self, name: &str, why: &str) -> Self {
        for event in &mut self.events {
            if let EventKind::RunStarted(started) = &mut event.kind {
                for job in started.jobs.iter_mut().filter(|job| job.name == name) {
                    job.held = Some(format!("{why}; pipe run --deploy={name}"));
                }
            }
        }
        self.held.push(HeldJob {
            name: name.to_owned(),
            why: why.to_owned(),
            release: format!("--deploy={name}"),
        });
        self
    }

    pub(crate) fn start(self, job: &str) -> Self {
        self.attempt(job, 1)
    }

    pub(crate) fn attempt(self, job: &str, attempt: u32) -> Self {
        let job = job.to_owned();
        self.tell(EventKind::JobStarted {
            job,
            attempt,
            image: None,
        })
    }

    pub(crate) fn phase(self, job: &str, phase: Phase) -> Self {
        let (job, attempt) = (job.to_owned(), 1);
        self.tell(EventKind::JobPhase {
            job,
            attempt,
            phase,
        })
    }

    pub(crate) fn log(self, job: &str, text: &str) -> Self {
        self.log_part(job, text, false)
    }

    pub(crate) fn log_part(self, job: &str, text: &str, partial: bool) -> Self {
        self.tell(EventKind::Log {
            job: job.to_owned(),
            attempt: 1,
            text: text.to_owned(),
            partial,
        })
    }

    pub(crate) fn succeed(self, job: &str) -> Self {
        self.end(job, JobOutcome::Success, Some(0))
    }

    pub(crate) fn fail(self, job: &str, code: i64) -> Self {
        self.end(job, failure(code, false), Some(code))
    }

    pub(crate) fn warn(self, job: &str, code: i64) -> Self {
        self.end(job, failure(code, true), Some(code))
    }

    pub(crate) fn cancel(self, job: &str) -> Self {
        let reason = "interrupted".to_owned();
        self.end(job, JobOutcome::Canceled { reason }, None)
    }

    pub(crate) fn end(self, job: &str, outcome: JobOutcome, exit_code: Option<i64>) -> Self {
        let started = self
            .events
            .iter()
            .rev()
            .find_map(|event| match &event.kind {
                EventKind::JobStarted { job: name, .. } if name == job => Some(event.elapsed),
                _ => None,
            });
        let duration = self.now.saturating_sub(started.unwrap_or_default());
        self.tell(EventKind::JobFinished {
            job: job.to_owned(),
            attempt: 1,
            outcome,
            exit_code,
            duration,
        })
    }

    pub(crate) fn retry(self, job: &str, attempt: u32) -> Self {
        self.tell(EventKind::JobRetry {
            job: job.to_owned(),
            attempt,
            reason: FailureReason::ScriptFailure,
        })
    }

    pub(crate) fn skip(self, job: &str, reason: &str) -> Self {
        self.tell(EventKind::JobSkipped {
            job: job.to_owned(),
            reason: reason.to_owned(),
        })
    }

    pub(crate) fn wait(self, job: &str) -> Self {
        let job = job.to_owned();
        self.tell(EventKind::JobWaits { job })
    }

    pub(crate) fn start_in(self, job: &str, image: &str) -> Self {
        self.tell(EventKind::JobStarted {
            job: job.to_owned(),
            attempt: 1,
            image: Some(image.to_owned()),
        })
    }

    pub(crate) fn covers(self, job: &str, percent: f64) -> Self {
        let (job, attempt) = (job.to_owned(), 1);
        self.tell(EventKind::Coverage {
            job,
            attempt,
            percent,
        })
    }

    /// Tests of which the named ones failed.
    pub(crate) fn tests(self, job: &str, total: usize, failures: &[&str]) -> Self {
        self.tell(EventKind::TestSummary {
            job: job.to_owned(),
            attempt: 1,
            tests: TestSummary {
                total,
                failed: failures.len(),
                failures: failures.iter().map(|&name| name.to_owned()).collect(),
                ..TestSummary::default()
            },
        })
    }

    pub(crate) fn reaches(self, job: &str, environment: &str, url: Option<&str>) -> Self {
        self.tell(EventKind::Environment {
            job: job.to_owned(),
            attempt: 1,
            environment: environment.to_owned(),
            action: EnvironmentAction::Start,
            url: url.map(str::to_owned),
            on_stop: None,
        })
    }

    pub(crate) fn after_script_failed(self, job: &str, message: &str) -> Self {
        self.tell(EventKind::AfterScriptFailed {
            job: job.to_owned(),
            attempt: 1,
            message: message.to_owned(),
        })
    }

    pub(crate) fn delay(self, job: &str, millis: u64) -> Self {
        self.tell(EventKind::JobScheduled {
            job: job.to_owned(),
            delay: Duration::from_millis(millis),
        })
    }

    pub(crate) fn pull(self, image: &str, progress: Option<(u64, u64)>, done: bool) -> Self {
        self.tell(EventKind::Pull {
            image: image.to_owned(),
            progress,
            done,
        })
    }

    pub(crate) fn not_pulled(self, image: &str, message: &str) -> Self {
        self.tell(EventKind::PullFailed {
            image: image.to_owned(),
            message: message.to_owned(),
        })
    }

    pub(crate) fn record_failed(self, message: &str) -> Self {
        let message = message.to_owned();
        self.tell(EventKind::RecordFailed { message })
    }

    pub(crate) fn notice(self, text: &str) -> Self {
        let text = text.to_owned();
        self.tell(EventKind::Notice { text })
    }

    pub(crate) fn interrupt(self) -> Self {
        let reason = "interrupted".to_owned();
        self.tell(EventKind::CancelBegun { reason })
    }

    /// The run ends; the results of its jobs follow from the events.
    pub(crate) fn result(self, status: Status, exit: u8) -> Self {
        let view = self.view();
        let jobs = view
            .jobs
            .iter()
            .filter(|job| job.label == job.name)
            .map(|job| result_of(job, &view.stages[job.stage].label))
            .collect();
        let held = self.held.clone();
        let complete = held.is_empty();
        self.tell(EventKind::RunFinished(RunResult {
            status,
            exit,
            jobs,
            pipelines: Vec::new(),
            held,
            complete,
        }))
    }

    fn tell(mut self, kind: EventKind) -> Self {
        self.events.push(Event {
            seq: self.events.len() as u64 + 1,
            elapsed: self.now,
            pipeline: self.pipeline.clone(),
            kind,
        });
        self
    }

    pub(crate) fn events(&self) -> &[Event] {
        &self.events
    }

    /// The events folded.
    pub(crate) fn view(&self) -> View {
        let logs = LogPlaces::new(|_, job, attempt| format!("logs/{job}.{attempt}"));
        let mut view = View::default().with_logs(Some(logs));
        for event in &self.events {
            view.apply(event);
        }
        view
    }

    /// Tells the whole story to a reporter.
    pub(crate) fn tell_to(&self, reporter: &mut dyn Reporter) {
        for event in &self.events {
            reporter.on_event(event);
        }
        reporter.finish();
    }
}

fn failure(code: i64, allowed: bool) -> JobOutcome {
    JobOutcome::Failed {
        reason: FailureReason::ScriptFailure,
        message: format!("exit code {code}"),
        allowed,
    }
}

fn result_of(job: &super::model::JobView, stage: &str) -> JobResult {
    let (status, reason) = match &job.state {
        State::Success => (Status::Success, None),
        State::Failed(_) | State::Warned(_) => (Status::Failed, Some("script_failure".to_owned())),
        State::Skipped(reason) => (Status::Skipped, Some(reason.clone())),
        State::Canceled(reason) => (Status::Canceled, Some(reason.clone())),
        State::Manual | State::Held { .. } => (Status::Manual, None),
        State::Waiting | State::Delayed(_) | State::Running | State::Retrying(_) => {
            (Status::Skipped, Some("never had its turn".to_owned()))
        }
    };
    JobResult {
        name: job.name.clone(),
        stage: stage.to_owned(),
        status,
        allow_failure: matches!(job.state, State::Warned(_)) || job.state.needs_person(),
        reason,
        exit_code: job.exit_code,
        attempts: job.attempt,
        started: job.started,
        finished: job
            .started
            .zip(job.duration)
            .map(|(start, took)| start + took),
        tests: job.tests.clone(),
    }
}
