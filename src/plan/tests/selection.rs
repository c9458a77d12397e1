//! Choosing jobs (design chapter 2).

use super::world::{Case, names};
use crate::plan::{Selection, SelectionError, select};

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
        let mut plan = Case::new(TEXT, "branch main").plan();
        select(&mut plan, &selection).unwrap_or_else(|error| panic!("{what}: {error:?}"));
        assert_eq!(names(&plan), expected, "{what}");
    }
}

#[test]
fn what_is_named_is_played() {
    let mut plan = Case::new(TEXT, "branch main").plan();
    let named = select(&mut plan, &jobs(&["approve"])).expect("it is there");
    assert_eq!(named, ["approve"]);
    assert!(
        plan.jobs
            .iter()
            .any(|job| job.name() == "approve" && job.played)
    );
}

#[test]
fn what_is_excluded_is_needed_no_more() {
    let mut plan = Case::new(TEXT, "branch main").plan();
    let selection = Selection {
        exclude: list(&["build"]),
        ..Selection::default()
    };
    select(&mut plan, &selection).expect("it is there");
    let unit = plan
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
        let mut plan = Case::new(TEXT, "branch main").plan();
        assert_eq!(
            select(&mut plan, &selection),
            Err(expected),
            "{selection:?}"
        );
    }
}

#[test]
fn what_is_chosen_and_excluded_at_once() {
    let choose = |jobs: &[&str], manual: &[&str], exclude: &[&str]| Selection {
        jobs: list(jobs),
        manual: list(manual),
        exclude: list(exclude),
        ..Selection::default()
    };
    for (selection, expected) in [
        (choose(&["lint"], &[], &["lint"]), Some("lint")),
        (choose(&["lint"], &[], &["l*"]), Some("lint")),
        (choose(&["test"], &[], &["test"]), Some("test")),
        (choose(&[], &["approve"], &["approve"]), Some("approve")),
        (choose(&["test"], &[], &["test 1/2"]), None),
        (choose(&["*"], &[], &["lint"]), None),
        (choose(&["lint"], &[], &["test"]), None),
    ] {
        let mut plan = Case::new(TEXT, "branch main").plan();
        let found = select(&mut plan, &selection).err();
        let expected = expected.map(|name| SelectionError::Excluded(name.to_owned()));
        assert_eq!(found, expected, "{selection:?}");
    }
}
