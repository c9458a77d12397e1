//! Rules as types (configuration reference 6.7).

use std::sync::Arc;

use crate::expr::Condition;
use crate::source::Span;
use crate::types::When;
use crate::yaml::{Kind, Mapping, Value};

use super::keywords::{parsed_condition, read_needs};
use super::model::{AutoCancel, NeedConfig, OnJobFailure, YamlVariable};
use super::read;
use super::shape::flatten;

/// One rule. It matches when all its clauses are true, tested in the order written.
#[derive(Debug, Clone)]
pub struct Rule {
    /// Where it was written.
    pub span: Span,
    /// `if`, `changes`, `exists`, in the order written; null ones are absent.
    pub clauses: Vec<Clause>,
    /// `when`.
    pub when: Option<When>,
    /// Seconds of `start_in`, and its text.
    pub start_in: Option<(u64, Arc<str>)>,
    /// `allow_failure`.
    pub allow_failure: Option<bool>,
    /// `variables`.
    pub variables: Vec<YamlVariable>,
    /// `needs`.
    pub needs: Option<Vec<NeedConfig>>,
    /// `interruptible`.
    pub interruptible: Option<bool>,
    /// `auto_cancel` of a workflow rule.
    pub auto_cancel: AutoCancel,
}

/// A part of a rule that can be true or false.
#[derive(Debug, Clone)]
pub enum Clause {
    /// `if`.
    If {
        /// As parsed.
        condition: Arc<Condition>,
        /// As written.
        text: Arc<str>,
        /// Where it was written.
        span: Span,
    },
    /// `changes`.
    Changes(Changed),
    /// `exists`.
    Exists(Exists),
}

/// `changes` (configuration reference 8.1).
#[derive(Debug, Clone)]
pub struct Changed {
    /// Globs, unexpanded.
    pub paths: Vec<Arc<str>>,
    /// `compare_to`, unexpanded.
    pub compare_to: Option<Arc<str>>,
    /// Where it was written.
    pub span: Span,
}

/// `exists` (configuration reference 8.3).
#[derive(Debug, Clone)]
pub struct Exists {
    /// Globs, unexpanded.
    pub paths: Vec<Arc<str>>,
    /// Another project to look into.
    pub project: Option<Arc<str>>,
    /// Where it was written.
    pub span: Span,
}

/// The rules of a checked list.
pub(super) fn read_rules(value: &Value) -> Vec<Rule> {
    flatten(value)
        .unwrap_or_default()
        .into_iter()
        .filter_map(|rule| Some(read_rule(rule.as_map()?, rule.span)))
        .collect()
}

fn read_rule(rule: &Mapping, span: Span) -> Rule {
    Rule {
        span,
        clauses: rule
            .entries()
            .iter()
            .filter_map(|entry| read_clause(entry.key.text(), &entry.value))
            .collect(),
        when: read::text(rule, "when").and_then(|word| When::parse(&word)),
        start_in: read::duration(rule, "start_in"),
        allow_failure: read::boolean(rule, "allow_failure"),
        variables: read::variables(rule, "variables"),
        needs: read::get(rule, "needs").map(read_needs),
        interruptible: read::boolean(rule, "interruptible"),
        auto_cancel: read_auto_cancel(rule),
    }
}

fn read_clause(key: &str, value: &Value) -> Option<Clause> {
    if value.is_null() {
        return None;
    }
    match key {
        "if" => {
            let Kind::Str(text) = &value.kind else {
                return None;
            };
            Some(Clause::If {
                condition: parsed_condition(text)?,
                text: Arc::clone(text),
                span: value.span,
            })
        }
        "changes" => Some(Clause::Changes(Changed {
            paths: paths(value),
            compare_to: value.as_map().and_then(|m| read::text(m, "compare_to")),
            span: value.span,
        })),
        "exists" => Some(Clause::Exists(Exists {
            paths: paths(value),
            project: value.as_map().and_then(|m| read::text(m, "project")),
            span: value.span,
        })),
        _ => None,
    }
}

fn paths(value: &Value) -> Vec<Arc<str>> {
    match value.as_map().and_then(|mapping| mapping.get("paths")) {
        Some(paths) => read::strings(&paths.value),
        None => read::strings(value),
    }
}

/// `auto_cancel` beside it, of the workflow or a rule.
pub(super) fn read_auto_cancel(mapping: &Mapping) -> AutoCancel {
    let on_job_failure = mapping
        .get("auto_cancel")
        .and_then(|entry| entry.value.as_map())
        .and_then(|settings| read::text(settings, "on_job_failure"))
        .map(|word| match &*word {
            "all" => OnJobFailure::All,
            _ => OnJobFailure::None,
        });
    AutoCancel { on_job_failure }
}
