//! Errors: what RE2 does not accept.

use std::ops::Range;

/// A pattern that RE2 refuses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// What is wrong: ``RE2 has no look-around: `(?=` ``.
    pub message: String,
    /// Where in the pattern, in bytes.
    pub at: Range<usize>,
    /// What to write instead.
    pub help: Option<String>,
}

impl Error {
    pub(super) fn new(at: Range<usize>, message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            at,
            help: None,
        }
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}
