//! Plain values out of checked mappings: nothing here reports, because [`shape`](super::shape) has.

use std::sync::Arc;

use crate::source::SpannedText;
use crate::types::{Delay, duration as durations};
use crate::yaml::{Kind, Mapping, Value};

use super::model::Given;
use super::shape::flatten;

/// The value of a key that is there and not null.
pub(super) fn get<'m>(mapping: &'m Mapping, key: &str) -> Option<&'m Value> {
    let value = &mapping.get(key)?.value;
    (!value.is_null()).then_some(value)
}

/// What a key says, where null is not the same as no key.
pub(super) fn given<T>(mapping: &Mapping, key: &str, read: impl FnOnce(&Value) -> T) -> Given<T> {
    match mapping.get(key).map(|entry| &entry.value) {
        None => Given::Absent,
        Some(value) if value.is_null() => Given::Null,
        Some(value) => Given::Set(read(value)),
    }
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

/// The seconds of a duration.
pub(super) fn seconds(mapping: &Mapping, key: &str) -> Option<u64> {
    durations::parse(&text(mapping, key)?).ok()
}

/// `start_in` of a job or a rule.
pub(super) fn delay(mapping: &Mapping) -> Option<Delay> {
    Some(Delay {
        seconds: seconds(mapping, "start_in")?,
        text: text(mapping, "start_in")?,
    })
}

/// A text and its place.
pub(super) fn spanned(mapping: &Mapping, key: &str) -> Option<SpannedText> {
    spanned_text(get(mapping, key)?)
}

/// The same of a value.
pub(super) fn spanned_text(value: &Value) -> Option<SpannedText> {
    Some(SpannedText {
        text: value.as_str()?.into(),
        span: value.span,
    })
}
