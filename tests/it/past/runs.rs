//! `pipe runs`.

use std::fs;

use super::{PIPELINE, after_a_run, folders, golden, project, run, told};

#[test]
fn runs_are_listed_with_the_newest_first() {
    let project = project(PIPELINE);
    golden("runs_none", &told(&project, &["runs"]));
    run(&project, &[]);
    run(&project, &["build", "--tag", "v1.0"]);
    golden("runs", &told(&project, &["runs"]));
    golden("runs_json", &told(&project, &["runs", "--format", "json"]));
}

#[test]
fn a_damaged_record_is_listed_as_far_as_it_goes() {
    let project = after_a_run();
    let events = folders(&project).remove(0).join("events.jsonl");
    let text = fs::read_to_string(&events).expect("events");
    let middle = text.len() / 2;
    for (what, text, status) in [
        ("cut short", &text[..middle], "killed"),
        ("no text", "\u{0}\u{1}{{{\n", "killed"),
        ("other JSON", "[1, 2]\n{}\n", "killed"),
        ("empty", "", "killed"),
        ("whole", &text[..], "failed"),
    ] {
        fs::write(&events, text).expect("written");
        let shown = told(&project, &["runs"]);
        assert!(shown.contains(status), "{what}: {shown}");
        assert!(shown.ends_with("--- exit 0\n"), "{what}: {shown}");
        let logs = told(&project, &["logs"]);
        assert!(logs.ends_with("--- exit 0\n"), "{what}: {logs}");
    }
    fs::remove_file(&events).expect("removed");
    golden("logs_without_events", &told(&project, &["logs"]));
    assert!(told(&project, &["runs"]).contains("killed"));
}
