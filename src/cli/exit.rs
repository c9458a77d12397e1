//! Exit codes (design chapter 2), and errors that end a command.

use std::process::ExitCode;

use crate::diag::{Code, Diagnostic};
pub(super) use crate::foreign::without_number;
use crate::source::SourceMap;

/// How `pipe` ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// All went well, perhaps with warnings.
    Passed,
    /// A job failed.
    Failed,
    /// The command line is wrong.
    Usage,
    /// The configuration is not valid.
    Invalid,
    /// Something of this machine is missing.
    Environment,
    /// There is nothing to run for this ref.
    Nothing,
    /// The pipeline waits for a person, and no job failed.
    Waits,
    /// `pipe` itself is broken.
    Internal,
    /// Ended by a signal.
    Signal(u8),
    /// What a run says.
    Run(u8),
}

impl Exit {
    /// The number.
    pub const fn code(self) -> u8 {
        match self {
            Self::Passed => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Invalid => 3,
            Self::Environment => 4,
            Self::Nothing => 5,
            Self::Waits => 7,
            Self::Internal => 70,
            Self::Signal(number) => 128 + number,
            Self::Run(code) => code,
        }
    }

    /// Code and meaning of each that a user can meet, for the manual.
    pub const TABLE: &'static [(&'static str, &'static str)] = &[
        ("0", "passed, perhaps with warnings"),
        ("1", "a job failed"),
        ("2", "the command line is wrong"),
        ("3", "the configuration is not valid"),
        (
            "4",
            "something of this machine is missing: executor, image, disk",
        ),
        ("5", "there is nothing to run for this ref"),
        (
            "7",
            "the pipeline waits for a manual job, and no job failed",
        ),
        ("70", "internal error"),
        ("128+n", "ended by signal n"),
    ];
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// Ends a command: what went wrong, with the sources that its places lie in.
#[derive(Debug)]
pub(super) struct Failure {
    /// The code to end with.
    pub(super) exit: Exit,
    /// What to say.
    pub(super) diagnostics: Vec<Diagnostic>,
    /// Where the places are.
    pub(super) sources: SourceMap,
}

impl Failure {
    /// A failure without a place.
    pub(super) fn new(exit: Exit, diagnostic: Diagnostic) -> Self {
        Self {
            exit,
            diagnostics: vec![diagnostic],
            sources: SourceMap::default(),
        }
    }

    /// A failure that a lower layer tells in one line, with what to do behind the last `; `.
    pub(super) fn told(exit: Exit, code: Code, text: &str) -> Self {
        let diagnostic = match text.rsplit_once("; ") {
            Some((what, remedy)) => Diagnostic::new(code, without_number(what)).help(remedy),
            None => Diagnostic::new(code, without_number(text)),
        };
        Self::new(exit, diagnostic)
    }

    /// Says where its places lie.
    #[must_use]
    pub(super) fn within(self, sources: &SourceMap) -> Self {
        Self {
            sources: sources.clone(),
            ..self
        }
    }
}

/// The exit code of a configuration with these errors.
pub(super) fn of_errors(diagnostics: &[Diagnostic]) -> Exit {
    let environment =
        |d: &Diagnostic| matches!(d.code, Code::IncludeNotFetched | Code::ConfigUnreadable);
    if !diagnostics.is_empty() && diagnostics.iter().all(environment) {
        Exit::Environment
    } else {
        Exit::Invalid
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
            let told = Failure::told(Exit::Environment, Code::NoCommit, text);
            assert_eq!(told.diagnostics[0].message, message, "{text}");
            assert_eq!(told.diagnostics[0].help, help, "{text}");
        }
    }

    #[test]
    fn every_code_of_the_table_is_one_that_pipe_ends_with() {
        let known = [
            Exit::Passed,
            Exit::Failed,
            Exit::Usage,
            Exit::Invalid,
            Exit::Environment,
            Exit::Nothing,
            Exit::Waits,
            Exit::Internal,
        ];
        let known: Vec<String> = known.iter().map(|exit| exit.code().to_string()).collect();
        let table: Vec<&str> = Exit::TABLE
            .iter()
            .map(|(code, _)| *code)
            .filter(|code| *code != "128+n")
            .collect();
        assert_eq!(table, known);
    }
}
