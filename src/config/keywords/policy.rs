//! `only` and `except` (configuration reference 6.9).

use std::sync::Arc;

use crate::diag::{Code, Diagnostic};
use crate::expr::{Condition, re2};
use crate::yaml::{Kind, Value};

use super::super::model::{Policy, PolicyCondition, RefPattern};
use super::super::read;
use super::super::shape::{Check, Keys, Shape, key};

static POLICY: Keys = Keys {
    rows: &[
        key("refs", "6.9", Shape::Rule(refs)),
        key("variables", "6.9", Shape::Rule(variables)),
        key("changes", "6.9", Shape::Texts),
        key("kubernetes", "6.9", Shape::OneOf(&["active"])),
    ],
    required: &[],
    exclusive: &[],
};

/// `only` or `except`.
pub(super) fn check(value: &Value, check: &mut Check<'_>) {
    match &value.kind {
        Kind::Seq(_) => refs(value, check),
        Kind::Map(mapping) if mapping.is_empty() => {
            check.invalid(Code::BlankValue, value.span, "can't be an empty mapping");
        }
        Kind::Map(_) => check.value(value, &Shape::Map(&POLICY)),
        _ => {
            check.wrong_type(value, "a list of refs or a mapping");
            if let Some(text) = value.as_str() {
                check.help_last(&format!("write `[{text}]`"));
            }
        }
    }
}

fn refs(value: &Value, check: &mut Check<'_>) {
    let Some(items) = value.as_seq() else {
        return check.wrong_type(value, "a list of refs");
    };
    for item in items {
        match item.as_str() {
            Some(text) => pattern(item, text, check),
            None => check.wrong_type(item, "a string, as each ref"),
        }
    }
}

/// A text between slashes is a regular expression; one-character bodies are fine here.
fn pattern(item: &Value, text: &str, check: &mut Check<'_>) {
    if !text.starts_with('/') || !text.ends_with('/') {
        return;
    }
    let problem = match re2::from_slashes(text) {
        Some(Ok(_)) => return,
        Some(Err(error)) => format!("has a regular expression that is not RE2: {error}"),
        None => format!("has `{text}`, which is no regular expression"),
    };
    check.invalid(Code::InvalidRegex, item.span, &problem);
    check.help_last(super::values::RE2);
}

fn variables(value: &Value, check: &mut Check<'_>) {
    check.value(value, &Shape::Texts);
    for item in value.as_seq().unwrap_or_default() {
        if let Some(text) = item.as_str() {
            condition(item, text, check);
        }
    }
}

/// Checks that a text is a condition (configuration reference 9).
pub(super) fn condition(value: &Value, text: &str, check: &mut Check<'_>) {
    if let Err(error) = Condition::shared(text) {
        let subject = check.subject();
        let mut diagnostic = Diagnostic::new(
            Code::InvalidExpression,
            format!("{subject} is no valid condition: {}", error.message),
        )
        .at(place(value, text, error.start, error.end));
        diagnostic.help = error.help.into_iter().collect();
        check.report(diagnostic);
    }
}

/// The part of a scalar that an error points at; the whole scalar where its text is not written
/// letter by letter (escapes, folding).
fn place(value: &Value, text: &str, start: usize, end: usize) -> crate::source::Span {
    let written = (value.span.end - value.span.start) as usize;
    let quotes = written.saturating_sub(text.len());
    match quotes {
        0 => value.span.part(start, end.max(start + 1)),
        2 if !text.contains('\n') => value.span.part(start + 1, end.max(start + 1) + 1),
        _ => value.span,
    }
}

/// The condition that a checked text holds.
pub(crate) fn parsed(text: &str) -> Option<Arc<Condition>> {
    Condition::shared(text).ok()
}

/// A checked `only` or `except`. The mapping form of `only` keeps the implicit refs unless it names
/// some.
pub(crate) fn read(value: &Value, implicit_refs: bool) -> Policy {
    let Some(mapping) = value.as_map() else {
        return Policy {
            span: Some(value.span),
            refs: Some(read_refs(value)),
            variables: None,
            changes: None,
            kubernetes: false,
        };
    };
    let default_refs = || implicit_refs.then(|| vec![plain_ref("branches"), plain_ref("tags")]);
    Policy {
        span: Some(value.span),
        refs: read::get(mapping, "refs")
            .map(read_refs)
            .or_else(default_refs),
        variables: read::get(mapping, "variables").map(|texts| {
            let condition = |text: Arc<str>| {
                let condition = parsed(&text)?;
                Some(PolicyCondition { text, condition })
            };
            let texts = read::strings(texts).into_iter();
            texts.filter_map(condition).collect()
        }),
        changes: read::get(mapping, "changes").map(read::strings),
        kubernetes: read::get(mapping, "kubernetes").is_some(),
    }
}

/// The `only` of a job that says nothing (configuration reference 6.9).
pub(crate) fn implicit_only() -> Policy {
    Policy {
        span: None,
        refs: Some(vec![plain_ref("branches"), plain_ref("tags")]),
        variables: None,
        changes: None,
        kubernetes: false,
    }
}

fn plain_ref(word: &str) -> RefPattern {
    RefPattern {
        pattern: word.into(),
        project: None,
    }
}

fn read_refs(value: &Value) -> Vec<RefPattern> {
    read::strings(value)
        .iter()
        .map(|text| match text.split_once('@') {
            Some((pattern, project)) => RefPattern {
                pattern: pattern.into(),
                project: Some(project.into()),
            },
            None => RefPattern {
                pattern: Arc::clone(text),
                project: None,
            },
        })
        .collect()
}
