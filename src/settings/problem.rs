//! What is wrong with settings and variables files, with its place.

use std::ops::Range;

use crate::diag::{Code, Diagnostic, Severity};
use crate::source::{FileId, Span};

/// The kind of a problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProblemKind {
    /// A key that does not exist.
    Unknown,
    /// A value that does not fit, or a text that does not parse.
    Invalid,
    /// A repository wants what only the user may grant.
    NotAllowed,
    /// A variables file is wrong.
    Variables,
    /// A variables file works, but not as it seems.
    VariablesWarning,
}

impl ProblemKind {
    const fn code(self) -> Code {
        match self {
            Self::Unknown => Code::SettingUnknown,
            Self::Invalid => Code::SettingInvalid,
            Self::NotAllowed => Code::SettingNotAllowed,
            Self::Variables | Self::VariablesWarning => Code::VariablesInvalid,
        }
    }
}

/// Where a problem was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// An option; its name is in the message.
    Flag,
    /// A variable of the environment; its name is in the message.
    Environment,
    /// Bytes of the user's file.
    User(Range<usize>),
    /// Bytes of the repository's file.
    Repository(Range<usize>),
    /// Bytes of the variables file that was being read; `None` for the file as a whole.
    Variables(Option<Range<usize>>),
}

/// One problem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What kind.
    pub kind: ProblemKind,
    /// Where.
    pub place: Place,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
}

impl Problem {
    pub(super) fn new(kind: ProblemKind, place: Place, message: impl Into<String>) -> Self {
        Self {
            kind,
            place,
            message: message.into(),
            help: None,
        }
    }

    #[must_use]
    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// As a diagnostic; `file` is the source file that the place is in, where it is in one.
    pub fn diagnostic(&self, file: Option<FileId>) -> Diagnostic {
        let mut diagnostic = Diagnostic::new(self.kind.code(), &self.message);
        if self.kind == ProblemKind::VariablesWarning {
            diagnostic.severity = Severity::Warning;
        }
        if let (Some(file), Some(bytes)) = (file, self.bytes()) {
            let at = |offset| u32::try_from(offset).unwrap_or(u32::MAX);
            diagnostic = diagnostic.at(Span::new(file, at(bytes.start), at(bytes.end)));
        }
        if let Some(help) = &self.help {
            diagnostic = diagnostic.help(help);
        }
        diagnostic
    }

    /// First byte of its place in a file.
    pub(super) fn start(&self) -> usize {
        self.bytes().map_or(0, |bytes| bytes.start)
    }

    /// Its place in a file, where it is in one.
    pub fn bytes(&self) -> Option<&Range<usize>> {
        match &self.place {
            Place::User(bytes) | Place::Repository(bytes) => Some(bytes),
            Place::Variables(bytes) => bytes.as_ref(),
            Place::Flag | Place::Environment => None,
        }
    }
}
