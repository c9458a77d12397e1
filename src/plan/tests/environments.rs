//! Environments that GitLab can't make (configuration reference 6.15).

use super::world::Case;
use crate::plan::{Outside, Selection, choose, warnings};

/// What is wrong with the environment of job `a` on a branch with an odd name.
fn fault(keys: &str) -> Option<String> {
    let text = format!(
        "variables: {{EMPTY: '', DIR: review, NESTED: $DIR/$EMPTY}}\na: {{script: x, {keys}}}"
    );
    let plan = Case::new(&text, "branch bug-fix!+1").plan();
    let fault = plan.jobs[0].environment_fault()?;
    Some(fault.what.clone())
}

#[test]
fn names_and_tiers_that_are_refused_after_expansion() {
    let name = |what: &str| Some(format!("the name of its environment {what}"));
    let long = "x".repeat(250);
    for (keys, expected) in [
        ("environment: production", None),
        ("environment: review/$CI_COMMIT_REF_SLUG", None),
        ("environment: '$DIR/${EMPTY}a'", None),
        ("environment: {name: x, deployment_tier: other}", None),
        (
            "environment: {name: x, url: '$EMPTY', action: verify}",
            None,
        ),
        (
            "environment: review/$CI_COMMIT_REF_NAME",
            name("is `review/bug-fix!+1` and holds `!`"),
        ),
        (
            "environment: {name: review/$EMPTY}",
            name("is `review/` and ends with `/`"),
        ),
        (
            "environment: $NESTED",
            name("is `review/` and ends with `/`"),
        ),
        ("environment: $NO/x", name("is `/x` and begins with `/`")),
        (
            "environment: {name: $EMPTY, action: stop}",
            name("is empty"),
        ),
        ("environment: {name: $E, action: prepare}", name("is empty")),
        (
            "environment: x/$CI_PIPELINE_ID",
            name("is `x/` and ends with `/`"),
        ),
        (
            "variables: {A: 'a:b'}, environment: $A",
            name("is `a:b` and holds `:`"),
        ),
        (
            &format!("environment: {long}$DIR"),
            name("has 256 characters"),
        ),
        (
            "environment: {name: x, deployment_tier: prod}",
            Some("`prod` is no tier of an environment".to_owned()),
        ),
        (
            "environment: {name: x, deployment_tier: $DIR}",
            Some("`$DIR` is no tier of an environment".to_owned()),
        ),
    ] {
        assert_eq!(fault(keys), expected, "{keys}");
    }
}

#[test]
fn the_variables_of_the_matching_rule_count() {
    let plan = |text: &str| Case::new(text, "branch main").plan();
    let good = plan("a: {script: x, environment: $E, rules: [{variables: {E: prod}}]}");
    let environment = good.jobs[0].environment.as_ref().expect("one");
    assert_eq!(
        (&*environment.name, &*environment.tier),
        ("prod", "production")
    );
    assert_eq!(environment.fault, None);
    let bad = plan(
        "variables: {E: prod}\na: {script: x, environment: $E, rules: [{variables: {E: 'a:b'}}]}",
    );
    assert!(bad.jobs[0].environment_fault().is_some());
}

#[test]
fn the_warning_names_what_to_do() {
    for (keys, line, help) in [
        (
            "environment: {name: review/$EMPTY$GONE}",
            "job `a` fails as soon as the pipeline is made (`environment_creation_failure`): the name of its environment is `review/` and ends with `/`",
            vec![
                "`EMPTY` and `GONE` are empty here: where GitLab has their values, say so in `.pipe/variables.yml`, or with `--var EMPTY=VALUE --var GONE=VALUE`",
            ],
        ),
        (
            "environment: r/$CI_COMMIT_REF_NAME",
            "job `a` fails as soon as the pipeline is made (`environment_creation_failure`): the name of its environment is `r/b!` and holds `!`",
            vec!["variables that end in `_SLUG`, as `CI_COMMIT_REF_SLUG`, hold only what fits"],
        ),
        (
            "environment: {name: x, deployment_tier: Staging}",
            "job `a` fails as soon as the pipeline is made (`environment_creation_failure`): `Staging` is no tier of an environment",
            vec!["did you mean `staging`?"],
        ),
    ] {
        let text = format!("variables: {{EMPTY: ''}}\na: {{script: x, {keys}}}");
        let case = Case::new(&text, "branch b!");
        let found = warnings(&case.plan(), case.facts(), &|_| true);
        let told = found.first().expect("a warning");
        assert_eq!(told.code.as_str(), "environment-invalid");
        assert_eq!(told.message, line);
        assert_eq!(told.help, help, "{keys}");
        assert!(told.primary.is_some());
    }
}

#[test]
fn such_a_job_is_not_held_and_can_be_needed() {
    let text = "a: {script: x, when: manual, environment: $E/$E}\nb: {script: x, environment: $E}\nc: {script: x, needs: [a]}";
    let whole = Case::new(text, "branch main").plan();
    let chosen = choose(&whole, &Selection::default(), &Outside::default()).expect("all");
    assert!(chosen.plan.jobs.iter().all(|job| job.held.is_none()));
    let needing = Selection {
        jobs: vec!["c".to_owned()],
        ..Selection::default()
    };
    let chosen = choose(&whole, &needing, &Outside::default()).expect("`a` need not be played");
    assert_eq!(chosen.plan.jobs.len(), 2);
}
