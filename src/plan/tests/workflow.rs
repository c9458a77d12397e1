//! `workflow` (configuration reference 5.5).

use super::world::{Case, check};

#[test]
fn rules() {
    check(&[
        (
            "workflow: {rules: [{if: $CI_COMMIT_BRANCH}]}\na: {script: x}",
            "branch main",
            "a",
        ),
        (
            "workflow: {rules: [{if: $CI_COMMIT_BRANCH}]}\na: {script: x}",
            "tag v1",
            "- workflow: no rule matched",
        ),
        (
            "workflow: {rules: [{when: never}]}\na: {script: x}",
            "branch main",
            "- workflow: the rule without condition says `never`",
        ),
        (
            "workflow: {rules: [{if: $A == \"1\"}]}\nvariables: {A: 1}\na: {script: x}",
            "branch main",
            "a",
        ),
        (
            "workflow: {rules: [{if: $B == \"$A\"}]}\nvariables: {A: 1, B: $A}\na: {script: x}",
            "branch main",
            "a",
        ),
        (
            "workflow: {rules: [{if: $CI_JOB_NAME}]}\na: {script: x}",
            "branch main",
            "- workflow: no rule matched",
        ),
        (
            "workflow: {rules: [{if: $J}]}\na: {script: x, variables: {J: 1}}",
            "branch main",
            "- workflow: no rule matched",
        ),
        (
            "workflow: {rules: [{if: $GITLAB_USER_LOGIN}]}\na: {script: x}",
            "branch main",
            "a",
        ),
        (
            "workflow: {rules: [{if: $CI_PIPELINE_ID}]}\na: {script: x}",
            "branch main",
            "- workflow: no rule matched",
        ),
        (
            "workflow: {rules: [{exists: [README.md]}]}\na: {script: x}",
            "branch main",
            "a",
        ),
    ]);
}

#[test]
fn names() {
    for (name, expected) in [
        ("plain", Some("plain")),
        ("'  on $CI_COMMIT_BRANCH '", Some("on main")),
        ("$A-$B", Some("1-1!")),
        ("$W", Some("rule")),
        ("$NOPE", None),
        ("$CI_JOB_NAME", None),
        ("''", None),
    ] {
        let text = format!(
            "variables: {{A: 1, B: $A!, W: root}}\nworkflow: {{name: {name}, rules: [{{when: always, variables: {{W: rule}}}}]}}\na: {{script: x}}"
        );
        let plan = Case::new(&text, "branch main").plan();
        assert_eq!(plan.name.as_deref(), expected, "{name}");
    }
}

#[test]
fn cancelling_after_a_failure() {
    for (workflow, expected) in [
        ("{}", false),
        ("{auto_cancel: {on_job_failure: all}}", true),
        ("{auto_cancel: {on_job_failure: none}}", false),
        (
            "{auto_cancel: {on_job_failure: all}, rules: [{auto_cancel: {on_job_failure: none}}]}",
            false,
        ),
        (
            "{auto_cancel: {on_job_failure: all}, rules: [{auto_cancel: {on_new_commit: none}}]}",
            true,
        ),
        (
            "{rules: [{if: $N, auto_cancel: {on_job_failure: all}}, {when: always}]}",
            false,
        ),
    ] {
        let plan = Case::new(
            &format!("workflow: {workflow}\na: {{script: x}}"),
            "branch main",
        )
        .plan();
        assert_eq!(plan.cancel_on_failure, expected, "{workflow}");
    }
}
