//! Whose value wins, and who sees it (configuration reference 10.1, 10.2, 10.4).

use crate::plan::IncludeScope;
use crate::types::VariableLevel::{Group, Instance, Project};

use super::world::{Case, yaml_variable};

#[test]
fn yaml_layers() {
    let text = "variables: {A: root, B: root, C: root, D: root, E: root}\nworkflow: {rules: [{variables: {B: workflow, F: workflow}, when: always}]}\nj:\n  script: x\n  variables: {C: job}\n  parallel: {matrix: [{D: [matrix]}]}\n  rules: [{variables: {E: rule}}]\nk: {script: x, inherit: {variables: [A, F]}}\nl: {script: x, inherit: {variables: false}, variables: {A: own}}\n";
    let plan = Case::new(text, "branch main").plan();
    for (job, key, expected) in [
        ("j: [matrix]", "A", Some("root")),
        ("j: [matrix]", "B", Some("workflow")),
        ("j: [matrix]", "C", Some("job")),
        ("j: [matrix]", "D", Some("matrix")),
        ("j: [matrix]", "E", Some("rule")),
        ("k", "A", Some("root")),
        ("k", "B", None),
        ("k", "F", Some("workflow")),
        ("l", "A", Some("own")),
        ("l", "B", None),
    ] {
        assert_eq!(
            yaml_variable(&plan, job, key).as_deref(),
            expected,
            "{key} of {job}"
        );
    }
}

#[test]
fn conditions_see_the_strongest() {
    for (what, case, expected) in [
        ("yaml", Case::new("", "branch main"), "yaml"),
        (
            "a setting",
            Case::new("", "branch main").setting("A", "setting", "*", false),
            "setting",
        ),
        (
            "a given one",
            Case::new("", "branch main")
                .setting("A", "setting", "*", false)
                .given("A", "given"),
            "given",
        ),
        (
            "protected here",
            Case::new("", "branch main").setting("A", "setting", "*", true),
            "setting",
        ),
        (
            "protected elsewhere",
            Case::new("", "branch x").setting("A", "setting", "*", true),
            "yaml",
        ),
        (
            "of the environment",
            Case::new("", "branch main").setting("A", "setting", "prod", false),
            "setting",
        ),
        (
            "of environments like it",
            Case::new("", "branch main").setting("A", "setting", "pr*", false),
            "setting",
        ),
        (
            "of another environment",
            Case::new("", "branch main").setting("A", "setting", "qa", false),
            "yaml",
        ),
        (
            "the nearest scope",
            Case::new("", "branch main")
                .setting("A", "exact", "prod", false)
                .setting("A", "setting", "*", false),
            "exact",
        ),
    ] {
        let text = format!(
            "variables: {{A: yaml}}\na: {{script: x, environment: prod, rules: [{{if: '$A == \"{expected}\"'}}]}}\nz: {{script: x}}"
        );
        assert_eq!(case.text(&text).jobs(), "a z", "{what}");
    }
}

/// The list is in no order: what is written later wins only where all else is equal.
#[test]
fn the_level_comes_before_the_environment_scope() {
    for (what, settings, expected) in [
        (
            "a project beats a group, whatever their scopes",
            &[(Group(1), "group", "prod"), (Project, "project", "*")][..],
            "project",
        ),
        (
            "in any order",
            &[(Project, "project", "*"), (Group(1), "group", "prod")],
            "project",
        ),
        (
            "a subgroup beats its group",
            &[(Group(2), "subgroup", "*"), (Group(1), "group", "prod")],
            "subgroup",
        ),
        (
            "a group beats the instance",
            &[(Group(1), "group", "*"), (Instance, "instance", "prod")],
            "group",
        ),
        (
            "an exact scope beats patterns of its level",
            &[
                (Project, "exact", "prod"),
                (Project, "pattern", "pr*"),
                (Project, "any", "*"),
            ],
            "exact",
        ),
        (
            "a long pattern beats a short one",
            &[(Project, "long", "pro*"), (Project, "short", "p*")],
            "long",
        ),
        (
            "a scope that does not fit counts for nothing",
            &[(Group(1), "group", "*"), (Project, "project", "qa")],
            "group",
        ),
        (
            "of equal ones the later",
            &[(Project, "first", "*"), (Project, "second", "*")],
            "second",
        ),
    ] {
        let mut case = Case::new("", "branch main");
        for (level, value, scope) in settings {
            case = case.setting_at(*level, ("A", value), scope, false);
        }
        let text = format!(
            "a: {{script: x, environment: prod, rules: [{{if: '$A == \"{expected}\"'}}]}}\nz: {{script: x}}"
        );
        assert_eq!(case.text(&text).jobs(), "a z", "{what}");
    }
}

