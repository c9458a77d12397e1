//! Requests and results: what a later program finds of a run.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use super::*;
use crate::event::{AttemptResult, KeptArtifacts, KeptReport, ReportedVariable};

fn result(run: &LiveRun, job: &str, attempt: u32, status: Status) -> AttemptResult {
    AttemptResult {
        job: job.to_owned(),
        attempt,
        pipeline: Vec::new(),
        job_id: 7,
        status,
        allow_failure: false,
        reason: None,
        message: None,
        exit_code: Some(0),
        started: Some(Duration::from_millis(1500)),
        finished: Some(Duration::from_secs(2)),
        artifacts: Some(KeptArtifacts {
            file: run.artifact(&[], job, attempt),
            digest: Some("d1".to_owned()),
        }),
        reports: vec![KeptReport {
            kind: "junit".to_owned(),
            file: run.artifact(&[], job, attempt).with_extension("junit.tar"),
        }],
        tests: None,
        dotenv: vec![ReportedVariable {
            name: "TOKEN".to_owned(),
            value: None,
        }],
        executor: Some("docker".to_owned()),
        digest: Some("d2".to_owned()),
    }
}

fn record_results(run: &LiveRun, results: &[AttemptResult]) -> Option<String> {
    let mut recorder = Recorder::new(run).expect("a recorder");
    for event in story(vec![started(run)]) {
        recorder.on_event(&event);
    }
    for result in results {
        recorder.on_result(result);
    }
    recorder.failure()
}

fn mode(path: &Path) -> u32 {
    let about = std::fs::metadata(path).expect("it is there");
    about.permissions().mode() & 0o777
}

#[test]
fn a_result_reads_back_as_it_was_written() {
    let fixture = Fixture::new();
    let run = fixture.project().begin(at(0)).expect("a run");
    let name = "test: [a/b]";
    let both = [
        result(&run, name, 1, Status::Failed),
        result(&run, name, 2, Status::Success),
    ];
    assert_eq!(record_results(&run, &both), None);
    let read = fixture.project().last().expect("a run");
    assert_eq!(read.results(&[], name), both);
    assert_eq!(read.results(&[], "other"), []);
    let place = run.folder().join("results/test%3A%20%5Ba%2Fb%5D.1.json");
    assert_eq!(mode(&place), 0o600);
    let text = std::fs::read_to_string(place).expect("a file");
    let folder = run.folder().display().to_string();
    assert!(!text.contains(&folder), "the folder may move: {text}");
}

#[test]
fn a_success_counts_also_in_a_run_that_was_killed() {
    let fixture = Fixture::new();
    let project = fixture.project();
    let old = past(&project, 0, vec![job_result("build", Status::Success, 5)]);
    let killed = project.begin(at(1)).expect("a run");
    std::fs::write(killed.artifact(&[], "build", 2), "tar").expect("artifacts");
    let results = [
        result(&killed, "build", 1, Status::Failed),
        result(&killed, "build", 2, Status::Success),
        result(&killed, "test", 1, Status::Failed),
        result(&killed, "lint", 1, Status::Success),
    ];
    assert_eq!(record_results(&killed, &results), None);
    let found = |job| project.newest_success(job);
    let build = found("build").expect("a success");
    assert_eq!(build.run, killed.id());
    assert_ne!(build.run, old);
    assert_eq!(build.artifacts, results[1].artifacts);
    assert_eq!(found("test"), None);
    let lint = found("lint").expect("a success");
    assert_eq!(lint.artifacts, None, "its archive is not there");
}

#[test]
fn the_last_attempt_decides() {
    let fixture = Fixture::new();
    let project = fixture.project();
    let run = project.begin(at(0)).expect("a run");
    let results = [
        result(&run, "build", 1, Status::Success),
        result(&run, "build", 2, Status::Failed),
    ];
    record_results(&run, &results);
    assert_eq!(project.newest_success("build"), None);
}

#[test]
fn a_result_that_can_not_be_written_is_told_once() {
    let fixture = Fixture::new();
    let run = fixture.project().begin(at(0)).expect("a run");
    std::fs::remove_dir(run.folder().join("results")).expect("empty");
    let one = result(&run, "build", 1, Status::Success);
    let told = record_results(&run, &[one.clone(), one]).expect("a message");
    assert!(
        told.starts_with("the record of this run breaks off: can't write `"),
        "{told}"
    );
}

fn request() -> RecordedRequest {
    RecordedRequest {
        version: "0.1.0".to_owned(),
        checkout: PathBuf::from("/src/shop"),
        reference: RequestedRef::MergeRequest {
            source: Some("issue-1".to_owned()),
            target: None,
        },
        source: None,
        changed: vec!["a".to_owned()],
        variables: vec![GivenValue {
            name: "TOKEN".to_owned(),
            value: None,
        }],
        inputs: vec![
            GivenText::File {
                file: "inputs.yml".to_owned(),
                text: Some("a: 1\n".to_owned()),
            },
            GivenText::Value(GivenValue {
                name: "b".to_owned(),
                value: Some("2".to_owned()),
            }),
        ],
        selection: RequestedJobs {
            jobs: vec!["unit".to_owned()],
            no_needs: true,
            ..RequestedJobs::default()
        },
        released: Released::Environments(vec!["staging".to_owned()]),
        offline: true,
        no_delay: false,
        keep_going: true,
        settings: vec![SettingInForce {
            key: "executor".to_owned(),
            value: Some("shell".to_owned()),
            from: "option".to_owned(),
        }],
    }
}

#[test]
fn a_request_reads_back_as_it_was_written() {
    let fixture = Fixture::new();
    let run = fixture.project().begin(at(0)).expect("a run");
    let found = || fixture.project().last().expect("a run").request();
    assert_eq!(found(), None, "of a record without one");
    run.keep_request(&request()).expect("kept");
    assert_eq!(found(), Some(request()));
    assert_eq!(mode(&run.folder().join("request.json")), 0o600);
}

#[test]
fn an_older_record_has_neither_and_stays_readable() {
    let fixture = Fixture::new();
    let project = fixture.project();
    let run = project.begin(at(0)).expect("a run");
    std::fs::remove_dir(run.folder().join("results")).expect("empty");
    let jobs = vec![job_result("build", Status::Success, 5)];
    record(&run, &story(vec![started(&run), ended(jobs)]));
    let read = project.last().expect("a run");
    assert_eq!((read.request(), read.results(&[], "build")), (None, vec![]));
    assert!(project.newest_success("build").is_some());
}
