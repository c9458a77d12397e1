//! A word about `changes` where nobody knows what changed (configuration reference 8.2).

use crate::config::{Clause, Config, Policy, Rule};
use crate::diag::{Code, Diagnostic};
use crate::source::Span;
use crate::types::RefKind;

use super::facts::PipelineFacts;

/// What to say once where some rule asked for changes that are not known.
pub fn unknown_changes(config: Option<&Config>, facts: &PipelineFacts) -> Diagnostic {
    let is_tag = facts.reference.kind == RefKind::Tag;
    let has_changes = facts.source.brings_commits() && !is_tag;
    let message = match (has_changes, is_tag) {
        (true, _) => "what changed is not known here, so every `changes` is true".to_owned(),
        (false, true) => "a tag has no changed files, so every `changes` is true".to_owned(),
        (false, false) => format!(
            "the event `{}` has no changed files, so every `changes` is true",
            facts.source.as_str()
        ),
    };
    let mut diagnostic = Diagnostic::new(Code::ChangesUnknown, message);
    if let Some(span) = config.and_then(first_place) {
        diagnostic = diagnostic.at(span);
    }
    if has_changes {
        diagnostic.help("say what changes with `--changed PATH`")
    } else {
        diagnostic.note("on GitLab too")
    }
}

/// The first `changes` of the configuration that looks at the event.
fn first_place(config: &Config) -> Option<Span> {
    let of_jobs = config.jobs.iter().find_map(|job| {
        let of_rules = job.rules.entries().iter().find_map(asked_by);
        let policies = [job.only.as_ref(), job.except.as_ref()];
        of_rules.or_else(|| policies.into_iter().flatten().find_map(asked_by_policy))
    });
    let mut of_workflow = config.workflow.rules.entries().iter();
    of_workflow.find_map(asked_by).or(of_jobs)
}

fn asked_by(rule: &Rule) -> Option<Span> {
    rule.clauses.iter().find_map(|clause| match clause {
        Clause::Changes(changed) if changed.compare_to.is_none() => Some(changed.span),
        _ => None,
    })
}

fn asked_by_policy(policy: &Policy) -> Option<Span> {
    policy.changes.as_ref().and(policy.span)
}
