//! Every kind through its JSON form and back.

use std::time::Duration;

use super::{
    Event, EventKind, HeldJob, JobOutcome, JobResult, JobSummary, Phase, PipelineResult, RunResult,
    RunStarted, SourceMode, TestSummary,
};
use crate::types::{EnvironmentAction, FailureReason, Status};

fn event(kind: EventKind) -> Event {
    Event {
        seq: 7,
        elapsed: Duration::from_millis(1250),
        pipeline: Vec::new(),
        kind,
    }
}

fn run_started(mode: SourceMode) -> EventKind {
    EventKind::RunStarted(RunStarted {
        version: "0.1.0".to_owned(),
        at: "2026-01-02T03:04:05Z".to_owned(),
        run: "12".to_owned(),
        ref_name: "issue-3".to_owned(),
        ref_kind: "branch".to_owned(),
        source: "push".to_owned(),
        sha: "abc".to_owned(),
        mode,
        jobs: vec![JobSummary {
            name: "test1".to_owned(),
            stage: "test".to_owned(),
            held: Some("deploys to staging".to_owned()),
        }],
    })
}

fn finished(outcome: JobOutcome, exit_code: Option<i64>) -> EventKind {
    EventKind::JobFinished {
        job: "test1".to_owned(),
        attempt: 1,
        outcome,
        exit_code,
        duration: Duration::from_millis(30),
    }
}

fn results() -> Vec<JobResult> {
    let test1 = JobResult {
        name: "test1".to_owned(),
        stage: "test".to_owned(),
        status: Status::Success,
        allow_failure: false,
        reason: None,
        exit_code: Some(0),
        attempts: 1,
        started: Some(Duration::from_millis(120)),
        finished: Some(Duration::from_millis(1300)),
        tests: None,
    };
    let deploy = JobResult {
        name: "deploy".to_owned(),
        stage: "production".to_owned(),
        status: Status::Skipped,
        reason: Some("stage test failed".to_owned()),
        exit_code: None,
        attempts: 0,
        started: None,
        finished: None,
        ..test1.clone()
    };
    vec![test1, deploy]
}

fn run_finished() -> EventKind {
    EventKind::RunFinished(RunResult {
        status: Status::Failed,
        exit: 1,
        jobs: results(),
        pipelines: vec![PipelineResult {
            trigger: "child".to_owned(),
            status: Status::Success,
            jobs: Vec::new(),
            pipelines: Vec::new(),
        }],
        held: vec![HeldJob {
            name: "ship".to_owned(),
            why: "deploys to staging".to_owned(),
            release: "--deploy=staging".to_owned(),
        }],
        complete: false,
    })
}

