//! `rules` of jobs, of the workflow and of includes (configuration reference 4.3, 5.5, 6.7, 8).

use std::sync::Arc;

use crate::diag::{Code, Diagnostic};
use crate::expr::expand::YamlLevel;
use crate::source::Span;
use crate::types::When;
use crate::yaml::{Kind, Mapping, Value};

use super::super::model::{Changed, Clause, Exists, Rule};
use super::super::read;
use super::super::shape::{Check, Keys, Scope, Shape, flatten, key};
use super::{auto_cancel, needs, policy, values, variables};

/// Paths that `changes` and `exists` accept.
const MAX_PATHS: usize = 50;

/// A rule of a job.
pub(crate) static RULE: Keys = Keys {
    rows: &[
        key("if", "6.7", Shape::Rule(condition)),
        key("changes", "8.1", Shape::Rule(changes)),
        key("exists", "8.3", Shape::Rule(exists)),
        key(
            "when",
            "6.7",
            Shape::OneOf(&[
                "on_success",
                "on_failure",
                "always",
                "never",
                "manual",
                "delayed",
            ]),
        ),
        key("start_in", "6.7", Shape::Rule(values::start_in)),
        key("allow_failure", "6.7", Shape::Boolean),
        key("variables", "6.7", Shape::Rule(variables::check_plain)),
        key("needs", "6.7", Shape::Rule(needs::check_of_rule)),
        key("interruptible", "6.7", Shape::Boolean),
    ],
    required: &[],
    exclusive: &[],
};

/// A rule of the workflow.
pub(crate) static WORKFLOW_RULE: Keys = Keys {
    rows: &[
        key("if", "5.5", Shape::Rule(condition)),
        key("changes", "8.1", Shape::Rule(changes)),
        key("exists", "8.3", Shape::Rule(exists)),
        key("when", "5.5", Shape::OneOf(&["always", "never"])),
        key("variables", "5.5", Shape::Rule(variables::check_plain)),
        key("auto_cancel", "5.5", Shape::Map(&auto_cancel::AUTO_CANCEL)),
        key("allow_failure", "5.5", Shape::Boolean),
        key("needs", "5.5", Shape::Rule(needs::check_of_rule)),
        key("interruptible", "5.5", Shape::Boolean),
    ],
    required: &[],
    exclusive: &[],
};

/// A rule of an include.
pub(crate) static INCLUDE_RULE: Keys = Keys {
    rows: &[
        key("if", "4.3", Shape::Rule(condition)),
        key("changes", "8.1", Shape::Rule(changes)),
        key("exists", "8.3", Shape::Rule(exists)),
        key("when", "4.3", Shape::OneOf(&["always", "never"])),
    ],
    required: &[],
    exclusive: &[],
};

static CHANGES: Keys = Keys {
    rows: &[
        key("paths", "8.1", Shape::Rule(paths)),
        key("compare_to", "8.1", Shape::Text),
    ],
    required: &["paths"],
    exclusive: &[],
};

static EXISTS: Keys = Keys {
    rows: &[
        key("paths", "8.3", Shape::Rule(paths)),
        key("project", "8.3", Shape::NonBlank),
        key("ref", "8.3", Shape::NonBlank),
    ],
    required: &["paths"],
    exclusive: &[],
};

/// `rules` of a job.
pub(super) fn check_job_rules(value: &Value, check: &mut Check<'_>) {
    check_rules(value, check, &RULE);
}

/// `rules` of the workflow.
pub(super) fn check_workflow_rules(value: &Value, check: &mut Check<'_>) {
    check_rules(value, check, &WORKFLOW_RULE);
}

/// A list of rules of one kind.
pub(crate) fn check_rules(value: &Value, check: &mut Check<'_>, keys: &'static Keys) {
    let Some(rules) = flatten(value) else {
        return check.wrong_type(value, "a list of rules");
    };
    if value.is_blank() {
        return check.invalid(Code::BlankValue, value.span, "can't be empty");
    }
    for rule in rules {
        match &rule.kind {
            Kind::Map(mapping) if mapping.is_empty() => {
                check.invalid(Code::BlankValue, rule.span, "has an empty rule");
            }
            Kind::Map(mapping) => {
                check.keys(mapping, rule.span, keys, Scope::ANY);
                if keys.rows.iter().any(|row| row.name == "start_in") {
                    delay(mapping, check);
                }
            }
            _ => check.wrong_type(rule, "a mapping, as each rule"),
        }
    }
}

