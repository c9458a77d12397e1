//! A check under way: what messages say of the value, and what was found.

use crate::diag::{Code, Diagnostic};
use crate::source::Span;
use crate::yaml::{Entry, Kind, Mapping, Value};

/// A check under way: where it is, and what it has found.
pub(crate) struct Check<'a> {
    owner: &'a str,
    path: Vec<String>,
    found: &'a mut Vec<Diagnostic>,
}

impl<'a> Check<'a> {
    /// A check of something of `owner`, as a message names it (``job `a` ``); empty at top level.
    pub(crate) fn new(owner: &'a str, found: &'a mut Vec<Diagnostic>) -> Self {
        Self {
            owner,
            path: Vec::new(),
            found,
        }
    }

    /// Checks a value under one more key of the path.
    pub(crate) fn within(&mut self, key: &str, check: impl FnOnce(&mut Self)) {
        self.path.push(key.to_owned());
        check(self);
        self.path.pop();
    }

    /// What is being checked, for messages: `` `image:name` of job `a` ``.
    pub(crate) fn subject(&self) -> String {
        match (self.path.is_empty(), self.owner.is_empty()) {
            (true, true) => "the configuration".to_owned(),
            (true, false) => self.owner.to_owned(),
            (false, true) => format!("`{}`", self.path.join(":")),
            (false, false) => format!("`{}` of {}", self.path.join(":"), self.owner),
        }
    }

    /// Reports a mistake.
    pub(crate) fn report(&mut self, diagnostic: Diagnostic) {
        self.found.push(diagnostic);
    }

    /// Reports a value of the wrong type.
    pub(crate) fn wrong_type(&mut self, value: &Value, expected: &str) {
        let message = format!(
            "{} should be {expected}, not {}",
            self.subject(),
            value.type_name()
        );
        let mut diagnostic = Diagnostic::new(Code::WrongType, message).at(value.span);
        if let (Kind::Bool(_) | Kind::Int(_) | Kind::Float(_), true) = (
            &value.kind,
            expected.contains("string") || expected.contains("name"),
        ) {
            diagnostic = diagnostic.help("put it in quotes");
        }
        self.report(diagnostic);
    }

    /// Reports a value that is not accepted: "`when` of job `a` " + what.
    pub(crate) fn invalid(&mut self, code: Code, span: Span, what: &str) {
        let message = format!("{} {what}", self.subject());
        self.report(Diagnostic::new(code, message).at(span));
    }

    /// The mapping, or a report.
    pub(crate) fn mapping<'v>(&mut self, value: &'v Value) -> Option<&'v Mapping> {
        let mapping = value.as_map();
        self.expect(value, mapping.is_some(), "a mapping");
        mapping
    }

    pub(super) fn expect(&mut self, value: &Value, fits: bool, expected: &str) {
        if !fits {
            self.wrong_type(value, expected);
        }
    }

    /// Reports two keys that can't stand together.
    pub(crate) fn exclusive(&mut self, one: &Entry, other: &Entry) {
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

    /// Adds what to do to the finding just reported.
    pub(crate) fn help_last(&mut self, help: &str) {
        if let Some(last) = self.found.last_mut() {
            last.help = vec![help.to_owned()];
        }
    }
}