/// Every kind, and every shape inside a kind.
fn all() -> Vec<(&'static str, EventKind)> {
    let job = || "test1".to_owned();
    let attempt = 1;
    let work_tree = SourceMode::WorkTree {
        uncommitted: 3,
        untracked: 1,
    };
    let failed = JobOutcome::Failed {
        reason: FailureReason::ScriptFailure,
        message: "exit code 3".to_owned(),
        allowed: true,
    };
    let canceled = JobOutcome::Canceled {
        reason: "interrupted".to_owned(),
    };
    let log = |text: &str, partial| EventKind::Log {
        job: job(),
        attempt,
        text: text.to_owned(),
        partial,
    };
    let pull = |progress, done| EventKind::Pull {
        image: "ruby:3.1".to_owned(),
        progress,
        done,
    };
    let phase = |phase| EventKind::JobPhase {
        job: job(),
        attempt,
        phase,
    };
    vec![
        (
            r#""kind":"run-started","seq":7,"elapsed":1.25,"pipeline":[],"version":"0.1.0","at":"2026-01-02T03:04:05Z","run":"12","ref":{"name":"issue-3","kind":"branch","sha":"abc"},"source":"push","mode":"work-tree","uncommitted":3,"untracked":1,"jobs":[{"name":"test1","stage":"test","held":"deploys to staging"}]"#,
            run_started(work_tree),
        ),
        (r#""mode":"commit","jobs""#, run_started(SourceMode::Commit)),
        (
            r#"{"kind":"job-started","seq":7,"elapsed":1.25,"pipeline":[],"job":"test1","attempt":1,"image":"ruby:3.1"}"#,
            EventKind::JobStarted {
                job: job(),
                attempt,
                image: Some("ruby:3.1".to_owned()),
            },
        ),
        (
            r#""attempt":1,"percent":83.5}"#,
            EventKind::Coverage {
                job: job(),
                attempt,
                percent: 83.5,
            },
        ),
        (
            r#""attempt":1,"environment":"staging","action":"start","url":"https://a.example","on_stop":"stop"}"#,
            EventKind::Environment {
                job: job(),
                attempt,
                environment: "staging".to_owned(),
                action: EnvironmentAction::Start,
                url: Some("https://a.example".to_owned()),
                on_stop: Some("stop".to_owned()),
            },
        ),
        (
            r#""kind":"after-script-failed","seq":7,"elapsed":1.25,"pipeline":[],"job":"test1","attempt":1,"message":"exit code 1"}"#,
            EventKind::AfterScriptFailed {
                job: job(),
                attempt,
                message: "exit code 1".to_owned(),
            },
        ),
        (r#""attempt":1,"phase":"prepare"}"#, phase(Phase::Prepare)),
        (r#""phase":"sources""#, phase(Phase::Sources)),
        (r#""phase":"restore-cache""#, phase(Phase::RestoreCache)),
        (
            r#""phase":"download-artifacts""#,
            phase(Phase::DownloadArtifacts),
        ),
        (r#""phase":"script""#, phase(Phase::Script)),
        (r#""phase":"after-script""#, phase(Phase::AfterScript)),
        (r#""phase":"save-cache""#, phase(Phase::SaveCache)),
        (
            r#""phase":"upload-artifacts""#,
            phase(Phase::UploadArtifacts),
        ),
        (r#""phase":"cleanup""#, phase(Phase::Cleanup)),
        (
            r#""kind":"pull","seq":7,"elapsed":1.25,"pipeline":[],"image":"ruby:3.1","bytes":5,"total":9,"done":false}"#,
            pull(Some((5, 9)), false),
        ),
        (
            r#""bytes":null,"total":null,"done":true}"#,
            pull(None, true),
        ),
        (
            r#""kind":"record-failed","seq":7,"elapsed":1.25,"pipeline":[],"message":"no space left"}"#,
            EventKind::RecordFailed {
                message: "no space left".to_owned(),
            },
        ),
        (
            r#""kind":"pull-failed","seq":7,"elapsed":1.25,"pipeline":[],"image":"ruby:3.1","message":"not found"}"#,
            EventKind::PullFailed {
                image: "ruby:3.1".to_owned(),
                message: "not found".to_owned(),
            },
        ),
        (
            r#""attempt":1,"text":"héllo \u001b[0m"}"#,
            log("héllo \u{1b}[0m", false),
        ),
        (r#""text":"half","partial":true}"#, log("half", true)),
        (
            r#""kind":"test-summary","seq":7,"elapsed":1.25,"pipeline":[],"job":"test1","attempt":1,"total":12,"failed":1,"errors":2,"skipped":3,"failures":["a","b","c"]}"#,
            EventKind::TestSummary {
                job: job(),
                attempt,
                tests: TestSummary {
                    total: 12,
                    failed: 1,
                    errors: 2,
                    skipped: 3,
                    failures: ["a", "b", "c"].map(str::to_owned).to_vec(),
                },
            },
        ),
        (
            r#""kind":"job-retry","seq":7,"elapsed":1.25,"pipeline":[],"job":"test1","attempt":1,"reason":"runner_system_failure"}"#,
            EventKind::JobRetry {
                job: job(),
                attempt,
                reason: FailureReason::RunnerSystemFailure,
            },
        ),
        (
            r#""attempt":1,"status":"success","reason":null,"message":null,"allowed":false,"exit_code":0,"duration":0.03}"#,
            finished(JobOutcome::Success, Some(0)),
        ),
        (
            r#""status":"failed","reason":"script_failure","message":"exit code 3","allowed":true,"exit_code":3,"#,
            finished(failed, Some(3)),
        ),
        (
            r#""status":"canceled","reason":"interrupted","message":null,"allowed":false,"exit_code":null,"#,
            finished(canceled, None),
        ),
        (
            r#""kind":"job-skipped","seq":7,"elapsed":1.25,"pipeline":[],"job":"test1","reason":"stage build failed"}"#,
            EventKind::JobSkipped {
                job: job(),
                reason: "stage build failed".to_owned(),
            },
        ),
        (r#""kind":"job-waits""#, EventKind::JobWaits { job: job() }),
        (
            r#""kind":"job-scheduled","seq":7,"elapsed":1.25,"pipeline":[],"job":"test1","delay":90.0}"#,
            EventKind::JobScheduled {
                job: job(),
                delay: Duration::from_secs(90),
            },
        ),
        (
            r#""kind":"cancel-begun","seq":7,"elapsed":1.25,"pipeline":[],"reason":"interrupted"}"#,
            EventKind::CancelBegun {
                reason: "interrupted".to_owned(),
            },
        ),
        (
            r#""kind":"notice","seq":7,"elapsed":1.25,"pipeline":[],"text":"no artifacts"}"#,
            EventKind::Notice {
                text: "no artifacts".to_owned(),
            },
        ),
        (
            r#""status":"failed","exit":1,"jobs":[{"name":"test1","stage":"test","status":"success","allow_failure":false,"reason":null,"exit_code":0,"attempts":1,"started":0.12,"finished":1.3},{"name":"deploy","stage":"production","status":"skipped","allow_failure":false,"reason":"stage test failed","exit_code":null,"attempts":0,"started":null,"finished":null}],"pipelines":[{"trigger":"child","status":"success","jobs":[],"pipelines":[]}],"held":[{"name":"ship","why":"deploys to staging","release":"--deploy=staging"}],"complete":false}"#,
            run_finished(),
        ),
    ]
}

#[test]
fn round_trip() {
    for (part, kind) in all() {
        let event = event(kind);
        let line = event.to_json();
        assert!(line.contains(part), "{part}\nis not in\n{line}");
        assert!(!line.contains('\n'), "one line: {line}");
        let back = Event::from_json(&line).expect("our own line");
        assert_eq!(back, Some(event), "{line}");
    }
}

#[test]
fn path_of_a_child_pipeline() {
    let mut event = event(EventKind::JobWaits {
        job: "a".to_owned(),
    });
    event.pipeline = vec!["child".to_owned(), "grandchild".to_owned()];
    let line = event.to_json();
    assert!(
        line.contains(r#""pipeline":["child","grandchild"],"job":"a""#),
        "{line}"
    );
    assert_eq!(Event::from_json(&line).expect("our own line"), Some(event));
}

#[test]
fn newer_versions_are_readable() {
    let rows = [
        (
            "kind",
            r#"{"kind":"job-teleported","seq":1,"elapsed":0,"job":"a"}"#,
            false,
        ),
        (
            "phase",
            r#"{"kind":"job-phase","seq":1,"elapsed":0,"job":"a","attempt":1,"phase":"dream"}"#,
            false,
        ),
        (
            "field",
            r#"{"kind":"job-waits","seq":1,"elapsed":0.5,"job":"a","mood":{"x":[1]}}"#,
            true,
        ),
    ];
    for (row, line, known) in rows {
        let event = Event::from_json(line).unwrap_or_else(|error| panic!("{row}: {error}"));
        assert_eq!(event.is_some(), known, "{row}");
    }
    let reason =
        r#"{"kind":"job-retry","seq":1,"elapsed":0,"job":"a","attempt":1,"reason":"bad_mood"}"#;
    let event = Event::from_json(reason).expect("readable").expect("known");
    let want = EventKind::JobRetry {
        job: "a".to_owned(),
        attempt: 1,
        reason: FailureReason::UnknownFailure,
    };
    assert_eq!(event.kind, want);
}

#[test]
fn broken_lines_are_errors() {
    let rows = [
        "",
        "{",
        "[]",
        r#"{"kind":"job-waits","seq":1,"elapsed":-1,"job":"a"}"#,
        r#"{"kind":"job-waits","seq":1,"elapsed":1e300,"job":"a"}"#,
        r#"{"kind":"job-waits","seq":1,"elapsed":1}"#,
    ];
    for line in rows {
        assert!(Event::from_json(line).is_err(), "{line}");
    }
}
