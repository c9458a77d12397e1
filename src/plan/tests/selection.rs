//! Choosing jobs (design chapter 2).

use super::world::{Case, names};
use crate::plan::{Chosen, Job, Outside, Plan, Release, Selection, SelectionError};

const TEXT: &str = "
build: {stage: build, script: x, artifacts: {paths: [out]}}
lint: {stage: build, script: x}
test: {script: x, parallel: 2}
approve: {script: x, when: manual}
unit: {script: x, needs: [build]}
deploy: {stage: deploy, script: x}
release: {stage: deploy, script: x, needs: [approve]}
";

fn list(names: &[&str]) -> Vec<String> {
    names.iter().map(ToString::to_string).collect()
}

fn choose(whole: &Plan, selection: &Selection) -> Result<Chosen, SelectionError> {
    crate::plan::choose(whole, selection, &Outside::default())
}

fn jobs(names: &[&str]) -> Selection {
    Selection {
        jobs: list(names),
        ..Selection::default()
    }
}

#[test]
fn selections() {
    let all = "build lint test 1/2 test 2/2 approve unit deploy release";
    for (what, selection, expected) in [
        ("nothing chosen", Selection::default(), all),
        (
            "without needs: who gives artifacts",
            jobs(&["deploy"]),
            "build deploy",
        ),
        ("with needs", jobs(&["unit"]), "build unit"),
        ("a base name", jobs(&["test"]), "build test 1/2 test 2/2"),
        ("one instance", jobs(&["test 2/2"]), "build test 2/2"),
        ("a glob", jobs(&["*t 1/2"]), "build test 1/2"),
        ("a manual job", jobs(&["approve"]), "build approve"),
        (
            "a manual job that is needed is named too",
            jobs(&["release", "approve"]),
            "build approve release",
        ),
        (
            "a stage",
            Selection {
                stages: list(&["deploy"]),
                exclude: list(&["release"]),
                ..Selection::default()
            },
            "build deploy",
        ),
        (
            "excluded",
            Selection {
                exclude: list(&["test", "lint"]),
                ..Selection::default()
            },
            "build approve unit deploy release",
        ),
        (
            "no needs",
            Selection {
                no_needs: true,
                ..jobs(&["unit"])
            },
            "unit",
        ),
        (
            "played",
            Selection {
                manual: list(&["approve"]),
                ..Selection::default()
            },
            all,
        ),
    ] {
        let plan = Case::new(TEXT, "branch main").plan();
        let chosen = choose(&plan, &selection).unwrap_or_else(|error| panic!("{what}: {error:?}"));
        assert_eq!(names(&chosen.plan), expected, "{what}");
        assert_eq!(chosen.is_whole(), expected == all, "{what}");
    }
}

#[test]
fn what_is_named_is_played() {
    let plan = Case::new(TEXT, "branch main").plan();
    let chosen = choose(&plan, &jobs(&["approve"])).expect("it is there");
    let played = chosen.plan.jobs.iter().filter(|job| job.played);
    assert_eq!(played.map(Job::name).collect::<Vec<_>>(), ["approve"]);
}

#[test]
fn a_delayed_job_can_be_played() {
    let text = "a: {script: x, when: delayed, start_in: 1 day}\nb: {script: x}";
    let plan = Case::new(text, "branch main").plan();
    let played = |selection: &Selection| {
        let chosen = choose(&plan, selection).expect("it is there");
        chosen.plan.jobs[0].played
    };
    let manual = Selection {
        manual: list(&["a"]),
        ..Selection::default()
    };
    assert!(played(&manual));
    assert!(played(&jobs(&["a"])));
    assert!(!played(&Selection::default()));
}

#[test]
fn what_is_excluded_is_needed_no_more() {
    let plan = Case::new(TEXT, "branch main").plan();
    let selection = Selection {
        exclude: list(&["build"]),
        ..Selection::default()
    };
    let chosen = choose(&plan, &selection).expect("it is there");
    let unit = chosen
        .plan
        .jobs
        .iter()
        .find(|job| job.name() == "unit")
        .expect("it is kept");
    assert_eq!(unit.needs.as_deref(), Some(&[][..]));
}

