//! Events and logs: written, read back, cut short.

use super::*;

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
        ended(Vec::new()),
    ]) {
        recorder.on_event(&event);
        told.extend(recorder.failure().map(|message| (event.seq, message)));
    }
    recorder.finish();
    let place = log.display();
    let message = format!(
        "the record of this run breaks off: can't write `{place}`: no space left on device; make room, or name another place with `XDG_STATE_HOME`"
    );
    assert_eq!(told, [(3, message)]);
    assert!(!live::log(run.folder(), &[], "other", 1).exists());
    let last = fixture.project().last().expect("a run");
    assert!(last.result.is_some(), "the end is there all the same");
}

#[test]
fn an_event_that_was_cut_short_makes_room_for_the_end() {
    let fixture = Fixture::new();
    let run = fixture.project().begin(at(0)).expect("a run");
    let events = run.folder().join("events.jsonl");
    let half = b"{\"kind\":\"job-fin".to_vec();
    let mut recorder = Recorder::new(&run).expect("a recorder");
    let log = live::log(run.folder(), &[], "unit", 1);
    std::os::unix::fs::symlink("/dev/full", &log).expect("a link");
    let [begun, lost, finished, end] = &story(vec![
        started(&run),
        line("unit", "lost", false),
        finished("unit"),
        ended(Vec::new()),
    ])[..] else {
        panic!("four events");
    };
    recorder.on_event(begun);
    let whole = std::fs::read(&events).expect("events");
    std::fs::write(&events, [whole, half].concat()).expect("half an event");
    for event in [lost, finished, end] {
        recorder.on_event(event);
    }
    let read = fixture.project().last().expect("a run");
    let kinds: Vec<_> = (read.events().expect("events"))
        .map(|event| event.kind.name())
        .collect();
    assert_eq!(kinds, ["run-started", "run-finished"]);
}

#[test]
fn the_end_itself_may_be_what_breaks_off() {
    let fixture = Fixture::new();
    let run = fixture.project().begin(at(0)).expect("a run");
    let mut recorder = Recorder::new(&run).expect("a recorder");
    let log = live::log(run.folder(), &[], "unit", 1);
    std::os::unix::fs::symlink("/dev/full", &log).expect("a link");
    let message = "no room".to_owned();
    for event in story(vec![
        started(&run),
        line("unit", "lost", false),
        ended(Vec::new()),
        EventKind::RecordFailed { message },
    ]) {
        recorder.on_event(&event);
    }
    let last = fixture.project().last().expect("a run");
    assert!(last.result.is_some());
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
            image: None,
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
    let text = std::fs::read_to_string(read.log(&JobPath::top("unit"), 1)).expect("the log");
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
