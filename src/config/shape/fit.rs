//! Whether a value fits its shape. Every mistake is reported.

use crate::diag::{Code, Diagnostic};
use crate::source::Span;
use crate::yaml::{Entry, Key, Kind, Mapping, Value};

use super::check::Check;
use super::keyword::{Keys, Keyword, Scope, Shape};
use super::removed::instead_of;

/// Nesting of lists that script-like keywords accept (configuration reference 2.6).
pub(crate) const MAX_NESTING: usize = 10;

impl Check<'_> {
    /// Checks `value` against `shape`.
    pub(crate) fn value(&mut self, value: &Value, shape: &Shape) {
        match shape {
            Shape::Any => {}
            Shape::Boolean => self.expect(value, matches!(value.kind, Kind::Bool(_)), "a boolean"),
            Shape::Text => self.expect(value, value.as_str().is_some(), "a string"),
            Shape::NonBlank => match value.as_str() {
                Some(text) if text.trim().is_empty() => {
                    self.invalid(Code::BlankValue, value.span, "can't be blank");
                    self.help_last("give it a value, or take the key away");
                }
                text => self.expect(value, text.is_some(), "a string"),
            },
            Shape::Texts => self.texts(value, "a list of strings"),
            Shape::TextOrTexts => {
                if value.as_str().is_none() {
                    self.texts(value, "a string or a list of strings");
                }
            }
            Shape::Script => self.script(value, 0),
            Shape::Integers => self.integers(value),
            Shape::OneOf(words) => self.one_of(value, words),
            Shape::Map(keys) => {
                if let Some(mapping) = self.mapping(value) {
                    self.keys(mapping, value.span, keys, Scope::ANY);
                }
            }
            Shape::Named(shape) => {
                for entry in self.mapping(value).into_iter().flat_map(Mapping::entries) {
                    self.within(entry.key.text(), |check| check.value(&entry.value, shape));
                }
            }
            Shape::Rule(rule) => rule(value, self),
        }
    }

    fn texts(&mut self, value: &Value, expected: &str) {
        let Some(items) = value.as_seq() else {
            return self.wrong_type(value, expected);
        };
        for item in items.iter().filter(|item| !is_text(item)) {
            let nested = matches!(item.kind, Kind::Seq(_));
            self.wrong_type(item, "a string, as each entry of its list");
            if nested {
                self.help_last("lists are not flattened here: write the entries themselves");
            }
        }
    }

    fn script(&mut self, value: &Value, depth: usize) {
        match &value.kind {
            Kind::Str(_) | Kind::Symbol(_) => {}
            Kind::Seq(items) if depth < MAX_NESTING => {
                items.iter().for_each(|item| self.script(item, depth + 1));
            }
            Kind::Seq(_) => self.invalid(
                Code::TooMany,
                value.span,
                "has lists nested deeper than 10 levels",
            ),
            Kind::Map(_) if depth > 0 => {
                self.wrong_type(value, "a string or a list of strings");
                self.help_last(
                    "a colon and a blank make a mapping of a line: put the whole line in quotes",
                );
            }
            _ => self.wrong_type(value, "a string or a list of strings"),
        }
    }

    fn integers(&mut self, value: &Value) {
        match &value.kind {
            Kind::Int(_) => {}
            Kind::Seq(items) if items.iter().all(|i| matches!(i.kind, Kind::Int(_))) => {}
            _ => self.wrong_type(value, "an integer or a list of integers"),
        }
    }

    /// Checks that a text is one of some words.
    pub(crate) fn one_of(&mut self, value: &Value, words: &[&str]) {
        let Some(word) = value.as_str() else {
            return self.wrong_type(value, &format!("one of {}", listed(words)));
        };
        if !words.contains(&word) {
            let message = format!(
                "{} can't be `{word}`; it should be one of {}",
                self.subject(),
                listed(words)
            );
            self.report(
                Diagnostic::new(Code::InvalidValue, message)
                    .at(value.span)
                    .did_you_mean(word, words.iter().copied()),
            );
        }
    }

    /// Checks the keys of a mapping and their values, for the rows that are known in `scope`.
    pub(crate) fn keys(
        &mut self,
        mapping: &Mapping,
        span: Span,
        keys: &'static Keys,
        scope: Scope,
    ) {
        for entry in mapping.entries() {
            match row(keys, entry, scope) {
                Some(row) if entry.value.is_null() && row.nullable => {}
                Some(row) => self.within(row.name, |check| check.value(&entry.value, &row.shape)),
                None => self.unknown_key(entry, keys, scope),
            }
        }
        for name in keys.required {
            if mapping.get(name).is_none_or(|entry| entry.value.is_null()) {
                let message = format!("{} lacks the key `{name}`", self.subject());
                self.report(Diagnostic::new(Code::MissingKey, message).at(span));
            }
        }
        for (one, other) in keys.exclusive {
            if let (Some(one), Some(other)) = (mapping.get(one), mapping.get(other)) {
                self.exclusive(one, other);
            }
        }
    }

    fn unknown_key(&mut self, entry: &Entry, keys: &'static Keys, scope: Scope) {
        let key = entry.key.text();
        let known = keys.rows.iter().filter(|row| row.scope.meets(scope));
        let message = format!("{} has the unknown key `{key}`", self.subject());
        let mut diagnostic = Diagnostic::new(Code::UnknownKey, message)
            .at(entry.key_span)
            .did_you_mean(key, known.map(|row| row.name));
        if keys.rows.iter().any(|row| row.name == key) {
            diagnostic = diagnostic.help(format!("`{key}` can't be used at this place"));
        }
        let removed = instead_of(key, keys.rows.iter().map(|row| row.name)).map(str::to_owned);
        if let Some(advice) = removed.or_else(|| unquoted_key(&entry.key)) {
            diagnostic.help = vec![advice];
        }
        if let Some(via) = entry.via {
            diagnostic = diagnostic.with(via, "merged in here");
        }
        self.report(diagnostic);
    }
}

