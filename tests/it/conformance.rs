//! GitLab's own verdicts on small pipelines, held against ours: valid or not, which jobs, with
//! which attributes, for every kind of ref. Everything happens in memory.

mod case;
mod compare;
mod round_trip;
mod world;

use case::{Case, Verdict};
use compare::differences;
use world::{Event, World};

/// Cases that are decided differently here, and why.
const EXCEPTIONS: &[(&str, &str)] = &[
    (
        "gen-0741",
        "a known but empty set of changed files, which the case can't express",
    ),
    (
        "gen-0936",
        "an error that shows only while the jobs are made counts as invalid here",
    ),
];

#[test]
fn small_pipelines_one_rule_each() {
    check(include_str!("../data/conformance/cases.jsonl"));
}

#[test]
fn random_pipelines_that_mix_the_rules() {
    check(include_str!("../data/conformance/generated.jsonl"));
}

/// What `pipe expand` prints, GitLab reads to the same pipelines.
#[test]
fn expanded_configurations_make_the_same_pipelines() {
    let sets = [
        include_str!("../data/conformance/cases.jsonl"),
        include_str!("../data/conformance/generated.jsonl"),
    ];
    let mut broken = Vec::new();
    let mut compared = 0;
    for line in sets.iter().flat_map(|set| set.lines()) {
        let case: Case = serde_json::from_str(line).expect("a case is JSON");
        let (number, found) = round_trip::differences(&case);
        compared += number;
        let found = found.into_iter();
        broken.extend(found.map(|difference| format!("{}: {difference}", case.name)));
    }
    assert!(compared > 1000, "only {compared} pipelines were compared");
    assert!(
        broken.is_empty(),
        "{} of {compared} pipelines differ:\n{}",
        broken.len(),
        broken[..broken.len().min(10)].join("\n")
    );
}

/// Checks every line of a set, and names each case that differs.
fn check(set: &str) {
    let mut broken = Vec::new();
    let mut checked = 0;
    for line in set.lines() {
        let case: Case = serde_json::from_str(line).expect("a case is JSON");
        checked += 1;
        let found = differences_of(&case);
        let excepted = EXCEPTIONS.iter().any(|(name, _)| *name == case.name);
        match (found.first(), excepted) {
            (Some(first), false) => {
                broken.push(format!("{}: {first} ({} in all)", case.name, found.len()));
            }
            (None, true) => broken.push(format!(
                "{}: agrees now, take it off the exceptions",
                case.name
            )),
            _ => {}
        }
    }
    assert!(checked > 0, "the set is empty");
    assert!(
        broken.is_empty(),
        "{} of {checked} cases differ:\n{}",
        broken.len(),
        broken.join("\n")
    );
}

fn differences_of(case: &Case) -> Vec<String> {
    let verdict = &case.verdict;
    if !verdict.valid || verdict.runs.is_empty() {
        return validity(case, verdict);
    }
    verdict
        .runs
        .iter()
        .flat_map(|run| run.events.iter().map(move |event| (run, event)))
        .flat_map(|(run, event)| {
            let made = World::new(case, &Event::parse(event)).pipeline();
            let found = differences(run, &made);
            found
                .into_iter()
                .map(move |difference| format!("[{event}] {difference}"))
        })
        .collect()
}

fn validity(case: &Case, verdict: &Verdict) -> Vec<String> {
    let made = World::new(case, &Event::parse("branch:master")).pipeline();
    match (verdict.valid, made.errors.first()) {
        (false, None) => vec![format!(
            "accepted; GitLab says: {}",
            verdict.errors.join("; ")
        )],
        (true, Some(error)) => vec![format!("rejected: {error}")],
        _ => Vec::new(),
    }
}
