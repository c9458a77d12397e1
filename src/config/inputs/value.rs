//! The value of each input: given or default, in its type, among its options
//! (configuration reference 3.2).

use std::collections::HashMap;

use crate::diag::{Code, Diagnostic};
use crate::expr::{Condition, InputValue, Lookup, re2};
use crate::source::Span;
use crate::yaml::{Entry, Kind, Mapping, Value};

use super::super::read;
use super::super::shape::unquoted_key;
use super::declare::{self, is_option};
use super::text::{from_json, ruby_text};

/// The values of a file's inputs, ready to be interpolated.
#[derive(Debug, Clone, Default)]
pub(in super::super) struct Inputs {
    values: HashMap<String, Value>,
}

impl Inputs {
    pub(in super::super) fn get(&self, name: &str) -> Option<&Value> {
        self.values.get(name)
    }

    pub(in super::super) fn names(&self) -> impl Iterator<Item = &str> {
        self.values.keys().map(String::as_str)
    }
}

/// Rules of inputs see other inputs, and no variables.
impl Lookup for Inputs {
    fn variable(&self, _name: &str) -> Option<&str> {
        None
    }

    fn input(&self, name: &str) -> Option<InputValue> {
        let value = self.values.get(name)?;
        Some(match &value.kind {
            Kind::Bool(value) => InputValue::Bool(*value),
            Kind::Int(_) | Kind::Float(_) => InputValue::Number(ruby_text(value)),
            Kind::Seq(items) if items.is_empty() => InputValue::List(String::new()),
            Kind::Seq(_) => InputValue::List(ruby_text(value)),
            _ => InputValue::Text(ruby_text(value)),
        })
    }
}

/// Checks the declarations and the values given, and fills in defaults.
pub(in super::super) fn resolve(
    declared: &Mapping,
    given: &Mapping,
) -> Result<Inputs, Vec<Diagnostic>> {
    let mut found = Vec::new();
    for entry in declared.entries() {
        declare::check(entry, &mut found);
    }
    if !found.is_empty() {
        return Err(found);
    }
    for entry in given.entries() {
        if declared.find(&entry.key).is_none() {
            let name = entry.key.text();
            let mut unknown = Diagnostic::new(
                Code::InputUnknown,
                format!("input `{name}` is not declared"),
            )
            .at(entry.key_span);
            unknown.help.extend(unquoted_key(&entry.key));
            found.push(unknown.choose_from(
                name,
                "declared inputs",
                declared.entries().iter().map(|e| e.key.text()),
            ));
        }
    }
    let mut inputs = Inputs::default();
    let (ruled, plain): (Vec<&Entry>, Vec<&Entry>) = declared.entries().iter().partition(|entry| {
        entry
            .value
            .as_map()
            .is_some_and(|m| read::get(m, "rules").is_some())
    });
    // Inputs with rules come last: their conditions look at the others.
    for entry in plain.into_iter().chain(ruled) {
        match value_of(entry, given, &inputs) {
            Ok(value) => {
                inputs.values.insert(entry.key.text().to_owned(), value);
            }
            Err(diagnostic) => found.push(diagnostic),
        }
    }
    if found.is_empty() {
        Ok(inputs)
    } else {
        Err(found)
    }
}

fn value_of(entry: &Entry, given: &Mapping, others: &Inputs) -> Result<Value, Diagnostic> {
    let name = entry.key.text();
    let empty = Mapping::default();
    let input = entry.value.as_map().unwrap_or(&empty);
    let given = given
        .find(&entry.key)
        .filter(|given| !given.value.is_null());
    let (options, value, is_default) = if let Some(rules) = read::get(input, "rules") {
        let (options, default) = matching_rule(rules, others);
        match given.filter(|entry| entry.value.as_str() != Some("")) {
            Some(given) => (options, given.value.clone(), false),
            None => (
                options,
                default.unwrap_or_else(|| blank(entry.key_span)),
                true,
            ),
        }
    } else {
        let options = read::get(input, "options")
            .and_then(Value::as_seq)
            .map(<[Value]>::to_vec);
        match (given, input.get("default")) {
            (Some(given), default) => {
                // A default must fit also where it is not used.
                if let Some(default) = default.filter(|default| !default.value.is_null()) {
                    fitting(name, input, default.value.clone(), options.as_deref())?;
                }
                (options, given.value.clone(), false)
            }
            (None, Some(default)) => (options, default.value.clone(), true),
            (None, None) => return Err(missing(entry)),
        }
    };
    if is_default && value.is_null() {
        return Ok(blank(value.span));
    }
    let options = options.filter(|_| !is_default || read::get(input, "options").is_some());
    fitting(name, input, value, options.as_deref())
}

