//! Rules that are never the first to match, and jobs that no pipeline can have.

use std::collections::HashSet;

use crate::diag::{Code, Diagnostic};
use crate::expr::Possible;
use crate::source::Span;
use crate::types::When;

use super::super::model::{Clause, Config, Given, JobConfig, Rule};
use super::events::{Event, Events};

/// Warnings about the rules of the workflow and of all jobs.
pub(super) fn doubtful_rules(config: &Config) -> Vec<Diagnostic> {
    let events = Events::of(config);
    let mut found = Vec::new();
    let mut seen = HashSet::new();
    unreachable_rules(
        config.workflow.rules.entries(),
        &events,
        &mut seen,
        &mut found,
    );
    let possible: Vec<&Event> = events
        .iter()
        .filter(|event| lets_in(config.workflow.rules.value(), When::Always, &events, event))
        .collect();
    let mut names = HashSet::new();
    for job in &config.jobs {
        if !names.insert(&*job.base_name) {
            continue;
        }
        unreachable_rules(job.rules.entries(), &events, &mut seen, &mut found);
        if let Given::Set(rules) = &job.rules
            && !possible.is_empty()
            && !(possible.iter()).any(|event| lets_in(Some(rules), job.when, &events, event))
        {
            found.push(unreachable_job(job));
        }
    }
    found
}

/// Whether rules may let something in at an event.
fn lets_in(rules: Option<&Vec<Rule>>, when: When, events: &Events<'_>, event: &Event) -> bool {
    let Some(rules) = rules else {
        return true;
    };
    for rule in rules {
        let says_never = rule.when.unwrap_or(when) == When::Never;
        match events.possible(rule, event) {
            Possible::Never => {}
            Possible::Always => return !says_never,
            Possible::Either if says_never => {}
            Possible::Either => return true,
        }
    }
    false
}

/// Rules of a list that never decide. Those that jobs share are told once.
fn unreachable_rules(
    rules: &[Rule],
    events: &Events<'_>,
    seen: &mut HashSet<Span>,
    found: &mut Vec<Diagnostic>,
) {
    for (at, rule) in rules.iter().enumerate() {
        let above = rules[..at].iter().find(|above| covers(above, rule));
        if let Some(above) = above {
            if seen.insert(rule.span) {
                found.push(covered(rule, above));
            }
            // What comes behind a rule without condition is one mistake, not many.
            if above.clauses.is_empty() {
                return;
            }
        } else if let Some(clause) = impossible(rule, events)
            && seen.insert(rule.span)
        {
            found.push(never_true(clause));
        }
    }
}

/// Whether the rule above is true whenever this one is.
fn covers(above: &Rule, rule: &Rule) -> bool {
    let has = |clause: &Clause| rule.clauses.iter().any(|other| is_same(clause, other));
    above.clauses.iter().all(has)
}

fn is_same(one: &Clause, other: &Clause) -> bool {
    match (one, other) {
        (Clause::If { text: one, .. }, Clause::If { text: other, .. }) => {
            one.trim() == other.trim()
        }
        (Clause::Changes(one), Clause::Changes(other)) => {
            one.paths == other.paths && one.compare_to == other.compare_to
        }
        (Clause::Exists(one), Clause::Exists(other)) => {
            one.paths == other.paths
                && one.project == other.project
                && one.reference == other.reference
        }
        _ => false,
    }
}

/// The place of the condition that is false at every event.
fn impossible(rule: &Rule, events: &Events<'_>) -> Option<Span> {
    if events
        .iter()
        .any(|event| events.possible(rule, event) != Possible::Never)
    {
        return None;
    }
    rule.clauses.iter().find_map(|clause| match clause {
        Clause::If { span, .. } => Some(*span),
        Clause::Changes(_) | Clause::Exists(_) => None,
    })
}

fn covered(rule: &Rule, above: &Rule) -> Diagnostic {
    let (why, label) = if above.clauses.is_empty() {
        (
            "a rule above it has no condition",
            "this one always matches",
        )
    } else {
        (
            "a rule above it asks for the same or less",
            "this one matches first",
        )
    };
    Diagnostic::new(
        Code::RuleUnreachable,
        format!("this rule never decides: {why}"),
    )
    .at(rule.span)
    .with(above.span, label)
    .help("put it further up, or take it out")
}

fn never_true(at: Span) -> Diagnostic {
    Diagnostic::new(
        Code::RuleUnreachable,
        "this condition is never true, for no branch, tag, merge request or event",
    )
    .at(at)
    .note("`CI_COMMIT_BRANCH` is set for branches only, `CI_COMMIT_TAG` for tags, `CI_MERGE_REQUEST_IID` for merge requests; `CI_PIPELINE_SOURCE` is one of GitLab's events")
    .help("correct the condition, or take the rule out")
}

fn unreachable_job(job: &JobConfig) -> Diagnostic {
    let message = format!("no pipeline can have job `{}`", job.base_name);
    let diagnostic = Diagnostic::new(Code::JobUnreachable, message)
        .at(job.span)
        .help("let a rule take it in, or take the job out; a template's name begins with a dot");
    match job.rules.entries().first() {
        Some(rule) => diagnostic.with(
            rule.span,
            "each of its rules says `never`, or can't be true",
        ),
        None => diagnostic,
    }
}
