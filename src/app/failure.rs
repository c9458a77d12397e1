//! Why a command can't be carried out.

use crate::diag::{Code, Diagnostic};
use crate::foreign::without_number;
use crate::source::SourceMap;

/// Whose fault it is, which decides the exit code (design chapter 2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureKind {
    /// The request makes no sense.
    Usage,
    /// The configuration is not valid.
    Invalid,
    /// Something of this machine is missing.
    Environment,
    /// There is nothing to run for this ref.
    Nothing,
    /// `pipe` itself is broken.
    Internal,
    /// A signal came first.
    Signal(u8),
}

/// What went wrong, with the sources that its places lie in.
#[derive(Debug)]
pub struct Failure {
    /// Whose fault it is.
    pub kind: FailureKind,
    /// What to say.
    pub diagnostics: Vec<Diagnostic>,
    /// Where the places are.
    pub sources: SourceMap,
}

impl Failure {
    /// A failure without a place.
    pub fn new(kind: FailureKind, diagnostic: Diagnostic) -> Self {
        Self {
            kind,
            diagnostics: vec![diagnostic],
            sources: SourceMap::default(),
        }
    }

    /// A failure that a lower layer tells in one line, with what to do behind the last `; `.
    pub(super) fn told(kind: FailureKind, code: Code, text: &str) -> Self {
        let diagnostic = match text.rsplit_once("; ") {
            Some((what, remedy)) => Diagnostic::new(code, without_number(what)).help(remedy),
            None => Diagnostic::new(code, without_number(text)),
        };
        Self::new(kind, diagnostic)
    }

    /// Says where its places lie.
    #[must_use]
    pub fn within(self, sources: &SourceMap) -> Self {
        Self {
            sources: sources.clone(),
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_told_as_what_is_wrong_and_what_to_do() {
        for (text, message, help) in [
            (
                "no commit yet; make one",
                "no commit yet",
                &["make one"][..],
            ),
            (
                "`a; b` is bare; make a checkout",
                "`a; b` is bare",
                &["make a checkout"],
            ),
            (
                "can't read `x`: No such file (os error 2)",
                "can't read `x`: No such file",
                &[],
            ),
            (
                "can't make `x`: Full (os error 28); make room",
                "can't make `x`: Full",
                &["make room"],
            ),
        ] {
            let told = Failure::told(FailureKind::Environment, Code::NoCommit, text);
            assert_eq!(told.diagnostics[0].message, message, "{text}");
            assert_eq!(told.diagnostics[0].help, help, "{text}");
        }
    }
}