/// The row for an entry's key, if it is known in `scope`.
pub(crate) fn row(keys: &'static Keys, entry: &Entry, scope: Scope) -> Option<&'static Keyword> {
    let Key::Str(name) = &entry.key else {
        return None;
    };
    keys.rows
        .iter()
        .find(|row| row.name == &**name && row.scope.meets(scope))
}

/// The items of a list with lists inside it flattened, or `None` if it is not a list.
pub(crate) fn flatten(value: &Value) -> Option<Vec<&Value>> {
    fn collect<'v>(items: &'v [Value], depth: usize, into: &mut Vec<&'v Value>) {
        for item in items {
            match item.as_seq() {
                Some(inner) if depth < MAX_NESTING => collect(inner, depth + 1, into),
                _ => into.push(item),
            }
        }
    }
    let mut flat = Vec::new();
    collect(value.as_seq()?, 0, &mut flat);
    Some(flat)
}

/// The entries of a list whose entries are mappings or names of their own, lists inside it
/// flattened: null among them is as if it were not there (configuration reference 2.6).
pub(crate) fn entries(value: &Value) -> Option<Vec<&Value>> {
    let mut entries = flatten(value)?;
    entries.retain(|entry| !entry.is_null());
    Some(entries)
}

/// Whether a list entry counts as text: Psych's symbols do.
fn is_text(value: &Value) -> bool {
    matches!(value.kind, Kind::Str(_) | Kind::Symbol(_))
}

/// `` `a`, `b` or `c` ``.
pub(crate) fn listed(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => quoted.concat(),
    }
}

/// What to do about a key that was meant as text and that YAML reads as something else.
pub(crate) fn unquoted_key(key: &Key) -> Option<String> {
    let Key::Other(read) = key else {
        return None;
    };
    let is_word = matches!(&**read, "true" | "false" | "null");
    is_word.then(|| format!("unquoted, YAML reads this key as `{read}`: put it in quotes"))
}
