//! Values as text and as JSON, as Ruby writes and reads them.

use std::sync::Arc;

use crate::source::Span;
use crate::yaml::{Entry, Kind, Value};

/// A value as text, as Ruby's `to_s` gives it: lists and mappings by `inspect`.
pub(in super::super) fn ruby_text(value: &Value) -> String {
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

pub(super) fn from_json(text: &str, span: Span) -> Option<Value> {
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
