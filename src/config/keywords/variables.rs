//! `variables` at its four places (configuration reference 5.6).

use crate::diag::{Code, Diagnostic};
use crate::expr::expand::YamlLevel;
use crate::yaml::{Entry, Key, Kind, Mapping, Value};

use super::super::model::{Prefilled, YamlVariable};
use super::super::read;
use super::super::shape::{Check, Keys, Scope, Shape, key, row, unquoted_key};

static ROOT: Keys = Keys {
    rows: &[
        key("value", "5.6", Shape::Rule(scalar)),
        key("expand", "5.6", Shape::Boolean),
        key("description", "5.6", Shape::Rule(description)),
        key("options", "5.6", Shape::Texts),
    ],
    required: &[],
    exclusive: &[],
};

static JOB: Keys = Keys {
    rows: &[
        key("value", "5.6", Shape::Rule(scalar)),
        key("expand", "5.6", Shape::Boolean),
    ],
    required: &[],
    exclusive: &[],
};

/// Root `variables`.
pub(crate) fn check_root(value: &Value, check: &mut Check<'_>) {
    each(value, check, |entry, check| {
        definition(entry, check, &ROOT);
        options(entry, check);
    });
}

/// `variables` of a job.
pub(super) fn check_job(value: &Value, check: &mut Check<'_>) {
    each(value, check, |entry, check| definition(entry, check, &JOB));
}

/// `variables` of rules and services: plain values only.
pub(super) fn check_plain(value: &Value, check: &mut Check<'_>) {
    each(value, check, |entry, check| {
        if !is_plain(&entry.value) {
            check.wrong_type(&entry.value, "a string");
        }
    });
}

fn each(value: &Value, check: &mut Check<'_>, inspect: impl Fn(&Entry, &mut Check<'_>)) {
    let Some(mapping) = check.mapping(value) else {
        return;
    };
    for entry in mapping.entries() {
        check.within(entry.key.text(), |check| {
            check_name(entry, check);
            inspect(entry, check);
        });
    }
}

/// A name is text or an integer.
pub(super) fn check_name(entry: &Entry, check: &mut Check<'_>) {
    if let Key::Other(text) = &entry.key
        && text.parse::<i64>().is_err()
    {
        let what = "should have a name of letters, digits and underscores";
        check.invalid(Code::WrongType, entry.key_span, what);
        if let Some(advice) = unquoted_key(&entry.key) {
            check.help_last(&advice);
        }
    }
}

fn definition(entry: &Entry, check: &mut Check<'_>, keys: &'static Keys) {
    let Kind::Map(mapping) = &entry.value.kind else {
        if !is_plain(&entry.value) && !entry.value.is_null() {
            check.wrong_type(&entry.value, "a string or a mapping with `value`");
        }
        return;
    };
    if mapping
        .entries()
        .iter()
        .all(|e| row(keys, e, Scope::ANY).is_some())
        && mapping.get("options").is_some()
        && mapping.get("value").is_none()
    {
        let message = format!("{} has `options` but no `value`", check.subject());
        check.report(
            Diagnostic::new(Code::MissingKey, message)
                .at(entry.key_span)
                .help("add a `value` that is among the options"),
        );
    }
    check.keys(mapping, entry.value.span, keys, Scope::ANY);
}

/// The value of a variable with options must be one of them.
fn options(entry: &Entry, check: &mut Check<'_>) {
    let Some(mapping) = entry.value.as_map() else {
        return;
    };
    let (Some(value), Some(options)) = (mapping.get("value"), mapping.get("options")) else {
        return;
    };
    let known = options.value.as_seq().unwrap_or_default();
    let same =
        |option: &Value| option.as_str().is_some() && option.as_str() == value.value.as_str();
    if !known.is_empty() && !known.iter().any(same) {
        let message = format!(
            "the value of {} is not among its `options`",
            check.subject()
        );
        check.report(
            Diagnostic::new(Code::InvalidValue, message)
                .at(value.value.span)
                .with(options.value.span, "the options"),
        );
    }
}

fn description(value: &Value, check: &mut Check<'_>) {
    if !matches!(value.kind, Kind::Str(_) | Kind::Symbol(_) | Kind::Int(_)) {
        check.wrong_type(value, "a string");
    }
}

fn scalar(value: &Value, check: &mut Check<'_>) {
    if !is_plain(value) {
        check.wrong_type(value, "a string");
    }
}

fn is_plain(value: &Value) -> bool {
    matches!(
        value.kind,
        Kind::Str(_) | Kind::Symbol(_) | Kind::Int(_) | Kind::Float(_) | Kind::Bool(_)
    )
}

/// The checked `variables` of a mapping, in any of their forms; null is the empty text.
pub(crate) fn read(mapping: &Mapping, level: YamlLevel) -> Vec<YamlVariable> {
    let Some(variables) = read::get(mapping, "variables").and_then(Value::as_map) else {
        return Vec::new();
    };
    variables
        .entries()
        .iter()
        .map(|entry| {
            let (value, raw) = match entry.value.as_map() {
                Some(definition) => (
                    read::get(definition, "value").and_then(Value::shared_text),
                    is_raw(definition),
                ),
                None => (entry.value.shared_text(), false),
            };
            YamlVariable {
                key: entry.key.shared_text(),
                value: value.unwrap_or_default(),
                raw,
                span: entry.value.span,
                level,
            }
        })
        .collect()
}

/// `expand` that is there and not true: null switches it off too.
fn is_raw(definition: &Mapping) -> bool {
    let expand = definition.get("expand");
    expand.is_some_and(|expand| !matches!(expand.value.kind, Kind::Bool(true)))
}

/// The checked root `variables` that have a description.
pub(crate) fn read_prefilled(document: &Mapping) -> Vec<Prefilled> {
    let variables = read::get(document, "variables").and_then(Value::as_map);
    let entries = variables.map(Mapping::entries).unwrap_or_default().iter();
    let described = entries.filter_map(|entry| {
        let definition = entry.value.as_map()?;
        let text = |key| read::get(definition, key).and_then(Value::scalar_text);
        Some(Prefilled {
            key: entry.key.text().into(),
            value: text("value").unwrap_or_default().into(),
            description: text("description")?.into(),
            options: read::get(definition, "options")
                .map(read::strings)
                .unwrap_or_default(),
        })
    });
    described.collect()
}
