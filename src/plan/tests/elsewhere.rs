//! Needs on other pipelines (configuration reference 6.10).

use super::world::Case;
use crate::plan::{Chosen, Outside, Selection, choose, warnings};

fn case(needs: &str) -> Case {
    let text = format!("b: {{script: x}}\na: {{script: x, needs: [b, {needs}]}}");
    Case::new(&text, "branch main")
}

#[test]
fn what_a_job_lacks() {
    for (needs, expected) in [
        ("{job: b2, optional: true}", vec![]),
        (
            "{project: my/other, job: rel, ref: master, artifacts: true}",
            vec!["artifacts of `rel` of project `my/other` at `master`"],
        ),
        (
            "{project: my/other, job: rel, ref: $REF}",
            vec!["artifacts of `rel` of project `my/other` at `$REF`"],
        ),
        (
            "{pipeline: '123', job: o}, {pipeline: $UP, job: p, artifacts: false}",
            vec!["artifacts of `o` of pipeline `123`"],
        ),
        (
            "{project: my/other, job: rel, ref: master, artifacts: false}",
            vec![],
        ),
    ] {
        let case = case(needs);
        let plan = case.plan();
        let job = plan.jobs.iter().find(|job| job.name() == "a").expect("a");
        let lacking: Vec<String> = job.lacking().map(|lacking| lacking.what).collect();
        assert_eq!(lacking, expected, "{needs}");
        let told = warnings(&plan, case.facts(), &|_| true);
        assert_eq!(told.len(), expected.len(), "{needs}");
        assert!(told.iter().all(|told| told.primary.is_some()));
    }
    let mirror = Case::new("a: {needs: {pipeline: my/other}}", "branch main").plan();
    let lacking = mirror.jobs[0].lacking().next().expect("a status");
    assert_eq!(lacking.what, "the status of the pipeline of `my/other`");
}

fn chosen(case: &Case, jobs: &[&str], no_needs: bool) -> Chosen {
    let selection = Selection {
        jobs: jobs.iter().map(ToString::to_string).collect(),
        no_needs,
        ..Selection::default()
    };
    choose(&case.plan(), &selection, &Outside::default()).expect("it is there")
}

#[test]
fn without_needs_a_job_does_without_them() {
    let case = case("{project: my/other, job: rel, ref: master}");
    assert!(!chosen(&case, &[], false).lacks_nothing());
    assert!(chosen(&case, &["b"], false).lacks_nothing());
    let alone = chosen(&case, &["a"], true);
    assert!(alone.plan.jobs[0].lacking().next().is_none());
    assert!(!alone.lacks_nothing(), "the run is not complete");
    let what = "artifacts of `rel` of project `my/other` at `master`".to_owned();
    assert_eq!(alone.missing_elsewhere, [("a".to_owned(), vec![what])]);
}

#[test]
fn a_child_of_a_pipeline_that_a_variable_names_may_have_it() {
    let words = "unless it is one of a child of that pipeline";
    for (needs, event, expected) in [
        ("{pipeline: $UP, job: p}", "branch main", true),
        ("{pipeline: '123', job: p}", "branch main", false),
        (
            "{project: my/other, job: p, ref: $UP}",
            "branch main",
            false,
        ),
        // Of a child it is known.
        ("{pipeline: $UP, job: p}", "parent_pipeline main", false),
    ] {
        let case = Case::new(&format!("a: {{script: x, needs: [{needs}]}}"), event);
        let told = warnings(&case.plan(), case.facts(), &|_| true);
        let [told] = &told[..] else {
            panic!("{needs}: {told:?}");
        };
        assert_eq!(told.message.contains(words), expected, "{needs} at {event}");
    }
}
