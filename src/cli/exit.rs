//! Exit codes (design chapter 2), and errors that end a command.

use std::process::ExitCode;

use crate::diag::{Code, Diagnostic};
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

    /// Says where its places lie.
    #[must_use]
    pub fn within(self, sources: &SourceMap) -> Self {
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
