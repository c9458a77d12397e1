//! Needs on jobs that are not in the pipeline, limits, variable circles, emptiness
//! (configuration reference 6.10, 10.3, 11.3).

use super::world::{Case, check};

#[test]
fn jobs_that_are_not_there() {
    check(&[
        (
            "t: {script: x, rules: [{if: $N}]}\nd: {script: x, needs: [t]}",
            "branch main",
            "! need-not-in-pipeline",
        ),
        (
            "t: {script: x, rules: [{if: $N}]}\nd: {script: x, when: manual, needs: [t]}",
            "branch main",
            "! need-not-in-pipeline",
        ),
        (
            "t: {script: x, rules: [{if: $N}]}\nd: {script: x, needs: [{job: t, optional: true}]}",
            "branch main",
            "d",
        ),
        (
            "t: {script: x, rules: [{if: $N}]}\nd: {script: x, needs: [t], rules: [{if: $N}]}\ne: {script: x}",
            "branch main",
            "e",
        ),
        (
            "t: {script: x, only: [tags]}\nd: {script: x, needs: [t]}",
            "branch main",
            "! need-not-in-pipeline",
        ),
        (
            "t: {script: x, only: [tags]}\nd: {script: x, needs: [t]}",
            "tag v1",
            "t d",
        ),
    ]);
}

#[test]
fn at_most_fifty() {
    for (count, expected) in [(50, None), (51, Some("! too-many"))] {
        let text = format!(
            "t: {{stage: build, script: x, parallel: {count}}}\nd: {{script: x, needs: [t]}}"
        );
        let found = Case::new(&text, "branch main").jobs();
        match expected {
            Some(expected) => assert_eq!(found, expected),
            None => assert!(found.ends_with("t 50/50 d"), "{found}"),
        }
    }
}

#[test]
fn variables_in_a_circle() {
    check(&[
        (
            "a: {script: x, variables: {A: $B, B: $A}}",
            "branch main",
            "! variable-cycle",
        ),
        (
            "variables: {A: $B, B: $A}\na: {script: x}",
            "branch main",
            "! variable-cycle",
        ),
        (
            "variables: {A: $B, B: $A}\na: {script: x, inherit: {variables: false}}",
            "branch main",
            "a",
        ),
        (
            "variables: {A: $B, B: $A}\na: {script: x, inherit: {variables: [A]}}",
            "branch main",
            "a",
        ),
        (
            "variables: {A: $B, B: {value: $A, expand: false}}\na: {script: x}",
            "branch main",
            "a",
        ),
        ("a: {script: x, variables: {A: $A}}", "branch main", "a"),
        (
            "a: {script: x, variables: {A: $B, B: $A}, rules: [{if: $N}]}\nb: {script: x}",
            "branch main",
            "b",
        ),
    ]);
}

#[test]
fn nothing_left() {
    check(&[
        (
            "a: {script: x, rules: [{if: $N}]}",
            "branch main",
            "- no job is left by the rules",
        ),
        (
            "a: {stage: .pre, script: x}",
            "branch main",
            "- only jobs in `.pre` and `.post` are left",
        ),
        (
            "a: {stage: .pre, script: x}\nb: {stage: .post, script: x}",
            "branch main",
            "- only jobs in `.pre` and `.post` are left",
        ),
        (
            "a: {stage: .pre, script: x}\nb: {script: x}",
            "branch main",
            "a b",
        ),
        (
            "b: {stage: deploy, script: x}\na: {stage: build, script: x}",
            "branch main",
            "a b",
        ),
    ]);
}

#[test]
fn messages_that_skip() {
    for (message, event, skips) in [
        ("fix [skip ci]", "branch main", true),
        ("fix [CI SKIP] it", "branch main", true),
        ("fix [ci-skip]", "mr x", true),
        ("fix [ci_skip]", "tag v1", true),
        ("[skip_ci]", "branch main", true),
        ("[skip-ci]", "branch main", true),
        ("skip ci", "branch main", false),
        ("[skip  ci]", "branch main", false),
        ("[skip ci]", "schedule main", false),
        ("[skip ci]", "web main", false),
        ("[skip ci]", "api main", false),
    ] {
        let jobs = Case::new("a: {script: x, rules: null}", event)
            .message(message)
            .jobs();
        assert_eq!(jobs != "a", skips, "{message} at {event}");
    }
}
