//! What the view holds after each event.

use super::*;
use crate::event::Phase;
use crate::report::testing::Story;
use crate::types::Status;

/// What a test asks about a job: its state in `Debug` form.
fn state(view: &View, name: &str) -> String {
    let job = view.job(&[], name).expect("a job of the story");
    format!("{:?}", job.state)
}

#[test]
fn each_event_moves_its_job() {
    let start = || Story::new().run(&[("build", "compile"), ("test", "unit")]);
    let rows = [
        ("start", start(), "Waiting"),
        ("running", start().start("unit"), "Running"),
        ("success", start().start("unit").succeed("unit"), "Success"),
        (
            "failed",
            start().start("unit").fail("unit", 1),
            "Failed(\"exit code 1\")",
        ),
        (
            "allowed",
            start().start("unit").warn("unit", 3),
            "Warned(\"exit code 3\")",
        ),
        (
            "retry",
            start().start("unit").retry("unit", 1),
            "Retrying(ScriptFailure)",
        ),
        (
            "second attempt",
            start().start("unit").retry("unit", 1).attempt("unit", 2),
            "Running",
        ),
        (
            "skipped",
            start().skip("unit", "stage build failed"),
            "Skipped(\"stage build failed\")",
        ),
        ("manual", start().wait("unit"), "Manual"),
        (
            "delayed",
            start().at(500).delay("unit", 1000),
            "Delayed(1.5s)",
        ),
        (
            "canceled",
            start().start("unit").cancel("unit"),
            "Canceled(\"interrupted\")",
        ),
    ];
    for (name, story, expected) in rows {
        assert_eq!(state(&story.view(), "unit"), expected, "{name}");
    }
}

#[test]
fn stages_keep_their_order_and_jobs() {
    let view = Story::new()
        .run(&[("build", "a"), ("test", "b"), ("build", "c")])
        .view();
    let stages: Vec<_> = view
        .stages
        .iter()
        .map(|stage| (stage.label.as_str(), stage.jobs.clone()))
        .collect();
    assert_eq!(stages, [("build", vec![0, 2]), ("test", vec![1])]);
}

#[test]
fn a_held_job_stays_held() {
    let view = Story::new()
        .run(&[("deploy", "staging")])
        .held("staging", "deploys to staging")
        .wait("staging")
        .view();
    assert!(state(&view, "staging").starts_with("Held"));
    assert_eq!(view.counts().total(), 0, "nothing goes on by itself");
}

#[test]
fn after_script_does_not_hide_the_failing_command() {
    let view = Story::new()
        .run(&[("test", "unit")])
        .start("unit")
        .phase("unit", Phase::Script)
        .log("unit", "\x1b[32;1m$ make test\x1b[0;m")
        .log("unit", "1 test failed")
        .phase("unit", Phase::AfterScript)
        .log("unit", "\x1b[32;1m$ make clean\x1b[0;m")
        .log("unit", "cleaned")
        .fail("unit", 2)
        .view();
    let job = &view.jobs[0];
    assert_eq!(job.log.command(), Some("make test"));
    assert_eq!(
        job.excerpt().lines.last().map(String::as_str),
        Some("1 test failed")
    );
    assert_eq!(job.last_line(), "cleaned", "the board shows what goes on");
}

#[test]
fn pulls_come_and_go() {
    let story = Story::new()
        .pull("ruby:3.1", Some((1, 4)), false)
        .pull("ruby:3.1", None, false)
        .pull("alpine", None, false);
    let pulls = story.view().pulls;
    assert_eq!(pulls.len(), 2);
    assert_eq!(
        pulls[0].progress,
        Some((1, 4)),
        "a word without numbers forgets none"
    );
    assert_eq!(story.pull("ruby:3.1", None, true).view().pulls.len(), 1);
}

#[test]
fn child_pipelines_have_jobs_of_their_own() {
    let view = Story::new()
        .run(&[("test", "unit"), ("test", "child")])
        .inside("child")
        .run(&[("test", "unit")])
        .start("unit")
        .view();
    assert_eq!(state(&view, "unit"), "Waiting");
    let child = view
        .job(&["child".to_owned()], "unit")
        .expect("the child's job");
    assert_eq!(
        (child.label.as_str(), &child.state),
        ("child › unit", &State::Running)
    );
    assert_eq!(view.stages[1].label, "child › test");
    assert_eq!(view.head.map(|head| head.run), Some("17".to_owned()));
}

#[test]
fn an_unknown_job_is_shown_too() {
    let view = Story::new().start("surprise").view();
    assert_eq!((view.jobs.len(), view.stages[0].label.as_str()), (1, ""));
}

#[test]
fn the_result_has_the_last_word() {
    let view = Story::new()
        .run(&[("test", "unit"), ("deploy", "staging"), ("deploy", "smoke")])
        .held("staging", "deploys to staging; pipe run --deploy=staging")
        .start("unit")
        .fail("unit", 1)
        .result(Status::Failed, 1)
        .view();
    assert_eq!(
        state(&view, "unit"),
        "Failed(\"exit code 1\")",
        "the message stays"
    );
    assert!(state(&view, "staging").contains("--deploy=staging"));
    assert_eq!(state(&view, "smoke"), "Skipped(\"never had its turn\")");
}