#[test]
fn errors() {
    for (selection, expected) in [
        (
            jobs(&["nope"]),
            SelectionError::UnknownJob("nope".to_owned()),
        ),
        (
            Selection {
                stages: list(&["nope"]),
                ..Selection::default()
            },
            SelectionError::UnknownStage("nope".to_owned()),
        ),
        (
            Selection {
                exclude: list(&["nope"]),
                ..Selection::default()
            },
            SelectionError::UnknownJob("nope".to_owned()),
        ),
        (
            Selection {
                manual: list(&["lint"]),
                ..Selection::default()
            },
            SelectionError::NotManual("lint".to_owned()),
        ),
        (
            jobs(&["release"]),
            SelectionError::NotStartable {
                job: "release".to_owned(),
                needs: "approve".to_owned(),
            },
        ),
    ] {
        let plan = Case::new(TEXT, "branch main").plan();
        let error = choose(&plan, &selection).err();
        assert_eq!(error, Some(expected), "{selection:?}");
    }
}

#[test]
fn a_job_that_is_left_out_anyway_can_be_excluded() {
    let text = "a: {script: x}\ngone: {script: x, rules: [{when: never}]}";
    let plan = Case::new(text, "branch main").plan();
    for (name, error) in [
        ("gone", None),
        ("g*", None),
        ("none", Some(SelectionError::UnknownJob("none".to_owned()))),
        ("a", Some(SelectionError::NoJob)),
    ] {
        let selection = Selection {
            exclude: list(&[name]),
            ..Selection::default()
        };
        assert_eq!(choose(&plan, &selection).err(), error, "{name}");
    }
}

#[test]
fn an_environment_that_is_released_is_one_of_the_pipeline() {
    let plan = Case::new("a: {script: x, environment: prod}", "branch main").plan();
    for (name, error) in [
        ("prod", None),
        (
            "qa",
            Some(SelectionError::UnknownEnvironment("qa".to_owned())),
        ),
    ] {
        let outside = Outside {
            release: Release::Environments(list(&[name])),
            ..Outside::default()
        };
        let chosen = crate::plan::choose(&plan, &Selection::default(), &outside);
        assert_eq!(chosen.err(), error, "{name}");
    }
}

#[test]
fn without_needs_the_missing_sources_are_named() {
    let plan = Case::new(TEXT, "branch main").plan();
    for (selection, expected) in [
        (jobs(&["unit"]), vec![]),
        (
            Selection {
                no_needs: true,
                ..jobs(&["unit"])
            },
            vec![("unit".to_owned(), list(&["build"]))],
        ),
    ] {
        let chosen = choose(&plan, &selection).expect("it is there");
        assert_eq!(chosen.missing_sources, expected, "{selection:?}");
    }
}

#[test]
fn what_is_chosen_and_excluded_at_once() {
    let of = |jobs: &[&str], manual: &[&str], exclude: &[&str]| Selection {
        jobs: list(jobs),
        manual: list(manual),
        exclude: list(exclude),
        ..Selection::default()
    };
    for (selection, expected) in [
        (of(&["lint"], &[], &["lint"]), Some("lint")),
        (of(&["lint"], &[], &["l*"]), Some("lint")),
        (of(&["test"], &[], &["test"]), Some("test")),
        (of(&[], &["approve"], &["approve"]), Some("approve")),
        (of(&["test"], &[], &["test 1/2"]), None),
        (of(&["*"], &[], &["lint"]), None),
        (of(&["lint"], &[], &["test"]), None),
    ] {
        let plan = Case::new(TEXT, "branch main").plan();
        let found = choose(&plan, &selection).err();
        let expected = expected.map(|name| SelectionError::Excluded(name.to_owned()));
        assert_eq!(found, expected, "{selection:?}");
    }
}
