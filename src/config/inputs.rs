//! Values of inputs: given ones, defaults, and whether they fit (configuration reference 3.2).

use std::collections::HashMap;
use std::sync::Arc;

use crate::diag::{Code, Diagnostic};
use crate::expr::{Condition, InputValue, Lookup, re2};
use crate::source::Span;
use crate::yaml::{Entry, Kind, Mapping, Value};

use super::header::unknown_keys;
use super::read;

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

/// The values of a file's inputs, ready to be interpolated.
#[derive(Debug, Clone, Default)]
pub(super) struct Inputs {
    values: HashMap<String, Value>,
}

impl Inputs {
    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        self.values.get(name)
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
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
pub(super) fn resolve(declared: &Mapping, given: &Mapping) -> Result<Inputs, Vec<Diagnostic>> {
    let mut found = Vec::new();
    for entry in declared.entries() {
        check_declaration(entry, &mut found);
    }
    for entry in given.entries() {
        if declared.find(&entry.key).is_none() {
            let name = entry.key.text();
            found.push(
                Diagnostic::new(
                    Code::InputUnknown,
                    format!("input `{name}` is not declared"),
                )
                .at(entry.key_span)
                .choose_from(
                    name,
                    "declared inputs",
                    declared.entries().iter().map(|e| e.key.text()),
                ),
            );
        }
    }
    if !found.is_empty() {
        return Err(found);
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

fn check_declaration(entry: &Entry, found: &mut Vec<Diagnostic>) {
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
        && !regex
            .as_str()
            .is_some_and(|text| re2::compile(text, "").is_ok())
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
        if let Some(text) = read::text(rule, "if")
            && let Err(error) = Condition::parse(&text)
        {
            found.push(spec(
                item.span,
                format!(
                    "a rule of input `{name}` is no valid condition: {}",
                    error.message
                ),
            ));
        }
        let options = read::get(rule, "options").and_then(Value::as_seq);
        match (options, rule.get("default")) {
            (Some(options), Some(default)) if !default.value.is_null() => {
                if !is_option(options, &default.value) {
                    found.push(spec(
                        default.value.span,
                        format!("the default of a rule of input `{name}` is not among its options"),
                    ));
                }
            }
            (Some(_), None) => {
                found.push(spec(
                    item.span,
                    format!("a rule of input `{name}` has options but no default"),
                ));
            }
            _ => {}
        }
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

/// A value as text, as Ruby's `to_s` gives it: lists and mappings by `inspect`.
pub(super) fn ruby_text(value: &Value) -> String {
    value.scalar_text().unwrap_or_else(|| inspect(value))
}

/// Ruby's `inspect`: `["a", 1, nil]`, `{:key=>"value"}`.
fn inspect(value: &Value) -> String {
    let joined = |parts: Vec<String>| parts.join(", ");
    match &value.kind {
        Kind::Null | Kind::Reference(_) => "nil".to_owned(),
        Kind::Str(text) => format!("{text:?}"),
        Kind::Symbol(text) => format!(":{text}"),
        Kind::Seq(items) => format!("[{}]", joined(items.iter().map(inspect).collect())),
        Kind::Map(mapping) => {
            let entry = |entry: &Entry| match &entry.key {
                crate::yaml::Key::Str(text) => format!(":{text}=>{}", inspect(&entry.value)),
                crate::yaml::Key::Other(text) => format!("{text}=>{}", inspect(&entry.value)),
            };
            format!(
                "{{{}}}",
                joined(mapping.entries().iter().map(entry).collect())
            )
        }
        Kind::Bool(_) | Kind::Int(_) | Kind::Float(_) => value.scalar_text().unwrap_or_default(),
    }
}

/// A value as JSON.
pub fn to_json(value: &Value) -> serde_json::Value {
    use serde_json::Value as Json;
    match &value.kind {
        Kind::Null | Kind::Reference(_) => Json::Null,
        Kind::Bool(value) => Json::Bool(*value),
        Kind::Int(value) => Json::from(*value),
        Kind::Float(value) => Json::from(*value),
        Kind::Str(text) | Kind::Symbol(text) => Json::from(&**text),
        Kind::Seq(items) => Json::Array(items.iter().map(to_json).collect()),
        Kind::Map(mapping) => Json::Object(
            mapping
                .entries()
                .iter()
                .map(|entry| (entry.key.text().to_owned(), to_json(&entry.value)))
                .collect(),
        ),
    }
}

fn from_json(text: &str, span: Span) -> Option<Value> {
    fn convert(json: serde_json::Value, span: Span) -> Value {
        use serde_json::Value as Json;
        let kind = match json {
            Json::Null => Kind::Null,
            Json::Bool(value) => Kind::Bool(value),
            Json::Number(number) => match number.as_i64() {
                Some(value) => Kind::Int(value),
                None => Kind::Float(number.as_f64().unwrap_or(f64::NAN)),
            },
            Json::String(text) => Kind::Str(text.into()),
            Json::Array(items) => {
                Kind::Seq(items.into_iter().map(|item| convert(item, span)).collect())
            }
            Json::Object(fields) => Kind::Map(Arc::new(
                fields
                    .into_iter()
                    .map(|(key, value)| Entry {
                        key: crate::yaml::Key::Str(key.into()),
                        key_span: span,
                        value: convert(value, span),
                        via: None,
                    })
                    .collect(),
            )),
        };
        Value::new(kind, span)
    }
    serde_json::from_str(text)
        .ok()
        .map(|json| convert(json, span))
}

fn is_option(options: &[Value], value: &Value) -> bool {
    let text = ruby_text(value);
    options.iter().any(|option| ruby_text(option) == text)
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
    Diagnostic::new(Code::InputMissing, format!("input `{name}` needs a value"))
        .at(entry.key_span)
        .help("give it a `default`, or a value where the file is included")
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

fn spec(span: Span, message: String) -> Diagnostic {
    Diagnostic::new(Code::SpecInvalid, message).at(span)
}
