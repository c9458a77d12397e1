//! Whether a job is in the pipeline, and what the deciding rule changes
//! (configuration reference 6.7, 6.9, 11.2).

use std::sync::Arc;

use crate::config::{
    Clause, ClauseFacts, Given, JobConfig, NeedConfig, Rule, RuleError, YamlVariable,
};
use crate::diag::some_of;
use crate::source::Span;
use crate::types::{AllowFailure, Delay, When};

use super::policy::PolicyFacts;
use super::reason::LeftOutReason;

/// A job that is in.
#[derive(Debug, Clone)]
pub(super) struct Decision {
    pub(super) when: When,
    pub(super) start_in: Option<Delay>,
    pub(super) allow_failure: AllowFailure,
    pub(super) variables: Vec<YamlVariable>,
    pub(super) needs: Option<Vec<NeedConfig>>,
    pub(super) interruptible: Option<bool>,
}

/// A job that is not, with the place of the cause.
#[derive(Debug, Clone)]
pub(super) struct Excluded {
    pub(super) reason: LeftOutReason,
    pub(super) span: Span,
}

/// What becomes of a job.
#[derive(Debug, Clone)]
pub(super) enum Verdict {
    /// It is in the pipeline.
    In(Decision),
    /// It is not.
    Out(Excluded),
}

/// Decides about one job.
pub(super) fn decide(
    job: &JobConfig,
    clauses: &ClauseFacts<'_>,
    policies: &PolicyFacts<'_>,
) -> Result<Verdict, RuleError> {
    if let Given::Set(rules) = &job.rules {
        return Ok(match clauses.first_match(rules)? {
            Some(rule) => by_rule(job, rule),
            None => Verdict::Out(Excluded {
                reason: LeftOutReason::NoRule,
                span: rules.first().map_or(job.span, |rule| rule.span),
            }),
        });
    }
    let left_out = policies.left_out(job.only.as_ref(), job.except.as_ref());
    Ok(match left_out {
        Some((reason, policy)) => Verdict::Out(Excluded {
            span: policy.span.unwrap_or(job.span),
            reason,
        }),
        None => Verdict::In(without_rule(job)),
    })
}

fn without_rule(job: &JobConfig) -> Decision {
    Decision {
        when: job.when,
        start_in: job.start_in.clone(),
        allow_failure: own_allow_failure(job),
        variables: Vec::new(),
        needs: job.needs.clone(),
        interruptible: job.interruptible,
    }
}

/// `allow_failure` of the job, which defaults to true for `when: manual`.
fn own_allow_failure(job: &JobConfig) -> AllowFailure {
    match &job.allow_failure {
        Some(given) => given.clone(),
        None if job.when == When::Manual => AllowFailure::Yes,
        None => AllowFailure::No,
    }
}

fn by_rule(job: &JobConfig, rule: &Rule) -> Verdict {
    let when = rule.when.unwrap_or(job.when);
    if when == When::Never {
        return Verdict::Out(Excluded {
            reason: LeftOutReason::RuleSaysNever(described(rule)),
            span: rule.span,
        });
    }
    let allow_failure = match rule.allow_failure {
        Some(true) => AllowFailure::Yes,
        Some(false) => AllowFailure::No,
        None => own_allow_failure(job),
    };
    let rule_needs = rule.needs.clone().filter(|needs| !needs.is_empty());
    Verdict::In(Decision {
        when,
        start_in: rule.start_in.clone().or_else(|| job.start_in.clone()),
        allow_failure,
        variables: rule.variables.clone(),
        needs: rule_needs.or_else(|| job.needs.clone()),
        interruptible: rule.interruptible.or(job.interruptible),
    })
}

/// A rule in words, by its clauses.
pub(super) fn described(rule: &Rule) -> String {
    let clauses = rule.clauses.iter().map(|clause| match clause {
        Clause::If { text, .. } => format!("`if: {text}`"),
        Clause::Changes(changed) => format!("`changes: {}`", some_of(paths(&changed.paths))),
        Clause::Exists(exists) => format!("`exists: {}`", some_of(paths(&exists.paths))),
    });
    let clauses: Vec<String> = clauses.collect();
    if clauses.is_empty() {
        return "without condition".to_owned();
    }
    clauses.join(" and ")
}

fn paths(globs: &[Arc<str>]) -> impl Iterator<Item = &str> {
    globs.iter().map(AsRef::as_ref)
}
