//! What a trigger job hands to its child pipeline (configuration reference 6.25).

use super::world::Case;
use crate::plan::{
    GivenVariable, Outside, Release, Selection, choose, choose_all, handed_down, take_from_parent,
};

/// What the first job hands down: `A=value`, with a `!` where it is raw.
fn handed(case: &Case, dotenv: &[(&str, &str)]) -> String {
    let plan = case.plan();
    let dotenv: Vec<_> = dotenv
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect();
    let handed = handed_down(&plan, &plan.jobs[0], case.facts(), 7, &dotenv);
    let one = |variable: &GivenVariable| {
        let mark = if variable.raw { "!" } else { "" };
        format!("{}{mark}={}", variable.key, variable.value)
    };
    handed.iter().map(one).collect::<Vec<_>>().join(" ")
}

fn trigger(root: &str, own: &str, forward: &str) -> Case {
    let text = format!(
        "variables: {{{root}}}\n\
         go: {{variables: {{{own}}}, trigger: {{include: c.yml, forward: {{{forward}}}}}}}\n"
    );
    Case::new(&text, "branch main").given("G", "given")
}

#[test]
fn forward_says_what_goes_along() {
    let both = "pipeline_variables: true";
    let none = "yaml_variables: false";
    let broken: Vec<String> = [
        ("yaml alone", trigger("A: 1", "B: 2", ""), "A=1 B=2"),
        ("nothing", trigger("A: 1", "B: 2", none), ""),
        (
            "what was given too",
            trigger("A: 1", "B: 2", both),
            "A=1 B=2 D=dot G=given",
        ),
        (
            "only that",
            trigger(
                "A: 1",
                "B: 2",
                "yaml_variables: false, pipeline_variables: true",
            ),
            "D=dot G=given",
        ),
        (
            "what was given wins",
            trigger("G: 1", "D: 2", both),
            "D=dot G=given",
        ),
        ("not where it stays", trigger("G: 1", "", ""), "G=1"),
        (
            "references are expanded once",
            trigger("A: $B", "B: $CI_COMMIT_BRANCH, C: x$NOTHING", ""),
            "A=$CI_COMMIT_BRANCH B=main C=x",
        ),
        (
            "in all that the job knows",
            trigger("", "A: $G-$D-$CI_JOB_NAME-$CI_PIPELINE_ID", ""),
            "A=given-dot-go-7",
        ),
        (
            "raw ones stay as they are",
            trigger("", "A: {value: $B, expand: false}", ""),
            "A!=$B",
        ),
    ]
    .into_iter()
    .filter_map(|(name, case, expected)| {
        let found = handed(&case, &[("D", "dot")]);
        (found != expected).then(|| format!("{name}\n  expected: {expected}\n  found:    {found}"))
    })
    .collect();
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn a_child_is_at_its_parents_ref_by_another_event() {
    let parent = Case::new("a: {script: x}", "mr issue-12").given("G", "given");
    let given = vec![GivenVariable::new("A", "1")];
    let child = parent
        .facts()
        .of_child(given.clone(), "later".to_owned(), 9);
    assert_eq!(child.source.as_str(), "parent_pipeline");
    assert_eq!(child.reference, parent.facts().reference);
    assert_eq!(child.commit, parent.facts().commit);
    assert_eq!((child.given, child.iid), (given, 9));
}

#[test]
fn all_jobs_of_a_child_are_chosen_and_held_as_those_of_the_root() {
    let case = Case::new(
        "a: {script: x}\nship: {script: x, environment: production}",
        "parent_pipeline main",
    );
    let held = |release: Release| {
        let outside = Outside {
            release,
            ..Outside::default()
        };
        let chosen = choose_all(&case.plan(), &outside);
        assert!(chosen.is_whole());
        let held = chosen.plan.jobs.iter().filter(|job| job.held.is_some());
        held.map(|job| job.name().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(held(Release::Nothing), ["ship"]);
    assert!(held(Release::All).is_empty());
    let of = |name: &str| Release::Environments(vec![name.to_owned()]);
    assert!(held(of("production")).is_empty());
    assert_eq!(held(of("staging")), ["ship"], "one of another pipeline");
}

#[test]
fn an_environment_may_be_one_of_a_child() {
    let outside = Outside {
        release: Release::Environments(vec!["production".to_owned()]),
        ..Outside::default()
    };
    let fits = |text: &str| {
        let plan = Case::new(text, "branch main").plan();
        choose(&plan, &Selection::default(), &outside).is_ok()
    };
    assert!(fits("go: {trigger: {include: c.yml}}"));
    assert!(!fits("a: {script: x}"));
}

#[test]
fn the_job_of_an_artifact_comes_along() {
    let plan = Case::new(
        "stages: [one, two]\n\
         make: {stage: one, script: x, artifacts: {paths: [c.yml]}}\n\
         other: {stage: one, script: x, artifacts: {paths: [o]}}\n\
         go: {stage: two, needs: [other], trigger: {include: [{artifact: c.yml, job: make}]}}\n\
         all: {stage: two, trigger: {include: c.yml}}",
        "branch main",
    )
    .plan();
    assert_eq!(plan.artifact_sources(&plan.jobs[2]), [0, 1]);
    assert_eq!(plan.artifact_sources(&plan.jobs[3]), [0, 1]);
}

#[test]
fn needs_on_jobs_of_the_parent_are_met() {
    let case = Case::new(
        "a: {script: x, needs: [{pipeline: $PARENT, job: make}, {pipeline: $PARENT, job: none}]}\n\
         b: {script: x, needs: [{pipeline: $OTHER, job: make}]}\n\
         c: {script: x, needs: [{pipeline: '7', job: make, artifacts: false}]}\n\
         d: {script: x, needs: [{project: g/p, job: make, ref: main, artifacts: true}]}",
        "parent_pipeline main",
    )
    .given("PARENT", "7");
    let mut plan = case.plan();
    let taken = take_from_parent(&mut plan, case.facts(), 7, &|job| job == "make");
    let make = vec!["make".to_owned()];
    assert_eq!(taken, [("a".to_owned(), make)]);
    let left: Vec<usize> = (plan.jobs.iter())
        .map(|job| job.needs_elsewhere.len())
        .collect();
    assert_eq!(left, [1, 1, 1, 1]);
}
