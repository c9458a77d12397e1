//! What a matching rule makes of its job (configuration reference 6.7).

use super::world::{Case, check};
use crate::types::AllowFailure;

#[test]
fn when_and_allow_failure() {
    let broken: Vec<String> = [
        ("", "on_success false"),
        ("when: manual", "manual true"),
        ("when: manual, allow_failure: false", "manual false"),
        ("when: manual, allow_failure: {}", "manual false"),
        ("when: delayed, start_in: 5 min", "delayed false in 300"),
        ("when: always", "always false"),
        ("when: on_failure, allow_failure: true", "on_failure true"),
        ("rules: [{if: $A}, {when: manual}]", "manual false"),
        (
            "rules: [{when: manual, allow_failure: true}]",
            "manual true",
        ),
        (
            "when: manual, rules: [{if: $CI_COMMIT_BRANCH}]",
            "manual true",
        ),
        (
            "when: manual, rules: [{when: on_success}]",
            "on_success true",
        ),
        (
            "when: always, rules: [{if: $CI_COMMIT_BRANCH}]",
            "always false",
        ),
        (
            "allow_failure: true, rules: [{when: manual}]",
            "manual true",
        ),
        ("allow_failure: {exit_codes: [1, 3]}", "on_success [1, 3]"),
        (
            "allow_failure: {exit_codes: 1}, rules: [{allow_failure: false}]",
            "on_success false",
        ),
        (
            "allow_failure: {exit_codes: 1}, rules: [{when: always}]",
            "always [1]",
        ),
        (
            "rules: [{when: delayed, start_in: 1 day}]",
            "delayed false in 86400",
        ),
        ("rules: null, when: manual", "manual true"),
    ]
    .into_iter()
    .filter_map(|(keys, expected)| {
        let plan = Case::new(&format!("a: {{script: x, {keys}}}"), "branch main").plan();
        let job = &plan.jobs[0];
        let allow = match &job.allow_failure {
            AllowFailure::Yes => "true".to_owned(),
            AllowFailure::No => "false".to_owned(),
            AllowFailure::ExitCodes(codes) => format!("{codes:?}"),
        };
        let delay = job
            .start_in
            .as_ref()
            .map_or(String::new(), |delay| format!(" in {}", delay.seconds));
        let found = format!("{} {allow}{delay}", job.when.as_str());
        (found != expected).then(|| format!("{keys}: expected {expected}, found {found}"))
    })
    .collect();
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn which_rule_matches() {
    let rows = [
        ("[{if: $NOPE}]", "z"),
        ("[{when: never}]", "z"),
        ("[{if: $NOPE}, {when: on_success}]", "a z"),
        (
            "[{if: $CI_COMMIT_BRANCH, when: never}, {when: always}]",
            "z",
        ),
        ("[{if: $CI_COMMIT_BRANCH, exists: [README.md]}]", "a z"),
        ("[{if: $CI_COMMIT_BRANCH, exists: [nope]}]", "z"),
        ("[{exists: ['src/*']}]", "a z"),
        ("[{exists: ['*.c']}]", "z"),
        ("[{exists: ['**/*.c']}]", "a z"),
        ("[{exists: [src]}]", "z"),
        ("[{exists: []}]", "z"),
        ("[{exists: README.md}]", "a z"),
        ("[{exists: ['$DIR/lib.c']}]", "a z"),
        ("[{exists: null}]", "a z"),
        ("[{changes: [nope]}]", "a z"),
        ("[{if: null}]", "a z"),
        ("[[{if: $NOPE}], [[{when: always}]]]", "a z"),
        ("[{if: '$CI_JOB_NAME == \"a\"'}]", "a z"),
        ("[{if: '$CI_JOB_STAGE == \"test\"'}]", "a z"),
        ("[{if: $CI_JOB_ID}]", "z"),
        ("[{if: $CI_PIPELINE_ID}]", "z"),
        ("[{if: $GITLAB_USER_LOGIN == \"me\"}]", "a z"),
        ("[{if: $OWN == \"1\"}]", "a z"),
        ("[{if: $REF == \"$OWN\"}]", "a z"),
        ("[{if: $REF == \"1\"}]", "z"),
        ("[{if: $LATE, variables: {LATE: 1}}]", "z"),
        ("[{if: $CI_ENVIRONMENT_NAME == \"prod-1\"}]", "a z"),
        ("[{if: $CI_ENVIRONMENT_TIER == \"production\"}]", "a z"),
        ("[{if: $CI_ENVIRONMENT_ACTION == \"verify\"}]", "a z"),
        ("[{if: $CI_JOB_MANUAL}]", "z"),
        (
            "[{if: $NOPE, changes: {paths: [a], compare_to: nope}}, {when: always}]",
            "a z",
        ),
    ];
    let text = |rules: &str| {
        format!(
            "variables: {{DIR: src}}\na:\n  script: x\n  variables: {{OWN: 1, REF: $OWN}}\n  environment: {{name: prod-$OWN, action: verify}}\n  rules: {rules}\nz: {{script: x}}"
        )
    };
    let broken: Vec<String> = rows
        .into_iter()
        .filter_map(|(rules, expected)| {
            let found = Case::new(&text(rules), "branch main").jobs();
            (found != expected).then(|| format!("{rules}: expected {expected}, found {found}"))
        })
        .collect();
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn a_clause_that_fails() {
    check(&[
        (
            "a: {script: x, rules: [{changes: {paths: [a], compare_to: bad}}]}",
            "branch main",
            "- no job is left by the rules",
        ),
        (
            "a: {script: x, rules: [{changes: {paths: [a], compare_to: bad}}]}\nb: {script: x}",
            "branch main",
            "! rule-failed",
        ),
        (
            "a: {script: x, rules: [{changes: {paths: [a], compare_to: bad}}]}\nb: {stage: build, script: x}",
            "branch main",
            "b",
        ),
        (
            "a: {script: x, rules: [{exists: {paths: [a], project: g/p}}]}\nb: {script: x}",
            "branch main",
            "! rule-failed",
        ),
    ]);
}

#[test]
fn a_rule_replaces_needs_and_interruptible() {
    let plan = Case::new(
        "a: {script: x, stage: build}\nb: {script: x, stage: build}\nc: {script: x, needs: [a], interruptible: true, rules: [{needs: [b], interruptible: false}]}\nd: {script: x, needs: [a], rules: [{needs: []}]}\ne: {script: x, rules: [{needs: []}]}",
        "branch main",
    )
    .plan();
    let needs = |at: usize| {
        let needs = plan.jobs[at].needs.as_ref()?;
        Some(
            needs
                .iter()
                .map(|need| need.job.to_string())
                .collect::<Vec<_>>(),
        )
    };
    assert_eq!(needs(2), Some(vec!["b".to_owned()]));
    assert_eq!(plan.jobs[2].interruptible, Some(false));
    assert_eq!(
        needs(3),
        Some(vec!["a".to_owned()]),
        "an empty list replaces nothing"
    );
    assert_eq!(needs(4), None, "an empty list starts nothing");
}
