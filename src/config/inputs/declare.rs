//! Whether an input is declared soundly (configuration reference 3.1).

use crate::diag::{Code, Diagnostic};
use crate::expr::{Condition, re2};
use crate::source::Span;
use crate::yaml::{Entry, Kind, Mapping, Value};

use super::super::read;
use super::text::ruby_text;

/// Options of one input.
const MAX_OPTIONS: usize = 50;
static INPUT_KEYS: &[&str] = &[
    "type",
    "default",
    "description",
    "options",
    "regex",
    "rules",
];
static TYPES: &[&str] = &["string", "number", "boolean", "array"];

/// Reports what is wrong with one declaration.
pub(in super::super) fn check(entry: &Entry, found: &mut Vec<Diagnostic>) {
    let name = entry.key.text();
    if entry.value.is_null() {
        return;
    }
    let Some(input) = entry.value.as_map() else {
        found.push(spec(
            entry.value.span,
            format!("input `{name}` should be a mapping"),
        ));
        return;
    };
    unknown_keys(input, INPUT_KEYS, &format!("input `{name}`"), found);
    let kind = read::get(input, "type");
    if let Some(kind) = kind
        && !kind.as_str().is_some_and(|word| TYPES.contains(&word))
    {
        let word = kind.scalar_text().unwrap_or_default();
        found.push(
            spec(
                kind.span,
                format!("input `{name}` has the unknown type `{word}`"),
            )
            .did_you_mean(&word, TYPES.iter().copied()),
        );
    }
    if let Some(regex) = read::get(input, "regex")
        && regex
            .as_str()
            .is_none_or(|text| re2::compile(text, "").is_err())
    {
        found.push(spec(
            regex.span,
            format!("`regex` of input `{name}` is not RE2"),
        ));
    }
    if let Some(description) = read::get(input, "description")
        && !matches!(
            description.kind,
            Kind::Str(_) | Kind::Symbol(_) | Kind::Int(_)
        )
    {
        found.push(spec(
            description.span,
            format!("`description` of input `{name}` should be a string"),
        ));
    }
    check_options(name, input, found);
    check_rules(name, input, found);
}

fn check_options(name: &str, input: &Mapping, found: &mut Vec<Diagnostic>) {
    let Some(options) = read::get(input, "options") else {
        return;
    };
    let Some(items) = options.as_seq() else {
        found.push(spec(
            options.span,
            format!("`options` of input `{name}` should be a list"),
        ));
        return;
    };
    if items.len() > MAX_OPTIONS {
        found.push(spec(
            options.span,
            format!("input `{name}` has more than {MAX_OPTIONS} options"),
        ));
    }
    if let Some(null) = items.iter().find(|item| item.is_null()) {
        found.push(spec(
            null.span,
            format!("an option of input `{name}` can't be null"),
        ));
    }
    let kind = read::text(input, "type");
    if matches!(kind.as_deref(), Some("boolean" | "array")) {
        found.push(spec(
            options.span,
            format!("input `{name}` can't have options: only strings and numbers can"),
        ));
    }
    if read::get(input, "rules").is_some() {
        found.push(spec(
            options.span,
            format!("input `{name}` can't have both `options` and `rules`"),
        ));
    }
}

fn check_rules(name: &str, input: &Mapping, found: &mut Vec<Diagnostic>) {
    let Some(rules) = read::get(input, "rules") else {
        return;
    };
    if let Some(default) = input.get("default") {
        found.push(spec(
            default.key_span,
            format!("input `{name}` can't have both `default` and `rules`"),
        ));
    }
    let Some(items) = rules.as_seq() else {
        found.push(spec(
            rules.span,
            format!("`rules` of input `{name}` should be a list"),
        ));
        return;
    };
    for item in items {
        let Some(rule) = item.as_map() else {
            found.push(spec(
                item.span,
                format!("a rule of input `{name}` should be a mapping"),
            ));
            continue;
        };
        unknown_keys(
            rule,
            &["if", "options", "default"],
            &format!("a rule of input `{name}`"),
            found,
        );
        if let Some(condition) = read::get(rule, "if") {
            check_condition(name, condition, found);
        }
        check_choice(name, item, rule, found);
    }
}

fn check_condition(name: &str, condition: &Value, found: &mut Vec<Diagnostic>) {
    let problem = match condition.as_str().map(Condition::parse) {
        Some(Ok(_)) => return,
        Some(Err(error)) => error.message,
        None => format!("it is {}", condition.type_name()),
    };
    let message = format!("a rule of input `{name}` is no valid condition: {problem}");
    found.push(spec(condition.span, message));
}

/// A rule with options has at least one of them, and a default that is one of them.
fn check_choice(name: &str, item: &Value, rule: &Mapping, found: &mut Vec<Diagnostic>) {
    let Some(options) = read::get(rule, "options") else {
        return;
    };
    let options = options.as_seq().unwrap_or_default();
    match rule.get("default") {
        Some(_) if options.is_empty() => {
            let message = format!("a rule of input `{name}` should list at least one option");
            found.push(spec(item.span, message));
        }
        Some(default) if !default.value.is_null() && !is_option(options, &default.value) => {
            let message =
                format!("the default of a rule of input `{name}` is not among its options");
            found.push(spec(default.value.span, message));
        }
        Some(_) => {}
        None => {
            let message = format!("a rule of input `{name}` has options but no default");
            found.push(spec(item.span, message));
        }
    }
}

/// Whether a value is one of the options, compared as text.
pub(super) fn is_option(options: &[Value], value: &Value) -> bool {
    let text = ruby_text(value);
    options.iter().any(|option| ruby_text(option) == text)
}

fn spec(span: Span, message: String) -> Diagnostic {
    Diagnostic::new(Code::SpecInvalid, message).at(span)
}

/// Reports keys of a part of the header that are not among `known`.
pub(in super::super) fn unknown_keys(
    mapping: &Mapping,
    known: &[&str],
    owner: &str,
    found: &mut Vec<Diagnostic>,
) {
    for entry in mapping.entries() {
        let key = entry.key.text();
        if !known.contains(&key) {
            found.push(
                Diagnostic::new(
                    Code::SpecInvalid,
                    format!("{owner} has the unknown key `{key}`"),
                )
                .at(entry.key_span)
                .did_you_mean(key, known.iter().copied()),
            );
        }
    }
}
