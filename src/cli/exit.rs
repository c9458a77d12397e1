//! How a command ends, as an exit code (design chapter 2).

use std::process::ExitCode;

use crate::app::FailureKind;
use crate::types::exit_code;

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
            Self::Passed => exit_code::PASSED,
            Self::Failed => exit_code::FAILED,
            Self::Usage => exit_code::USAGE,
            Self::Invalid => exit_code::INVALID,
            Self::Environment => exit_code::ENVIRONMENT,
            Self::Nothing => exit_code::NOTHING,
            Self::Waits => exit_code::WAITS,
            Self::Internal => exit_code::INTERNAL,
            Self::Signal(number) => exit_code::signal(number),
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

impl From<FailureKind> for Exit {
    fn from(kind: FailureKind) -> Self {
        match kind {
            FailureKind::Usage => Self::Usage,
            FailureKind::Invalid => Self::Invalid,
            FailureKind::Environment => Self::Environment,
            FailureKind::Nothing => Self::Nothing,
            FailureKind::Internal => Self::Internal,
            FailureKind::Signal(number) => Self::Signal(number),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
