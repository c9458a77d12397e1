//! The tree that the configuration is read from.
//!
//! Values are immutable and shared: an alias, a merge or an `extends` copies a pointer, never a
//! subtree. Each value remembers the place where the user wrote it, wherever it ends up.

use std::sync::Arc;

use crate::source::Span;

use super::Mapping;

/// A value and its place.
#[derive(Debug, Clone)]
pub struct Value {
    /// What it is.
    pub kind: Kind,
    /// Where it was written. An empty value has an empty span behind its key.
    pub span: Span,
}

/// The types that Psych makes of plain data (configuration reference 2.2), and `!reference`.
#[derive(Debug, Clone)]
pub enum Kind {
    /// `~`, `null`, nothing.
    Null,
    /// `true`, `yes`, `on` and their opposites.
    Bool(bool),
    /// Any integer form, also base 60. What 64 bits can't hold is kept as the text of its digits.
    Int(i64),
    /// A float.
    Float(f64),
    /// Text.
    Str(Arc<str>),
    /// A Ruby symbol (`:name`), without its colon.
    Symbol(Arc<str>),
    /// A list.
    Seq(Arc<[Value]>),
    /// A mapping.
    Map(Arc<Mapping>),
    /// `!reference [a, b]`: the tagged value as written, a list when it is well formed.
    Reference(Arc<Value>),
}

impl Value {
    /// A value of `kind` written at `span`.
    pub fn new(kind: Kind, span: Span) -> Self {
        Self { kind, span }
    }

    /// The text, when it is text.
    pub fn as_str(&self) -> Option<&str> {
        match &self.kind {
            Kind::Str(text) => Some(text),
            _ => None,
        }
    }

    /// The mapping, when it is one.
    pub fn as_map(&self) -> Option<&Mapping> {
        match &self.kind {
            Kind::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The list, when it is one.
    pub fn as_seq(&self) -> Option<&[Value]> {
        match &self.kind {
            Kind::Seq(items) => Some(items),
            _ => None,
        }
    }

    /// Whether it is null.
    pub fn is_null(&self) -> bool {
        matches!(self.kind, Kind::Null)
    }

    /// What Rails calls blank: null, false, empty or white text, an empty list or mapping.
    pub fn is_blank(&self) -> bool {
        match &self.kind {
            Kind::Null | Kind::Bool(false) => true,
            Kind::Str(text) => text.trim().is_empty(),
            Kind::Seq(items) => items.is_empty(),
            Kind::Map(map) => map.is_empty(),
            _ => false,
        }
    }

    /// The type in the words of a message.
    pub fn type_name(&self) -> &'static str {
        match &self.kind {
            Kind::Null => "null",
            Kind::Bool(_) => "a boolean",
            Kind::Int(_) => "an integer",
            Kind::Float(_) => "a float",
            Kind::Str(_) => "a string",
            Kind::Symbol(_) => "a symbol",
            Kind::Seq(_) => "a list",
            Kind::Map(_) => "a mapping",
            Kind::Reference(_) => "an unresolved `!reference`",
        }
    }

    /// A scalar as Ruby's `to_s` prints it (configuration reference 2.2): `1.0`, `true`, and
    /// the empty text for null. `None` for lists, mappings and references.
    pub fn scalar_text(&self) -> Option<String> {
        Some(match &self.kind {
            Kind::Null => String::new(),
            Kind::Bool(value) => value.to_string(),
            Kind::Int(value) => value.to_string(),
            Kind::Float(value) => ruby_float(*value),
            Kind::Str(text) | Kind::Symbol(text) => text.to_string(),
            Kind::Seq(_) | Kind::Map(_) | Kind::Reference(_) => return None,
        })
    }

    /// [`scalar_text`](Self::scalar_text), to keep: a text is the one that was read.
    pub fn shared_text(&self) -> Option<Arc<str>> {
        match &self.kind {
            Kind::Str(text) | Kind::Symbol(text) => Some(Arc::clone(text)),
            _ => self.scalar_text().map(Arc::from),
        }
    }
}

/// A float as Ruby prints it: always with a point, exponents from 1e16 up and below 1e-4.
fn ruby_float(value: f64) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "Infinity" } else { "-Infinity" }.to_owned();
    }
    let magnitude = value.abs();
    if value != 0.0 && !(1e-4..1e16).contains(&magnitude) {
        let text = format!("{value:e}");
        let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let digits = if digits.contains('.') {
            digits.to_owned()
        } else {
            format!("{digits}.0")
        };
        let (sign, exponent) = match exponent.strip_prefix('-') {
            Some(rest) => ("-", rest),
            None => ("+", exponent),
        };
        return format!("{digits}e{sign}{exponent:0>2}");
    }
    let text = value.to_string();
    if text.contains('.') {
        text
    } else {
        format!("{text}.0")
    }
}

#[cfg(test)]
mod tests {
    use super::ruby_float;

    #[test]
    fn floats_print_as_in_ruby() {
        for (value, text) in [
            (1.0, "1.0"),
            (3.1, "3.1"),
            (-0.5, "-0.5"),
            (1e15, "1000000000000000.0"),
            (1e16, "1.0e+16"),
            (1.5e-7, "1.5e-07"),
            (0.0001, "0.0001"),
            (f64::INFINITY, "Infinity"),
        ] {
            assert_eq!(ruby_float(value), text);
        }
    }
}