/// The value in the input's type, if it is of it, among the options and of the pattern.
fn fitting(
    name: &str,
    input: &Mapping,
    value: Value,
    options: Option<&[Value]>,
) -> Result<Value, Diagnostic> {
    let kind = read::text(input, "type").unwrap_or_else(|| "string".into());
    let place = value.span;
    let value = coerce(&kind, value).ok_or_else(|| wrong_kind(name, &kind, place))?;
    if let Some(options) = options
        && !is_option(options, &value)
    {
        let text = value.scalar_text().unwrap_or_default();
        return Err(Diagnostic::new(
            Code::InputInvalid,
            format!("input `{name}` can't be `{text}`, which is not among its options"),
        )
        .at(place)
        .choose_from(
            &text,
            "the options",
            options.iter().filter_map(Value::as_str),
        ));
    }
    check_regex(name, input, &value)?;
    Ok(value)
}

fn matching_rule(rules: &Value, others: &Inputs) -> (Option<Vec<Value>>, Option<Value>) {
    for rule in rules
        .as_seq()
        .unwrap_or_default()
        .iter()
        .filter_map(Value::as_map)
    {
        let matches = match read::text(rule, "if") {
            Some(text) => Condition::parse(&text).is_ok_and(|condition| condition.eval(others)),
            None => true,
        };
        if matches {
            let options = read::get(rule, "options")
                .and_then(Value::as_seq)
                .map(<[Value]>::to_vec);
            return (options, read::get(rule, "default").cloned());
        }
    }
    (None, None)
}

/// The value in the input's type: text is tried as JSON for the others.
fn coerce(kind: &str, value: Value) -> Option<Value> {
    if kind == "string" {
        return Some(match value.kind {
            Kind::Str(_) => value,
            _ => Value::new(Kind::Str(ruby_text(&value).into()), value.span),
        });
    }
    let value = match value.as_str() {
        Some(text) => from_json(text, value.span).unwrap_or(value),
        None => value,
    };
    let fits = match kind {
        "number" => matches!(value.kind, Kind::Int(_) | Kind::Float(_)),
        "boolean" => matches!(value.kind, Kind::Bool(_)),
        _ => matches!(value.kind, Kind::Seq(_)),
    };
    fits.then_some(value)
}

fn check_regex(name: &str, input: &Mapping, value: &Value) -> Result<(), Diagnostic> {
    let Some(regex) = read::get(input, "regex") else {
        return Ok(());
    };
    let matches = match (regex.as_str(), value.as_str()) {
        (Some(pattern), Some(text)) => re2::compile(pattern, "").is_ok_and(|re| re.is_match(text)),
        _ => false,
    };
    if matches {
        return Ok(());
    }
    Err(Diagnostic::new(
        Code::InputInvalid,
        format!("the value of input `{name}` does not match its `regex`"),
    )
    .at(value.span)
    .with(regex.span, "the pattern"))
}

fn missing(entry: &Entry) -> Diagnostic {
    let name = entry.key.text();
    let mut missing = Diagnostic::new(Code::InputMissing, format!("input `{name}` needs a value"))
        .at(entry.key_span);
    missing.help.extend(unquoted_key(&entry.key));
    missing.help("give it a `default`, or a value where the file is included")
}

fn wrong_kind(name: &str, kind: &str, span: Span) -> Diagnostic {
    let article = if kind == "array" { "an" } else { "a" };
    Diagnostic::new(
        Code::InputInvalid,
        format!("the value of input `{name}` is not {article} {kind}"),
    )
    .at(span)
}

fn blank(span: Span) -> Value {
    Value::new(Kind::Str("".into()), span)
}