/// `start_in` belongs to `when: delayed`, and only to it.
fn delay(rule: &Mapping, check: &mut Check<'_>) {
    let delayed = rule
        .get("when")
        .filter(|when| when.value.as_str() == Some("delayed"));
    match (delayed, rule.get("start_in")) {
        (Some(when), start_in) if start_in.is_none_or(|entry| entry.value.is_null()) => {
            let message = format!(
                "a rule in {} is `delayed` but has no `start_in`",
                check.subject()
            );
            let diagnostic = Diagnostic::new(Code::MissingKey, message).at(when.value.span);
            check.report(diagnostic.help("add `start_in: 10 minutes`"));
        }
        (None, Some(start_in)) => {
            let message = format!(
                "a rule in {} has `start_in` without `when: delayed`",
                check.subject()
            );
            check.report(Diagnostic::new(Code::ExclusiveKeys, message).at(start_in.key_span));
        }
        _ => {}
    }
}

fn condition(value: &Value, check: &mut Check<'_>) {
    if let Some(text) = value.as_str() {
        return policy::condition(value, text, check);
    }
    let message = format!(
        "{} should be a condition as a string, not {}",
        check.subject(),
        value.type_name()
    );
    check.report(Diagnostic::new(Code::InvalidExpression, message).at(value.span));
}

fn changes(value: &Value, check: &mut Check<'_>) {
    match &value.kind {
        Kind::Seq(_) => paths(value, check),
        Kind::Map(_) => check.value(value, &Shape::Map(&CHANGES)),
        _ => check.wrong_type(value, "a list of paths or a mapping with `paths`"),
    }
}

fn exists(value: &Value, check: &mut Check<'_>) {
    match &value.kind {
        Kind::Str(_) => {}
        Kind::Seq(_) => paths(value, check),
        Kind::Map(mapping) => {
            check.value(value, &Shape::Map(&EXISTS));
            if mapping.get("ref").is_some() && mapping.get("project").is_none() {
                let message = format!("{} has `ref` but no `project`", check.subject());
                check.report(Diagnostic::new(Code::MissingKey, message).at(value.span));
            }
        }
        _ => check.wrong_type(value, "a path, a list of paths or a mapping with `paths`"),
    }
}

fn paths(value: &Value, check: &mut Check<'_>) {
    check.value(value, &Shape::Texts);
    if value.as_seq().is_some_and(|paths| paths.len() > MAX_PATHS) {
        let what = format!("has more than {MAX_PATHS} paths");
        check.invalid(Code::TooMany, value.span, &what);
    }
}

/// The rules of a checked list.
pub(crate) fn read_rules(value: &Value) -> Vec<Rule> {
    let rules = flatten(value).unwrap_or_default().into_iter();
    let rules = rules.filter_map(|rule| Some(read_rule(rule.as_map()?, rule.span)));
    as_small_as_it_is(rules.collect())
}

/// Most lists have one entry, and room for four when they are collected; there may be thousands.
fn as_small_as_it_is<T>(mut list: Vec<T>) -> Vec<T> {
    list.shrink_to_fit();
    list
}

fn read_rule(rule: &Mapping, span: Span) -> Rule {
    let mut said = rule.entries().iter().filter(|entry| !entry.value.is_null());
    let entries = rule.entries().iter();
    let clauses = entries.filter_map(|entry| read_clause(entry.key.text(), &entry.value));
    Rule {
        span,
        only_when: said.all(|entry| entry.key.text() == "when"),
        clauses: as_small_as_it_is(clauses.collect()),
        when: read::text(rule, "when").and_then(|word| When::parse(&word)),
        start_in: read::delay(rule),
        allow_failure: read::boolean(rule, "allow_failure"),
        variables: variables::read(rule, YamlLevel::Rule),
        needs: read::get(rule, "needs").map(needs::read),
        interruptible: read::boolean(rule, "interruptible"),
        auto_cancel: auto_cancel::read(rule),
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
                condition: policy::parsed(text)?,
                text: Arc::clone(text),
                span: value.span,
            })
        }
        "changes" => Some(Clause::Changes(Changed {
            paths: read_paths(value),
            compare_to: value.as_map().and_then(|m| read::text(m, "compare_to")),
            span: value.span,
        })),
        "exists" => Some(Clause::Exists(Exists {
            paths: read_paths(value),
            project: value.as_map().and_then(|m| read::text(m, "project")),
            reference: value.as_map().and_then(|m| read::text(m, "ref")),
            span: value.span,
        })),
        _ => None,
    }
}

fn read_paths(value: &Value) -> Vec<Arc<str>> {
    match value.as_map().and_then(|mapping| mapping.get("paths")) {
        Some(paths) => read::strings(&paths.value),
        None => read::strings(value),
    }
}
