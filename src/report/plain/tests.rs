//! Logs and progress as files and pipes receive them.

use crate::event::{Phase, SourceMode};
use crate::report::testing::{Shared, Story};
use crate::report::{Health, Hub};
use crate::types::Status;

use super::*;

fn sink(shared: &Shared) -> Sink {
    Sink::new(Box::new(shared.clone()), Health::default())
}

fn logs(story: &Story, paint: Paint) -> String {
    let out = Shared::default();
    story.tell_to(&mut Logs::new(sink(&out), paint));
    out.text()
}

fn progress(story: &Story, level: OutputLevel) -> String {
    let err = Shared::default();
    story.tell_to(&mut Progress::new(sink(&err), Paint::PLAIN, level));
    err.text()
}

fn story() -> Story {
    Story::new()
        .mode(SourceMode::WorkTree {
            uncommitted: 3,
            untracked: 1,
        })
        .run(&[
            ("build", "compile"),
            ("test", "unit"),
            ("test", "lint"),
            ("deploy", "staging"),
            ("deploy", "rollback"),
        ])
        .pull("ruby:3.1", None, false)
        .pull("ruby:3.1", Some((1, 2)), false)
        .pull("ruby:3.1", None, true)
        .start("compile")
        .phase("compile", Phase::Prepare)
        .log(
            "compile",
            "section_start:17:step_script\r\x1b[0K\x1b[0K\x1b[36;1mExecuting\x1b[0;m",
        )
        .log("compile", "\x1b[32;1m$ make\x1b[0;m")
        .log("compile", "10%\r50%\r100%")
        .log("compile", "section_end:17:step_script\r\x1b[0K")
        .at(1200)
        .succeed("compile")
        .start("unit")
        .start("lint")
        .log("unit", "\x1b[32;1m$ make test\x1b[0;m")
        .log("unit", "")
        .log("lint", "a warning\t\x1b[33mhere\x1b[0m\x1b[3A")
        .log("unit", "1 test failed")
        .at(2000)
        .retry("unit", 1)
        .attempt("unit", 2)
        .log("unit", "\x1b[32;1m$ make test\x1b[0;m")
        .log("unit", "1 test failed again")
        .at(3000)
        .warn("lint", 3)
        .at(4150)
        .fail("unit", 2)
        .skip("staging", "stage test failed")
        .notice("`changes` is unknown for the first push")
        .wait("rollback")
        .result(Status::Failed, 1)
}

