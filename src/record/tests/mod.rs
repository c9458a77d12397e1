//! A record as a test writes it.

mod environments;
mod events;
mod folders;
mod history;
mod results;

use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;

use super::*;
use crate::event::{
    Event, EventKind, JobOutcome, JobResult, JobSummary, Reporter, RunResult, RunStarted,
    SourceMode,
};
use crate::types::Status;

struct Fixture {
    folder: tempfile::TempDir,
}

impl Fixture {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().expect("a folder"),
        }
    }

    fn state(&self) -> State {
        State::new(self.folder.path().join("state"))
    }

    fn project(&self) -> ProjectRecord {
        self.state()
            .project("team/shop", Path::new("/src/shop/.git"))
    }
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).expect("a time")
}

fn job_result(name: &str, status: Status, seconds: u64) -> JobResult {
    JobResult {
        name: name.to_owned(),
        stage: "test".to_owned(),
        status,
        allow_failure: false,
        reason: None,
        exit_code: Some(0),
        attempts: 1,
        started: Some(Duration::from_secs(1)),
        finished: Some(Duration::from_secs(1 + seconds)),
        tests: None,
    }
}

fn started(run: &LiveRun) -> EventKind {
    EventKind::RunStarted(RunStarted {
        version: "0.1.0".to_owned(),
        at: "2027-01-15T08:00:00Z".to_owned(),
        run: run.id().to_owned(),
        ref_name: "main".to_owned(),
        ref_kind: "branch".to_owned(),
        source: "push".to_owned(),
        sha: "0".repeat(40),
        mode: SourceMode::Commit,
        jobs: vec![JobSummary {
            name: "unit".to_owned(),
            stage: "test".to_owned(),
            held: None,
        }],
    })
}

fn ended(jobs: Vec<JobResult>) -> EventKind {
    EventKind::RunFinished(RunResult {
        status: Status::Success,
        exit: 0,
        jobs,
        pipelines: Vec::new(),
        held: Vec::new(),
        complete: true,
    })
}

fn line(job: &str, text: &str, partial: bool) -> EventKind {
    EventKind::Log {
        job: job.to_owned(),
        attempt: 1,
        text: text.to_owned(),
        partial,
    }
}

fn finished(job: &str) -> EventKind {
    EventKind::JobFinished {
        job: job.to_owned(),
        attempt: 1,
        outcome: JobOutcome::Success,
        exit_code: Some(0),
        duration: Duration::from_secs(1),
    }
}

/// Events numbered from 1, a millisecond apart.
fn story(kinds: Vec<EventKind>) -> Vec<Event> {
    kinds
        .into_iter()
        .zip(1_u64..)
        .map(|(kind, seq)| Event {
            seq,
            elapsed: Duration::from_millis(seq),
            pipeline: Vec::new(),
            kind,
        })
        .collect()
}

fn record(run: &LiveRun, events: &[Event]) {
    let mut recorder = Recorder::new(run).expect("a recorder");
    for event in events {
        recorder.on_event(event);
    }
    recorder.finish();
    assert_eq!(recorder.failure(), None);
}

/// A finished run with these jobs.
fn past(project: &ProjectRecord, second: i64, jobs: Vec<JobResult>) -> String {
    let run = project.begin(at(second)).expect("a run");
    record(&run, &story(vec![started(&run), ended(jobs)]));
    run.id().to_owned()
}
