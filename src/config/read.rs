//! Reading checked values: nothing here reports, because [`shape`](super::shape) has.

use std::sync::Arc;

use crate::types::{AllowFailure, Retry, RetryWhen, duration as durations};
use crate::yaml::{Kind, Mapping, Value};

use super::keywords::parsed_condition;
use super::model::{Policy, PolicyCondition, RefPattern, YamlVariable};
use super::shape::flatten;

/// The value of a key that is there and not null.
pub(super) fn get<'m>(mapping: &'m Mapping, key: &str) -> Option<&'m Value> {
    let value = &mapping.get(key)?.value;
    (!value.is_null()).then_some(value)
}

/// A text.
pub(super) fn text(mapping: &Mapping, key: &str) -> Option<Arc<str>> {
    match &get(mapping, key)?.kind {
        Kind::Str(text) | Kind::Symbol(text) => Some(Arc::clone(text)),
        _ => None,
    }
}

/// A boolean.
pub(super) fn boolean(mapping: &Mapping, key: &str) -> Option<bool> {
    match get(mapping, key)?.kind {
        Kind::Bool(value) => Some(value),
        _ => None,
    }
}

/// The strings of a list, or of one string.
pub(super) fn strings(value: &Value) -> Vec<Arc<str>> {
    let string = |value: &Value| match &value.kind {
        Kind::Str(text) | Kind::Symbol(text) => Some(Arc::clone(text)),
        _ => None,
    };
    match flatten(value) {
        Some(items) => items.into_iter().filter_map(string).collect(),
        None => string(value).into_iter().collect(),
    }
}

/// `hooks:pre_get_sources_script` of a job.
pub(super) fn pre_get_sources_script(job: &Mapping) -> Vec<Arc<str>> {
    within(job, "hooks", "pre_get_sources_script")
}

/// The strings at `key` of the mapping at `outer`.
fn within(mapping: &Mapping, outer: &str, key: &str) -> Vec<Arc<str>> {
    let inner = get(mapping, outer).and_then(Value::as_map);
    let value = inner.and_then(|inner| get(inner, key));
    value.map(strings).unwrap_or_default()
}

/// Seconds of a duration, and its text.
pub(super) fn duration(mapping: &Mapping, key: &str) -> Option<(u64, Arc<str>)> {
    let text = text(mapping, key)?;
    let seconds = durations::parse(&text).ok()?;
    Some((seconds, text))
}

/// `variables` in any of their forms; null is the empty text.
pub(super) fn variables(mapping: &Mapping, key: &str) -> Vec<YamlVariable> {
    let Some(variables) = get(mapping, key).and_then(Value::as_map) else {
        return Vec::new();
    };
    variables
        .entries()
        .iter()
        .map(|entry| {
            let (value, raw) = match entry.value.as_map() {
                Some(definition) => (
                    get(definition, "value").and_then(Value::scalar_text),
                    is_raw(definition),
                ),
                None => (entry.value.scalar_text(), false),
            };
            YamlVariable {
                key: entry.key.text().into(),
                value: value.unwrap_or_default().into(),
                raw,
                span: entry.value.span,
            }
        })
        .collect()
}

/// `expand` that is there and not true: null switches it off too.
fn is_raw(definition: &Mapping) -> bool {
    let expand = definition.get("expand");
    expand.is_some_and(|expand| !matches!(expand.value.kind, Kind::Bool(true)))
}

/// `allow_failure`.
pub(super) fn allow_failure(mapping: &Mapping) -> Option<AllowFailure> {
    Some(match &get(mapping, "allow_failure")?.kind {
        Kind::Bool(true) => AllowFailure::Yes,
        Kind::Map(codes) => match get(codes, "exit_codes").map(integers) {
            Some(codes) if !codes.is_empty() => AllowFailure::ExitCodes(codes),
            _ => AllowFailure::No,
        },
        _ => AllowFailure::No,
    })
}

fn integers(value: &Value) -> Vec<i64> {
    let one = |value: &Value| match value.kind {
        Kind::Int(number) => Some(number),
        _ => None,
    };
    match value.as_seq() {
        Some(items) => items.iter().filter_map(one).collect(),
        None => one(value).into_iter().collect(),
    }
}

/// `retry`.
pub(super) fn retry(value: &Value) -> Retry {
    let count = |value: &Value| match value.kind {
        Kind::Int(number) => u32::try_from(number).ok(),
        _ => None,
    };
    let Some(mapping) = value.as_map() else {
        return Retry {
            max: count(value),
            ..Retry::default()
        };
    };
    let reason = |word: Arc<str>| match &*word {
        "always" => RetryWhen::Always,
        _ => RetryWhen::Reason(word.to_string()),
    };
    Retry {
        max: get(mapping, "max").and_then(count),
        when: get(mapping, "when").map(|when| strings(when).into_iter().map(reason).collect()),
        exit_codes: get(mapping, "exit_codes").map(integers).unwrap_or_default(),
    }
}

/// `only` or `except`. The mapping form of `only` keeps the implicit refs unless it names some.
pub(super) fn policy(value: &Value, implicit_refs: bool) -> Policy {
    let Some(mapping) = value.as_map() else {
        return Policy {
            span: Some(value.span),
            refs: Some(refs(value)),
            variables: None,
            changes: None,
            kubernetes: false,
        };
    };
    let default_refs = || implicit_refs.then(|| vec![plain_ref("branches"), plain_ref("tags")]);
    Policy {
        span: Some(value.span),
        refs: get(mapping, "refs").map(refs).or_else(default_refs),
        variables: get(mapping, "variables").map(|texts| {
            let condition = |text: Arc<str>| {
                let condition = parsed_condition(&text)?;
                Some(PolicyCondition { text, condition })
            };
            strings(texts).into_iter().filter_map(condition).collect()
        }),
        changes: get(mapping, "changes").map(strings),
        kubernetes: get(mapping, "kubernetes").is_some(),
    }
}

/// The `only` of a job that says nothing (configuration reference 6.9).
pub(super) fn implicit_only() -> Policy {
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

fn refs(value: &Value) -> Vec<RefPattern> {
    strings(value)
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
