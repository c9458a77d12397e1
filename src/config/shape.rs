//! Shapes: what a value must look like, as data, and the check that reports every mistake.
//!
//! The tables in [`keywords`](super::keywords) are made of shapes. A shape says what GitLab
//! accepts; reading the accepted value into a type is the work of [`read`](super::read).

use crate::diag::{Code, Diagnostic};
use crate::source::Span;
use crate::yaml::{Entry, Kind, Mapping, Value};

use super::keywords::{Keyword, Scope, instead_of, unquoted_key};

/// Nesting of lists that script-like keywords accept (configuration reference 2.6).
pub(super) const MAX_NESTING: usize = 10;

/// What a value must look like. Null counts as absent unless a shape says otherwise.
pub(crate) enum Shape {
    /// Anything.
    Any,
    /// `true` or `false`.
    Boolean,
    /// Text, perhaps empty.
    Text,
    /// Text that is not blank.
    NonBlank,
    /// A flat list of strings.
    Texts,
    /// A string or a flat list of strings.
    TextOrTexts,
    /// A string, or strings in lists up to ten levels deep.
    Script,
    /// An integer or a list of integers.
    Integers,
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// A mapping with these keys.
    Map(&'static Keys),
    /// A mapping from any name to this shape.
    Named(&'static Shape),
    /// A rule of its own.
    Rule(fn(&Value, &mut Check<'_>)),
}

/// The keys that a mapping may have.
pub(crate) struct Keys {
    /// Rows for the keys.
    pub(crate) rows: &'static [Keyword],
    /// Keys that must be there.
    pub(crate) required: &'static [&'static str],
    /// Pairs that can't be used together.
    pub(crate) exclusive: &'static [(&'static str, &'static str)],
}

/// A check under way: where it is, and what it has found.
pub(crate) struct Check<'a> {
    owner: &'a str,
    path: Vec<String>,
    found: &'a mut Vec<Diagnostic>,
}

impl<'a> Check<'a> {
    /// A check of something of `owner`, as a message names it (``job `a` ``); empty at top level.
    pub(super) fn new(owner: &'a str, found: &'a mut Vec<Diagnostic>) -> Self {
        Self {
            owner,
            path: Vec::new(),
            found,
        }
    }

    /// Checks a value under one more key of the path.
    pub(super) fn within(&mut self, key: &str, check: impl FnOnce(&mut Self)) {
        self.path.push(key.to_owned());
        check(self);
        self.path.pop();
    }

    /// What is being checked, for messages: `` `image:name` of job `a` ``.
    pub(super) fn subject(&self) -> String {
        match (self.path.is_empty(), self.owner.is_empty()) {
            (true, true) => "the configuration".to_owned(),
            (true, false) => self.owner.to_owned(),
            (false, true) => format!("`{}`", self.path.join(":")),
            (false, false) => format!("`{}` of {}", self.path.join(":"), self.owner),
        }
    }

    /// Reports a mistake.
    pub(super) fn report(&mut self, diagnostic: Diagnostic) {
        self.found.push(diagnostic);
    }

    /// Reports a value of the wrong type.
    pub(super) fn wrong_type(&mut self, value: &Value, expected: &str) {
        let message = format!(
            "{} should be {expected}, not {}",
            self.subject(),
            value.type_name()
        );
        let mut diagnostic = Diagnostic::new(Code::WrongType, message).at(value.span);
        if let (Kind::Bool(_) | Kind::Int(_) | Kind::Float(_), true) =
            (&value.kind, expected.contains("string"))
        {
            diagnostic = diagnostic.help("put it in quotes");
        }
        self.report(diagnostic);
    }

    /// Reports a value that is not accepted: "`when` of job `a` " + what.
    pub(super) fn invalid(&mut self, code: Code, span: Span, what: &str) {
        let message = format!("{} {what}", self.subject());
        self.report(Diagnostic::new(code, message).at(span));
    }

    /// Checks `value` against `shape`.
    pub(super) fn value(&mut self, value: &Value, shape: &Shape) {
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

    /// The mapping, or a report.
    pub(super) fn mapping<'v>(&mut self, value: &'v Value) -> Option<&'v Mapping> {
        let mapping = value.as_map();
        self.expect(value, mapping.is_some(), "a mapping");
        mapping
    }

    fn expect(&mut self, value: &Value, fits: bool, expected: &str) {
        if !fits {
            self.wrong_type(value, expected);
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
    pub(super) fn one_of(&mut self, value: &Value, words: &[&str]) {
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
    pub(super) fn keys(
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

    /// Reports two keys that can't stand together.
    pub(super) fn exclusive(&mut self, one: &Entry, other: &Entry) {
        let message = format!(
            "{} can't have both `{}` and `{}`",
            self.subject(),
            one.key.text(),
            other.key.text()
        );
        self.report(
            Diagnostic::new(Code::ExclusiveKeys, message)
                .at(other.key_span)
                .with(one.key_span, "the other one is here")
                .help("remove one of them"),
        );
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

    /// Adds what to do to the finding just reported.
    pub(super) fn help_last(&mut self, help: &str) {
        if let Some(last) = self.found.last_mut() {
            last.help = vec![help.to_owned()];
        }
    }
}

/// The row for an entry's key, if it is known in `scope`.
pub(super) fn row(keys: &'static Keys, entry: &Entry, scope: Scope) -> Option<&'static Keyword> {
    let crate::yaml::Key::Str(name) = &entry.key else {
        return None;
    };
    keys.rows
        .iter()
        .find(|row| row.name == &**name && row.scope.meets(scope))
}

/// The items of a list with lists inside it flattened, or `None` if it is not a list.
pub(super) fn flatten(value: &Value) -> Option<Vec<&Value>> {
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
pub(super) fn entries(value: &Value) -> Option<Vec<&Value>> {
    let mut entries = flatten(value)?;
    entries.retain(|entry| !entry.is_null());
    Some(entries)
}

/// Whether a list entry counts as text: Psych's symbols do.
fn is_text(value: &Value) -> bool {
    matches!(value.kind, Kind::Str(_) | Kind::Symbol(_))
}

/// `` `a`, `b` or `c` ``.
pub(super) fn listed(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => quoted.concat(),
    }
}
