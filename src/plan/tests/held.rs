//! Held jobs (design chapter 3).

use super::world::Case;
use crate::plan::{Outside, Release, Selection, choose};

#[test]
fn what_is_held_and_what_lets_it_go() {
    let jobs = |names: &[&str]| Release::Jobs(names.iter().map(ToString::to_string).collect());
    let environments =
        |names: &[&str]| Release::Environments(names.iter().map(ToString::to_string).collect());
    for (keys, globs, release, named, expected) in [
        ("", &[][..], Release::Nothing, &[][..], None),
        (
            "environment: prod",
            &[],
            Release::Nothing,
            &[],
            Some("deploys to prod"),
        ),
        (
            "environment: {name: prod, action: stop}",
            &[],
            Release::Nothing,
            &[],
            Some("stops prod"),
        ),
        (
            "environment: {name: prod, action: verify}",
            &[],
            Release::Nothing,
            &[],
            None,
        ),
        (
            "environment: {name: prod, action: prepare}",
            &[],
            Release::Nothing,
            &[],
            None,
        ),
        (
            "environment: {name: prod, action: access}",
            &[],
            Release::Nothing,
            &[],
            None,
        ),
        (
            "environment: prod, when: manual",
            &[],
            Release::Nothing,
            &[],
            None,
        ),
        ("environment: prod", &[], Release::All, &[], None),
        ("environment: prod", &[], environments(&["prod"]), &[], None),
        (
            "environment: prod",
            &[],
            environments(&["qa"]),
            &[],
            Some("deploys to prod"),
        ),
        ("environment: prod", &[], Release::Nothing, &["a"], None),
        ("environment: prod", &[], jobs(&["a"]), &[], None),
        (
            "environment: prod",
            &[],
            jobs(&["b"]),
            &[],
            Some("deploys to prod"),
        ),
        (
            "release: {tag_name: v1, description: d}",
            &[],
            Release::Nothing,
            &[],
            Some("makes a release"),
        ),
        (
            "release: {tag_name: v1, description: d}",
            &[],
            environments(&["prod"]),
            &[],
            Some("makes a release"),
        ),
        (
            "pages: true",
            &[],
            Release::Nothing,
            &[],
            Some("publishes Pages"),
        ),
        (
            "stage: test",
            &["a*"],
            Release::Nothing,
            &[],
            Some("is named by the setting `held`"),
        ),
        ("stage: test", &["b*"], Release::Nothing, &[], None),
    ] {
        // The environments that are released exist, whatever the job acts on.
        let others = "b: {script: x, environment: prod}\nc: {script: x, environment: qa}";
        let text = format!("a: {{script: x, {keys}}}\n{others}");
        let whole = Case::new(&text, "branch main").plan();
        let list = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
        let selection = Selection {
            jobs: list(named),
            ..Selection::default()
        };
        let outside = Outside {
            held: list(globs),
            release: release.clone(),
        };
        let plan = choose(&whole, &selection, &outside)
            .expect("there is a job")
            .plan;
        assert_eq!(
            plan.jobs[0].held.as_deref(),
            expected,
            "{keys} with {release:?}"
        );
    }
}

#[test]
fn an_environment_without_a_name_is_no_reason_to_release_all() {
    for (job, environment, expected) in [
        ("j", "prod", "--deploy=prod"),
        ("j", "two words", "--deploy='two words'"),
        ("j", "$UNSET", "--job j"),
        ("j", "'$UNSET '", "--job j"),
        ("it's", "$UNSET", r"--job 'it'\''s'"),
    ] {
        let text = format!("\"{job}\": {{script: x, environment: {environment}}}\n");
        let case = Case::new(&text, "branch main");
        let option = case.plan().jobs[0].release_option(case.facts());
        assert_eq!(option.to_string(), expected, "{environment}");
    }
}
