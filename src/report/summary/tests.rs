//! What the end of a run says.

use crate::event::{EventKind, SourceMode};
use crate::report::OutputLevel;
use crate::report::line::Line;
use crate::report::testing::Story;
use crate::types::Status;

use super::lines;

fn text(story: &Story, width: Option<usize>) -> String {
    let lines = lines(&story.view(), OutputLevel::Normal, width);
    let lines: Vec<String> = lines.iter().map(Line::text).collect();
    lines.join("\n")
}

/// The last lines: the verdict.
fn verdict(story: &Story) -> String {
    let text = text(story, None);
    let (_, verdict) = text.split_once("pipeline ").expect("a verdict");
    format!("pipeline {verdict}")
}

fn two() -> Story {
    Story::new()
        .run(&[("test", "unit"), ("deploy", "ship it")])
        .start("unit")
        .at(1000)
}

#[test]
fn every_kind_of_end() {
    let story = Story::new()
        .mode(SourceMode::Commit)
        .run(&[
            ("build", "compile"),
            ("test", "unit"),
            ("test", "lint"),
            ("test", "flaky"),
            ("deploy", "staging"),
            ("deploy", "production"),
            ("verify", "smoke"),
            ("verify", "needs-staging"),
        ])
        .held("staging", "deploys to staging")
        .start("compile")
        .at(65_000)
        .succeed("compile")
        .start("unit")
        .start("lint")
        .log("unit", "\x1b[32;1m$ make test\x1b[0;m")
        .log("unit", "assertion failed: left == right")
        .at(70_000)
        .fail("unit", 2)
        .warn("lint", 1)
        .attempt("flaky", 2)
        .succeed("flaky")
        .wait("staging")
        .wait("production")
        .start("smoke")
        .succeed("smoke")
        .skip("needs-staging", "needs held job staging")
        .result(Status::Failed, 1);
    insta::assert_snapshot!(text(&story, None));
    insta::assert_snapshot!("every_kind_of_end_narrow", text(&story, Some(40)));
}

#[test]
fn verdicts() {
    let rows = [
        (
            "passed",
            two()
                .succeed("unit")
                .start("ship it")
                .succeed("ship it")
                .result(Status::Success, 0),
        ),
        ("warned", two().warn("unit", 1).result(Status::Success, 0)),
        (
            "held",
            two()
                .held("ship it", "deploys to production")
                .succeed("unit")
                .wait("ship it")
                .result(Status::Success, 0),
        ),
        ("failed", two().fail("unit", 1).result(Status::Failed, 1)),
        ("blocked", blocked(two().succeed("unit"), 7)),
        ("blocked and failed", blocked(two().fail("unit", 1), 1)),
        (
            "canceled",
            two()
                .interrupt()
                .cancel("unit")
                .result(Status::Canceled, 130),
        ),
        (
            "skipped",
            two().skip("unit", "x").result(Status::Skipped, 5),
        ),
        (
            "environment",
            two().fail("unit", 1).result(Status::Failed, 4),
        ),
    ];
    let texts = rows.map(|(name, story)| format!("{name}:\n{}", verdict(&story)));
    insta::assert_snapshot!(texts.join("\n\n"), @r"
    passed:
    pipeline passed

    warned:
    pipeline passed with warnings: `unit` failed, which is allowed

    held:
    pipeline passed, not complete: `ship it` was held

    failed:
    pipeline failed: 1 of 2 jobs failed

    blocked:
    pipeline blocked: it waits for manual `ship it`
    exit code 7; play it: pipe run --manual 'ship it'

    blocked and failed:
    pipeline failed: 1 of 2 jobs failed
    GitLab would show it as blocked: manual `ship it` waits

    canceled:
    pipeline canceled: interrupted

    skipped:
    pipeline skipped: no job ran
    exit code 5

    environment:
    pipeline failed: 1 of 2 jobs failed
    exit code 4
    ");
}

/// The run ends with a manual job that blocks.
fn blocked(story: Story, exit: u8) -> Story {
    let mut story = story.wait("ship it").result(Status::Manual, exit);
    if let Some(EventKind::RunFinished(result)) = story.last_kind() {
        for job in &mut result.jobs {
            job.allow_failure &= job.name != "ship it";
        }
    }
    story
}

#[test]
fn tests_that_failed_no_job_are_named_beside_it() {
    let story = Story::new()
        .run(&[("test", "unit"), ("test", "lint")])
        .start("unit")
        .tests("unit", 12, &["adds"])
        .succeed("unit")
        .start("lint")
        .tests("lint", 3, &["spaces"])
        .fail("lint", 1)
        .result(Status::Failed, 1);
    let text = text(&story, None);
    let remarks: Vec<&str> = (text.lines())
        .filter(|line| line.contains("tests: "))
        .collect();
    assert_eq!(
        remarks,
        [
            " test  ✓ passed    unit     0.0s  tests: 12, 1 failed: `adds`",
            "    tests: 3, 1 failed"
        ]
    );
}

#[test]
fn children_count_apart() {
    let story = Story::new()
        .run(&[("test", "unit"), ("test", "child")])
        .start("unit")
        .succeed("unit")
        .inside("child")
        .run(&[("test", "unit")])
        .start("unit")
        .fail("unit", 1)
        .outside()
        .start("child")
        .fail("child", 1)
        .result(Status::Failed, 1);
    insta::assert_snapshot!(text(&story, None));
}

#[test]
fn what_is_held_in_a_child_concerns_the_child_alone() {
    let story = Story::new()
        .run(&[("test", "go"), ("test", "other")])
        .start("go")
        .inside("go")
        .run(&[("one", "ship"), ("two", "after")])
        .start("after")
        .succeed("after")
        .outside()
        .start("other")
        .inside("other")
        .run(&[("one", "a"), ("two", "b"), ("three", "c")])
        .start("c")
        .succeed("c")
        .outside()
        .succeed("go")
        .succeed("other")
        .held("go › ship", "deploys")
        .result(Status::Success, 0);
    let text = text(&story, None);
    let after: Vec<&str> = (text.lines())
        .filter(|line| line.contains("ran after it"))
        .collect();
    assert_eq!(
        after,
        ["      `go › after` ran after it, without what it would have done"]
    );
}

#[test]
fn a_run_without_an_end_has_no_summary() {
    assert_eq!(text(&two(), None), "");
}

#[test]
fn a_long_name_takes_the_blanks_of_its_time() {
    let long = "deploy: [production, eu-central-1, everything, blue, 1]";
    let story = Story::new()
        .run(&[("test", long), ("test", "unit")])
        .start(long)
        .succeed(long)
        .start("unit")
        .succeed("unit")
        .result(Status::Success, 0);
    let text = text(&story, Some(80));
    let widest = text.lines().map(|line| line.chars().count()).max();
    assert!(widest.is_some_and(|widest| widest <= 80), "{text}");
}
