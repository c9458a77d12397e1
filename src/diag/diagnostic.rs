//! The data of one diagnostic.

use std::collections::HashSet;

use crate::source::Span;

use super::Code;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// GitLab refuses the configuration, or `pipe` can't go on.
    Error,
    /// Works, but differs from what the text suggests.
    Warning,
    /// For information.
    Note,
}

impl Severity {
    /// The word shown to people and in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// A second place that explains the first.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Label {
    /// The place.
    pub span: Span,
    /// What is there: `declared here`.
    pub text: String,
}

/// One finding. Wording: lower case, no full stop, names in backticks.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Diagnostic {
    /// Entry of the table of codes.
    pub code: Code,
    /// From the table, unless the place makes it milder.
    pub severity: Severity,
    /// What is wrong.
    pub message: String,
    /// Where the user wrote it.
    pub primary: Option<Span>,
    /// Text under the primary place.
    pub primary_label: Option<String>,
    /// Further places.
    pub labels: Vec<Label>,
    /// Facts that help to understand.
    pub notes: Vec<String>,
    /// What to do.
    pub help: Vec<String>,
}

impl Diagnostic {
    /// A finding without a place, with the severity of its code.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: code.severity(),
            message: message.into(),
            primary: None,
            primary_label: None,
            labels: Vec::new(),
            notes: Vec::new(),
            help: Vec::new(),
        }
    }

    /// Sets the place.
    #[must_use]
    pub fn at(mut self, span: Span) -> Self {
        self.primary = Some(span);
        self
    }

    /// Sets the text under the place.
    #[must_use]
    pub fn label(mut self, text: impl Into<String>) -> Self {
        self.primary_label = Some(text.into());
        self
    }

    /// Adds a second place.
    #[must_use]
    pub fn with(mut self, span: Span, text: impl Into<String>) -> Self {
        self.labels.push(Label {
            span,
            text: text.into(),
        });
        self
    }

    /// Adds a fact.
    #[must_use]
    pub fn note(mut self, text: impl Into<String>) -> Self {
        self.notes.push(text.into());
        self
    }

    /// Adds what to do.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help.push(text.into());
        self
    }

    /// Adds "did you mean" when there is a close candidate.
    #[must_use]
    pub fn did_you_mean<'a>(
        self,
        word: &str,
        candidates: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        match super::closest(word, candidates) {
            Some(close) => self.help(format!("did you mean `{close}`?")),
            None => self,
        }
    }

    /// Adds "did you mean" when there is a close candidate, else what there is to choose from:
    /// `declared inputs: a, b`.
    #[must_use]
    pub fn choose_from<'a>(
        self,
        word: &str,
        all: &str,
        candidates: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        let mut seen = HashSet::new();
        let once = candidates.into_iter().filter(|name| seen.insert(*name));
        let candidates: Vec<&str> = once.collect();
        if candidates.is_empty() {
            return self;
        }
        match super::closest(word, candidates.iter().copied()) {
            Some(close) => self.help(format!("did you mean `{close}`?")),
            None => self.help(format!("{all}: {}", super::some_of(candidates))),
        }
    }
}

/// Whether any of them is an error.
pub fn has_errors(diagnostics: &[Diagnostic]) -> bool {
    diagnostics.iter().any(|d| d.severity == Severity::Error)
}