#[test]
fn keywords_are_expanded() {
    let text = "variables: {A: a, B: $A-b}\nj:\n  script: x\n  tags: [$A, $B, '${NOPE}', '%A%']\n  environment: {name: review/$B/$NOPE, url: https://$A}\n";
    let plan = Case::new(text, "branch main").plan();
    let job = &plan.jobs[0];
    assert_eq!(job.tags, ["a", "$A-b", "${NOPE}", "a"]);
    let environment = job.environment.as_ref().expect("the job has one");
    assert_eq!(environment.name, "review/a-b/");
    assert_eq!(environment.tier, "development");
}

#[test]
fn tiers_are_guessed_from_names() {
    for (name, tier) in [
        ("production", "production"),
        ("live", "production"),
        ("staging", "staging"),
        ("preprod", "staging"),
        ("qa-1", "testing"),
        ("review/x", "development"),
        ("dev", "development"),
        ("customer", "other"),
    ] {
        let plan = Case::new(
            &format!("j: {{script: x, environment: {name}}}"),
            "branch main",
        )
        .plan();
        let environment = plan.jobs[0].environment.as_ref().expect("the job has one");
        assert_eq!(environment.tier, tier, "{name}");
    }
}

#[test]
fn yaml_variables_that_name_variables_of_the_runner() {
    for (yaml, key, expected) in [
        (
            "OUT: $CI_PROJECT_DIR/out",
            "OUT",
            "/builds/group/project/out",
        ),
        // The server leaves it, the runner looks once and finds the entry itself.
        (
            "CI_PROJECT_DIR: '${CI_PROJECT_DIR}/sub'",
            "CI_PROJECT_DIR",
            "${CI_PROJECT_DIR}/sub/sub",
        ),
        (
            "CI_BUILDS_DIR: $CI_BUILDS_DIR/x",
            "CI_BUILDS_DIR",
            "$CI_BUILDS_DIR/x/x",
        ),
        (
            "CI_CONCURRENT_ID: 'n$CI_CONCURRENT_ID'",
            "CI_CONCURRENT_ID",
            "nn$CI_CONCURRENT_ID",
        ),
        (
            "CI_JOB_STATUS: '${CI_JOB_STATUS}!'",
            "CI_JOB_STATUS",
            "${CI_JOB_STATUS}!!",
        ),
        ("CI_JOB_IMAGE: other", "CI_JOB_IMAGE", "other"),
        ("CI_RUNNER_VERSION: mine", "CI_RUNNER_VERSION", "18.11.0"),
        // One that the server knows.
        (
            "CI_COMMIT_REF_NAME: $CI_COMMIT_REF_NAME-x",
            "CI_COMMIT_REF_NAME",
            "main-x",
        ),
    ] {
        let text = format!("j: {{script: x, variables: {{{yaml}}}}}");
        let found = Case::new(&text, "branch main").in_shell(key);
        assert_eq!(found.as_deref(), Some(expected), "{yaml}");
    }
}

#[test]
fn variables_that_are_always_or_never_there() {
    for (key, event, expected) in [
        ("CI_PIPELINE_NAME", "branch main", Some("")),
        (
            "CI_DEPENDENCY_PROXY_USER",
            "branch main",
            Some("gitlab-ci-token"),
        ),
        ("CI_MERGE_REQUEST_IID", "mr x", Some("1")),
        // Only GitLab knows who approved.
        ("CI_MERGE_REQUEST_APPROVED", "mr x", None),
    ] {
        let found =
            Case::new("j: {script: x, only: [branches, merge_requests]}", event).in_shell(key);
        assert_eq!(found.as_deref(), expected, "{key}");
    }
}

/// It takes a look at the whole work tree to know.
#[test]
fn what_was_there_before_the_push_is_found_out_only_for_those_who_ask() {
    let silent = "variables: {A: $CI_COMMIT_SHA, B: \"a$A\"}\nj:\n  script: [echo $CI_COMMIT_BEFORE_SHA]\n  image: debian:$B\n  environment: {name: $A}\n  rules: [{if: $B, exists: [$A/*, README.md]}]\n";
    let case = Case::new(silent, "branch main").before(|| panic!("nobody has asked"));
    assert_eq!(case.jobs(), "j");
    IncludeScope::new(case.facts()).path("$CI_COMMIT_SHA.yml");

    let case = case.before(|| "abc".to_owned());
    assert_eq!(
        case.in_shell("CI_COMMIT_BEFORE_SHA").as_deref(),
        Some("abc")
    );
    for (asks, jobs) in [
        (
            "j: {script: x, rules: [{if: $CI_COMMIT_BEFORE_SHA == 'abc'}]}",
            "j",
        ),
        (
            "j: {script: x, variables: {A: 'x$CI_COMMIT_BEFORE_SHA'}, rules: [{exists: [$A, README.md]}]}",
            "j",
        ),
        (
            "j: {script: x, rules: [{if: $CI_COMMIT_BEFORE_SHA == 'abd'}]}\nk: {script: x}",
            "k",
        ),
    ] {
        assert_eq!(case.clone().text(asks).jobs(), jobs, "{asks}");
    }
}
