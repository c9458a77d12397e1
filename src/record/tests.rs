use std::os::unix::fs::PermissionsExt;
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

#[test]
fn a_full_disk_is_told_once_and_with_a_remedy() {
    let fixture = Fixture::new();
    let run = fixture.project().begin(at(0)).expect("a run");
    let log = live::log(run.folder(), &[], "unit", 1);
    std::os::unix::fs::symlink("/dev/full", &log).expect("a link");
    let mut recorder = Recorder::new(&run).expect("a recorder");
    let mut told = Vec::new();
    for event in story(vec![
        started(&run),
        line("unit", "lost", false),
        finished("unit"),
        line("other", "not written any more", false),
        finished("other"),
    ]) {
        recorder.on_event(&event);
        told.extend(recorder.failure().map(|message| (event.seq, message)));
    }
    let place = log.display();
    let message = format!(
        "the record of this run breaks off: can't write `{place}`: no space left on device; make room, or name another place with `XDG_STATE_HOME`"
    );
    assert_eq!(told, [(3, message)]);
    assert!(!live::log(run.folder(), &[], "other", 1).exists());
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

#[test]
fn a_run_lives_while_its_lock_is_held() {
    let fixture = Fixture::new();
    let (state, project) = (fixture.state(), fixture.project());
    assert_eq!(project.last(), None);
    let run = project.begin(at(0)).expect("a run");
    assert_eq!(run.id(), "20270115-080000-000001");
    assert!(state.is_alive(run.id()));
    assert!(project.last().expect("a run").alive);
    let id = run.id().to_owned();
    drop(run);
    assert!(!state.is_alive(&id));
    assert!(!state.is_alive("20270115-080000-000099"));
    assert!(!state.is_alive("../../etc"));
}

#[test]
fn ids_and_numbers_count_up() {
    let fixture = Fixture::new();
    let (one, two) = (
        fixture.project(),
        fixture
            .state()
            .project("team/other", Path::new("/src/other/.git")),
    );
    let runs = [&one, &two, &one].map(|project| project.begin(at(0)).expect("a run"));
    assert_eq!(runs.each_ref().map(LiveRun::pipeline_id), [1, 2, 3]);
    assert_eq!(runs.each_ref().map(LiveRun::iid), [1, 1, 2]);
    let ids: std::collections::HashSet<_> = runs.iter().map(LiveRun::id).collect();
    assert_eq!(ids.len(), 3);
    assert_eq!(fixture.state().take_job_ids(5).expect("ids"), 1..6);
}

#[test]
fn folders_are_the_users_alone() {
    let fixture = Fixture::new();
    let run = fixture.project().begin(at(0)).expect("a run");
    for folder in run.folder().ancestors().take(4) {
        let mode = folder.metadata().expect("a folder").permissions().mode();
        assert_eq!(mode & 0o777, 0o700, "{}", folder.display());
    }
}

#[test]
fn clones_have_a_record_each_and_names_are_harmless() {
    let state = Fixture::new().state();
    let here = state.project("team/shop", Path::new("/a/.git"));
    let there = state.project("team/shop", Path::new("/b/.git"));
    assert_ne!(here.folder(), there.folder());
    let odd = state.project("../..", Path::new("/a/.git"));
    assert_eq!(odd.folder().parent(), Some(state.root()));
}

#[test]
fn a_run_reads_back_as_it_was_written() {
    let fixture = Fixture::new();
    let project = fixture.project();
    let run = project.begin(at(0)).expect("a run");
    let long = "y".repeat(100_000);
    let kinds = vec![
        started(&run),
        EventKind::JobStarted {
            job: "unit".to_owned(),
            attempt: 1,
        },
        line("unit", "one", false),
        line("unit", "", false),
        line("unit", "é\u{2028}\r\x1b[0m", false),
        line("other 1/2", "between", false),
        line("unit", &long[..65_536], true),
        line("unit", &long[65_536..], false),
        line("unit", "three", false),
        EventKind::Notice {
            text: "\"offset\":1".to_owned(),
        },
        line("unit", "no end", true),
        finished("unit"),
        finished("other 1/2"),
        ended(vec![job_result("unit", Status::Success, 2)]),
    ];
    let events = story(kinds);
    record(&run, &events);
    let read = project.last().expect("a run");
    let again: Vec<_> = read.events().expect("events").collect();
    let without_time =
        |events: &[Event]| -> Vec<_> { events.iter().map(|e| (e.seq, e.kind.clone())).collect() };
    assert_eq!(without_time(&again), without_time(&events));
    let text = std::fs::read_to_string(read.log(&[], "unit", 1)).expect("the log");
    assert_eq!(
        text,
        format!("one\n\né\u{2028}\r\x1b[0m\n{long}\nthree\nno end")
    );
}

#[test]
fn lines_that_follow_each_other_share_one_entry() {
    let fixture = Fixture::new();
    let project = fixture.project();
    let run = project.begin(at(0)).expect("a run");
    let mut kinds: Vec<_> = (0..1000)
        .map(|n| line("unit", &n.to_string(), false))
        .collect();
    kinds.push(finished("unit"));
    record(&run, &story(kinds));
    let text = std::fs::read_to_string(run.folder().join("events.jsonl")).expect("the record");
    assert_eq!(
        text.lines().count(),
        11,
        "a batch for each tenth of a second, and the end"
    );
    let first = text.lines().next().expect("a line");
    assert!(first.contains("\"offset\":0,\"len\":290}"), "{first}");
}

#[test]
fn a_run_that_was_killed_reads_as_far_as_it_got() {
    let fixture = Fixture::new();
    let project = fixture.project();
    let run = project.begin(at(0)).expect("a run");
    record(
        &run,
        &story(vec![started(&run), line("unit", "one", false)]),
    );
    let path = run.folder().join("events.jsonl");
    let mut text = std::fs::read_to_string(&path).expect("the record");
    text.push_str("{\"kind\":\"run-fin");
    std::fs::write(&path, text).expect("a cut line");
    drop(run);
    let read = project.last().expect("a run");
    assert!(read.started.is_some() && read.result.is_none() && !read.alive);
    assert_eq!(read.events().expect("events").count(), 2);
    std::fs::remove_dir_all(read.folder.join("logs")).expect("no logs");
    assert_eq!(read.events().expect("events").count(), 1);
}

#[test]
fn children_have_logs_of_their_own() {
    let fixture = Fixture::new();
    let run = fixture.project().begin(at(0)).expect("a run");
    let mut events = story(vec![
        line("unit", "top", false),
        line("unit", "child", false),
    ]);
    events[1].pipeline = vec!["trigger: [a]".to_owned()];
    record(&run, &events);
    let read = fixture.project().last().expect("a run");
    let again: Vec<_> = read.events().expect("events").collect();
    assert_eq!(again, events);
}

#[test]
fn the_newest_success_has_its_artifacts() {
    let fixture = Fixture::new();
    let project = fixture.project();
    let old = past(&project, 0, vec![job_result("build", Status::Success, 5)]);
    let run = project.begin(at(1)).expect("a run");
    std::fs::write(run.artifact(&[], "build", 1), "tar").expect("artifacts");
    let jobs = vec![
        job_result("build", Status::Success, 3),
        job_result("test", Status::Failed, 1),
    ];
    record(&run, &story(vec![started(&run), ended(jobs)]));
    past(&project, 2, vec![job_result("build", Status::Failed, 1)]);
    let found = project.newest_success("build").expect("a success");
    assert_eq!(found.run, run.id());
    assert_ne!(found.run, old);
    assert_eq!(found.artifacts, Some(run.artifact(&[], "build", 1)));
    assert_eq!(project.newest_success("test"), None);
    assert_eq!(project.find(&old).expect("the run").id, old);
}

#[test]
fn durations_are_those_of_the_newest_success() {
    let fixture = Fixture::new();
    let project = fixture.project();
    past(
        &project,
        0,
        vec![
            job_result("a", Status::Success, 9),
            job_result("b", Status::Success, 4),
        ],
    );
    past(
        &project,
        1,
        vec![
            job_result("a", Status::Success, 2),
            job_result("b", Status::Failed, 1),
        ],
    );
    let durations = project.durations();
    assert_eq!(durations.get("a"), Some(&Duration::from_secs(2)));
    assert_eq!(durations.get("b"), Some(&Duration::from_secs(4)));
    assert_eq!(durations.len(), 2);
}

#[test]
fn old_runs_go_and_live_ones_stay() {
    let fixture = Fixture::new();
    let project = fixture.project();
    let ids: Vec<_> = (0..5)
        .map(|second| past(&project, second * 100, Vec::new()))
        .collect();
    let live = project.begin(at(50)).expect("a run");
    std::fs::create_dir(project.folder().join("runs/.new-crashed")).expect("a leftover");
    let keep = Keep {
        count: 3,
        age: Duration::from_secs(150),
    };
    let removed = project.prune(keep, at(400)).expect("pruned");
    assert_eq!(removed, [&ids[2], &ids[1], &ids[0]].map(Clone::clone));
    let left: Vec<_> = project.list().into_iter().map(|run| run.id).collect();
    assert_eq!(left, [ids[4].as_str(), &ids[3], live.id()]);
    let entries = std::fs::read_dir(project.folder().join("runs")).expect("runs");
    assert_eq!(entries.count(), 3, "nothing half made or half removed");
}

#[test]
fn the_record_of_a_checkout_that_is_gone_goes_with_its_last_run() {
    let fixture = Fixture::new();
    let state = fixture.state();
    let checkout = |name: &str| {
        let path = fixture.folder.path().join(name);
        std::fs::create_dir(&path).expect("a folder");
        path
    };
    let (gone, there) = (checkout("gone"), checkout("there"));
    let alive = checkout("alive");
    let records = [&gone, &there, &alive].map(|path| state.project("team/shop", path));
    let _live = records[2].begin(at(0)).expect("a run");
    for record in &records[..2] {
        record.begin(at(0)).expect("a run");
    }
    for path in [&gone, &alive] {
        std::fs::remove_dir(path).expect("a folder");
    }
    std::fs::create_dir(state.root().join("shell")).expect("a folder");

    let keep = Keep {
        count: 3,
        age: Duration::from_secs(150),
    };
    state.prune(keep, at(100));
    let is_there = |record: &ProjectRecord| record.folder().exists();
    assert_eq!(records.each_ref().map(is_there), [true, true, true]);
    state.prune(keep, at(200));
    assert_eq!(records.each_ref().map(is_there), [false, true, true]);
    assert_eq!(records[1].list().len(), 0);
    assert_eq!(records[1].begin(at(300)).expect("a run").iid(), 2);
    assert_eq!(records[2].list().len(), 1, "a run that lives stays");
    assert!(state.root().join("shell").exists());
}

#[test]
fn what_was_open_to_others_is_closed() {
    let fixture = Fixture::new();
    let mode = |path: &Path| {
        let about = std::fs::metadata(path).expect("it is there");
        about.permissions().mode() & 0o777
    };
    let open = |path: &Path, mode| {
        let mode = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(path, mode).expect("ours");
    };
    let (state, project) = (fixture.state(), fixture.project());
    project.begin(at(0)).expect("a run");
    let lock = project.folder().join("iid.lock");
    open(state.root(), 0o755);
    open(project.folder(), 0o755);
    open(&lock, 0o644);
    let run = project.begin(at(1)).expect("a run");
    record(&run, &story(vec![line("unit", "one", false)]));
    for folder in [state.root(), project.folder(), run.folder()] {
        assert_eq!(mode(folder), 0o700, "{}", folder.display());
    }
    let log = live::log(run.folder(), &[], "unit", 1);
    for file in [lock, run.folder().join("events.jsonl"), log] {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
}

#[test]
fn a_place_that_can_not_be_written_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("file");
    std::fs::write(&file, "").expect("a file");
    let state = State::new(file.join("state"));
    let error = state.take_pipeline_id().expect_err("a file is no folder");
    let text = error.to_string();
    assert!(text.starts_with("can't make `"), "{text}");
    assert_eq!(
        error.help(),
        "`XDG_STATE_HOME` names another place for pipe's records"
    );
}

#[test]
fn a_recorder_that_can_not_write_falls_silent() {
    let fixture = Fixture::new();
    let run = fixture.project().begin(at(0)).expect("a run");
    let mut recorder = Recorder::new(&run).expect("a recorder");
    std::fs::remove_dir_all(run.folder().join("logs")).expect("no logs");
    for event in story(vec![line("unit", "one", false), finished("unit")]) {
        recorder.on_event(&event);
    }
    let problem = recorder.failure().expect("a problem");
    assert!(problem.contains("logs/unit.1"), "{problem}");
}

#[test]
fn the_owner_names_machine_user_and_state() {
    let fixture = Fixture::new();
    let owner = fixture.state().owner();
    let parts: Vec<_> = owner.split('/').collect();
    assert_eq!(parts.len(), 3, "{owner}");
    assert_eq!(parts[1], rustix::process::getuid().as_raw().to_string());
    assert_eq!(owner, fixture.state().owner());
    assert_ne!(owner, Fixture::new().state().owner());
    let machine = std::fs::read_to_string("/etc/machine-id").unwrap_or_default();
    assert!(machine.trim().is_empty() || !owner.contains(machine.trim()));
}
