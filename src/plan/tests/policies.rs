//! `only` and `except` at every event (configuration reference 6.9, 11.2).

use super::world::{Case, check};

const EVENTS: &[&str] = &[
    "branch main",
    "branch x",
    "tag v1",
    "mr x",
    "schedule main",
    "web main",
    "api main",
    "trigger main",
    "pipeline main",
    "parent_pipeline main",
    "chat main",
    "external main",
];

/// The events at which a job with this policy is in the pipeline.
fn events(policy: &str) -> String {
    let text = format!("a: {{script: x{policy}}}\nz: {{script: x, rules: [{{when: always}}]}}\n");
    let inside = |event: &&&str| {
        Case::new(&text, event)
            .jobs()
            .split(' ')
            .any(|name| name == "a")
    };
    let events: Vec<&str> = EVENTS.iter().filter(inside).copied().collect();
    events.join(", ")
}

#[test]
fn events_of_policies() {
    const BRANCH_EVENTS: &str = "branch main, branch x, schedule main, web main, api main, trigger main, pipeline main, parent_pipeline main, chat main, external main";
    const NO_MR: &str = "branch main, branch x, tag v1, schedule main, web main, api main, trigger main, pipeline main, parent_pipeline main, chat main, external main";
    const MAIN: &str = "branch main, schedule main, web main, api main, trigger main, pipeline main, parent_pipeline main, chat main, external main";
    const NOT_MAIN: &str = "branch x, tag v1";
    let broken: Vec<String> = [
        ("", NO_MR),
        (", only: null", NO_MR),
        (", only: []", ""),
        (", only: [branches]", BRANCH_EVENTS),
        (", only: [branch]", ""),
        (", only: [tags]", "tag v1"),
        (", only: [merge_requests]", "mr x"),
        (", only: [merge_request]", "mr x"),
        (", only: [pushes]", "branch main, branch x, tag v1"),
        (", only: [push]", "branch main, branch x, tag v1"),
        (", only: [schedules]", "schedule main"),
        (", only: [web]", "web main"),
        (", only: [webs]", "web main"),
        (", only: [api]", "api main"),
        (", only: [triggers]", "trigger main"),
        (", only: [pipelines]", "pipeline main"),
        (", only: [parent_pipelines]", "parent_pipeline main"),
        (", only: [chat]", "chat main"),
        (", only: [external]", "external main"),
        (", only: [main]", MAIN),
        (", only: [v1]", "tag v1"),
        (", only: [/^m/]", MAIN),
        (", only: [/^M/]", ""),
        (", only: [/^M/i]", MAIN),
        (", only: [/x/]", "branch x"),
        (", only: ['m*']", ""),
        (", only: [main@group/project]", MAIN),
        (", only: [main@group/other]", ""),
        (", only: [branches@group/project]", BRANCH_EVENTS),
        (", only: [tags@group/other]", ""),
        (", only: {refs: [tags]}", "tag v1"),
        (", only: {variables: [$CI_COMMIT_TAG]}", "tag v1"),
        (", only: {refs: [merge_requests], variables: [$CI_COMMIT_TAG]}", ""),
        (", only: {variables: []}", ""),
        (", only: {changes: [none]}", NO_MR),
        (", only: {kubernetes: active}", ""),
        (", except: [main]", NOT_MAIN),
        (", except: []", NO_MR),
        (", except: [branches]", "tag v1"),
        (", except: [branches, tags]", ""),
        (", except: {refs: [tags]}", BRANCH_EVENTS),
        (", except: {variables: [$CI_COMMIT_TAG]}", BRANCH_EVENTS),
        (", except: {changes: [none]}", ""),
        (", except: {kubernetes: active}", NO_MR),
        (", only: [branches, merge_requests], except: [main]", "branch x, mr x"),
        (", rules: null", "branch main, branch x, tag v1, mr x, schedule main, web main, api main, trigger main, pipeline main, parent_pipeline main, chat main, external main"),
    ]
    .into_iter()
    .filter_map(|(policy, expected)| {
        let found = events(policy);
        (found != expected).then(|| format!("`{policy}`\n    expected: {expected}\n    found:    {found}"))
    })
    .collect();
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn a_schedule_can_be_for_a_tag() {
    let case = Case::new("a: {script: x, only: [tags]}", "schedule v1").on_tag();
    assert_eq!(case.jobs(), "a");
}

#[test]
fn known_changes_decide() {
    for (text, changed, expected) in [
        ("only: {changes: ['src/*']}", &["src/lib.c"][..], "a z"),
        ("only: {changes: ['src/*']}", &["README.md"], "z"),
        ("only: {changes: ['src/*']}", &[], "z"),
        ("only: {changes: []}", &["README.md"], "z"),
        ("except: {changes: ['src/*']}", &["src/lib.c"], "z"),
        ("except: {changes: ['src/*']}", &["README.md"], "a z"),
        ("only: {changes: ['$DIR/*']}", &["src/lib.c"], "z"),
    ] {
        let text = format!("variables: {{DIR: src}}\na: {{script: x, {text}}}\nz: {{script: x}}");
        let case = Case::new(&text, "branch main").changed(changed);
        assert_eq!(case.jobs(), expected, "{text} with {changed:?}");
    }
}

#[test]
fn workflow_rules_take_the_default_away() {
    check(&[
        (
            "workflow: {rules: [{when: always}]}\na: {script: x}",
            "mr x",
            "a",
        ),
        ("workflow: {rules: null}\na: {script: x}", "mr x", "a"),
        (
            "workflow: {name: n}\na: {script: x}",
            "mr x",
            "- jobs without `rules` are not in merge request pipelines",
        ),
        (
            "a: {script: x}\nb: {script: x, rules: [{if: $N}]}",
            "mr x",
            "- no job is left by the rules",
        ),
        (
            "workflow: {rules: [{when: always}]}\na: {script: x, except: [tags]}",
            "mr x",
            "a",
        ),
        (
            "workflow: {rules: [{when: always}]}\na: {script: x, only: {changes: [b]}}",
            "mr x",
            "- no job is left by the rules",
        ),
    ]);
}
