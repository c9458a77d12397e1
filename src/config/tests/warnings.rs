//! What works and yet is told: each row is a configuration and the codes of its warnings.

use crate::diag::Severity;

use super::world::Tree;

fn warnings(text: &str) -> String {
    let loaded = Tree::of(text).load();
    assert!(loaded.config.is_some(), "valid: {text}");
    let warnings = (loaded.diagnostics.iter()).filter(|d| d.severity == Severity::Warning);
    let codes: Vec<&str> = warnings.map(|d| d.code.as_str()).collect();
    codes.join(" ")
}

#[test]
fn two_pipelines_for_one_push() {
    for (rules, twice) in [
        ("[{when: always}]", true),
        ("[{if: $A, when: never}, {when: manual}]", true),
        ("[{when: always, if: ~}]", true),
        ("[{when: never}]", false),
        ("[{when: manual, allow_failure: true}]", false),
        ("[{when: manual, variables: {A: b}}]", false),
        ("[{when: delayed, start_in: 1 hour}]", false),
        ("[{when: always, interruptible: true}]", false),
        ("[{when: always, needs: []}]", false),
        ("[{when: always}, {if: $A}]", false),
        ("[{allow_failure: true}]", false),
    ] {
        let expected = if twice { "duplicate-pipelines" } else { "" };
        let job = format!("a: {{script: x, rules: {rules}}}\n");
        assert_eq!(warnings(&job), expected, "{rules}");
        let with_workflow = format!("{job}workflow: {{rules: [{{if: $CI}}]}}");
        assert_eq!(warnings(&with_workflow), "", "{rules} and a workflow");
    }
    let parallel = "a: {script: x, parallel: 3, rules: [{when: always}]}";
    assert_eq!(warnings(parallel), "duplicate-pipelines", "told once");
}

#[test]
fn reasons_of_newer_servers() {
    for (when, unknown) in [
        ("runner_interrupted", 1),
        ("[script_failure, runner_configuration_error]", 1),
        ("[no_updates_running, server_timeout_running]", 2),
        ("script_failur", 1),
        ("[always, job_router_failure]", 0),
    ] {
        let job = format!("a: {{script: x, retry: {{max: 1, when: {when}}}}}");
        let expected = vec!["retry-reason-unknown"; unknown].join(" ");
        assert_eq!(warnings(&job), expected, "{when}");
    }
}

#[test]
fn a_reason_that_is_close_to_another_is_suggested() {
    let text = "a: {script: x, retry: {max: 1, when: ci_quota_exceded}}";
    let found = Tree::of(text).load().diagnostics;
    let [diagnostic] = &found[..] else {
        panic!("one finding: {found:?}");
    };
    assert_eq!(diagnostic.help, ["did you mean `ci_quota_exceeded`?"]);
    assert!(!diagnostic.notes.concat().contains("ci_quota"));
}