#[test]
fn logs_name_their_jobs() {
    insta::assert_snapshot!(logs(&story(), Paint::PLAIN), @r"
    compile  > Executing
    compile  > $ make
    compile  > 100%
    unit     > $ make test
    unit     >
    lint     > a warning	here
    unit     > 1 test failed
    unit     > $ make test
    unit     > 1 test failed again
    ");
}

#[test]
fn colours_stay_where_they_are_wanted() {
    let text = logs(&story(), Paint::COLOR);
    assert!(text.contains("\x1b[33mhere\x1b[0m"), "{text}");
    assert!(
        !text.contains("\x1b[3A"),
        "the cursor is not a job's to move"
    );
    assert!(!logs(&story(), Paint::PLAIN).contains('\x1b'));
}

#[test]
fn progress_and_summary() {
    insta::assert_snapshot!(progress(&story(), OutputLevel::Normal));
}

#[test]
fn the_first_line_of_a_job_names_its_stage_and_image() {
    let story = Story::new()
        .run(&[("test", "unit"), ("test", "lint")])
        .start_in("unit", "ruby:3.1")
        .start("lint");
    let text = progress(&story, OutputLevel::Normal);
    assert!(
        text.contains("● unit: started, stage test, image ruby:3.1\n"),
        "{text}"
    );
    assert!(text.contains("● lint: started, stage test\n"), "{text}");
}

#[test]
fn what_came_to_light_stands_in_the_summary() {
    let story = Story::new()
        .run(&[("test", "unit"), ("deploy", "ship")])
        .start("unit")
        .covers("unit", 83.5)
        .after_script_failed("unit", "exit code 1")
        .succeed("unit")
        .start("ship")
        .reaches("ship", "live", Some("https://app.example"))
        .succeed("ship")
        .result(Status::Success, 0);
    let text = progress(&story, OutputLevel::Normal);
    for line in [
        "coverage 83.5%; after_script failed: exit code 1\n",
        "environment live at https://app.example\n",
    ] {
        assert_eq!(text.matches(line).count(), 1, "{line}\n{text}");
    }
}

#[test]
fn a_failure_and_a_held_job_are_told_once() {
    let story = Story::new()
        .run(&[("test", "unit"), ("deploy", "staging")])
        .held("staging", "deploys to staging")
        .start("unit")
        .log("unit", "1 test failed")
        .fail("unit", 3)
        .wait("staging")
        .result(Status::Failed, 1);
    let text = progress(&story, OutputLevel::Normal);
    for told in ["exit code 3", "1 test failed", "deploys to staging"] {
        assert_eq!(text.matches(told).count(), 1, "{told}\n{text}");
    }
}

#[test]
fn quiet_tells_failures_and_the_verdict() {
    insta::assert_snapshot!(progress(&story(), OutputLevel::Quiet), @r"
    ! lint warned: exit code 3, allowed to fail, after 1.8s
        a warning    here

    ✗ unit failed: exit code 2, after 2.1s, attempt 2
        $ make test
        1 test failed again

    pipeline failed: 1 of 5 jobs failed
    ");
    let passed = Story::new()
        .run(&[("test", "unit")])
        .start("unit")
        .succeed("unit")
        .notice("x")
        .result(Status::Success, 0);
    assert_eq!(progress(&passed, OutputLevel::Quiet), "");
}

#[test]
fn a_pull_that_failed_is_told_once() {
    let story = Story::new()
        .run(&[("test", "a"), ("test", "b")])
        .pull("ruby:9", None, false)
        .not_pulled("ruby:9", "image `ruby:9` could not be pulled: no such tag")
        .start("a")
        .fail("a", 1)
        .start("b")
        .fail("b", 1)
        .result(Status::Failed, 1);
    for level in [OutputLevel::Normal, OutputLevel::Quiet] {
        let text = progress(&story, level);
        assert_eq!(text.matches("no such tag").count(), 1, "{text}");
        let line = "✗ image `ruby:9` could not be pulled: no such tag\n";
        assert!(text.contains(line), "{text}");
        assert!(!text.contains("pulled ruby:9"), "{text}");
    }
}

#[test]
fn verbose_tells_phases() {
    let text = progress(&story(), OutputLevel::Verbose);
    assert!(text.contains("· compile: preparing\n"), "{text}");
}

#[test]
fn parts_of_a_long_line_are_marked() {
    let story = Story::new()
        .run(&[("test", "a"), ("test", "bb")])
        .log_part("a", "first", true)
        .log("bb", "between")
        .log_part("a", "last", false)
        .log("a", "next");
    let expected = "a  > first\nbb > between\na  … last\na  > next\n";
    assert_eq!(logs(&story, Paint::PLAIN), expected);
}

#[test]
fn a_very_long_name_moves_only_its_own_lines() {
    let long = "deploy: [production, eu-central-1, blue]";
    let story = Story::new()
        .run(&[("test", "unit"), ("deploy", long)])
        .log("unit", "x")
        .log(long, "y");
    let text = logs(&story, Paint::PLAIN);
    let expected = format!("{:32} > x\n{long} > y\n", "unit");
    assert_eq!(text, expected);
}

#[test]
fn log_lines_come_before_the_outcome_on_one_stream() {
    let both = Shared::default();
    let mut hub = Hub::new()
        .with(Logs::new(sink(&both), Paint::PLAIN))
        .with(Progress::new(
            sink(&both),
            Paint::PLAIN,
            OutputLevel::Normal,
        ));
    story().tell_to(&mut hub);
    let text = both.text();
    let place = |wanted: &str| {
        text.find(wanted)
            .unwrap_or_else(|| panic!("{wanted}: {text}"))
    };
    assert!(place("compile  > 100%") < place("✓ compile: passed"));
    assert!(place("● unit: started, stage test\n") < place("unit     > $ make test"));
}

#[test]
fn a_long_silence_is_broken() {
    let err = Shared::default();
    let mut progress = Progress::new(sink(&err), Paint::PLAIN, OutputLevel::Normal);
    for event in Story::new().run(&[("test", "unit")]).start("unit").events() {
        progress.on_event(event);
    }
    for second in 1..25 {
        progress.tick(Duration::from_secs(second));
    }
    let text = err.text();
    assert_eq!(text.matches("still running `unit`").count(), 2, "{text}");
    assert!(text.contains("· after 20.0s: still running"), "{text}");
}

#[test]
fn logs_are_held_back_only_for_a_moment() {
    let out = Shared::default();
    let mut logs = Logs::new(sink(&out), Paint::PLAIN);
    for event in Story::new().log("unit", "a").events() {
        logs.on_event(event);
    }
    assert_eq!(out.text(), "");
    logs.tick(Duration::from_millis(100));
    assert_eq!(out.text(), "unit > a\n");
}
