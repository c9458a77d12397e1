//! Why a command can't be carried out, and what errors of lower layers mean for it.

use std::fmt::Display;

use crate::diag::{Code, Diagnostic};
use crate::exec::ExecError;
#[cfg(target_os = "linux")]
use crate::images::ImageError;
use crate::record::RecordError;
use crate::repo::RepoError;
use crate::run::RunError;
use crate::source::SourceMap;

/// What else there is where an executor can't be used.
const OTHER_EXECUTORS: &str = "`pipe doctor` says what this machine offers: `--executor sandbox` needs no daemon, `--executor shell` runs jobs on the host, without isolation";

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

    fn of(kind: FailureKind, code: Code, what: &dyn Display, help: Option<&str>) -> Self {
        let diagnostic = Diagnostic::new(code, what.to_string());
        Self::new(
            kind,
            match help {
                Some(help) => diagnostic.help(help),
                None => diagnostic,
            },
        )
    }

    /// A signal came before the first job.
    pub(super) fn stopped(signal: u8) -> Self {
        let diagnostic = Diagnostic::new(Code::NothingToRun, "stopped before the first job");
        Self::new(FailureKind::Signal(signal), diagnostic)
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

impl From<RepoError> for Failure {
    fn from(error: RepoError) -> Self {
        let kind = match error {
            RepoError::RevisionUnknown { .. } => FailureKind::Usage,
            _ => FailureKind::Environment,
        };
        Self::of(kind, error.code(), &error, error.help().as_deref())
    }
}

impl From<RecordError> for Failure {
    fn from(error: RecordError) -> Self {
        let (kind, help) = (FailureKind::Environment, error.help());
        Self::of(kind, RecordError::CODE, &error, Some(help))
    }
}

/// An executor that can't be used. There may be another one, unless the disk is full.
impl From<ExecError> for Failure {
    fn from(error: ExecError) -> Self {
        if error.is_full_disk() {
            let (kind, help) = (FailureKind::Environment, error.help.as_deref());
            return Self::of(kind, RecordError::CODE, &error, help);
        }
        let (kind, code) = (FailureKind::Environment, Code::ExecutorUnavailable);
        let mut failure = Self::of(kind, code, &error, error.help.as_deref());
        for diagnostic in &mut failure.diagnostics {
            diagnostic.help.push(OTHER_EXECUTORS.into());
        }
        failure
    }
}

/// An image that can't be had, kept or removed.
#[cfg(target_os = "linux")]
impl From<ImageError> for Failure {
    fn from(error: ImageError) -> Self {
        let (kind, code) = match error {
            ImageError::Name { .. } => (FailureKind::Usage, Code::InvalidValue),
            ImageError::Io { doing, .. } if doing != "read" => {
                (FailureKind::Environment, Code::StateUnwritable)
            }
            ImageError::ForeignFolder { .. } => (FailureKind::Environment, Code::StateUnwritable),
            _ => (FailureKind::Environment, Code::ImageMissing),
        };
        Self::of(kind, code, &error, error.help())
    }
}

impl From<RunError> for Failure {
    fn from(error: RunError) -> Self {
        let (kind, code) = match error {
            RunError::Interrupted(signal) => return Self::stopped(signal),
            RunError::Executor(error) => return error.into(),
            RunError::Spec(_) => (FailureKind::Internal, Code::NothingToRun),
            RunError::MissingImages { .. } => (FailureKind::Environment, Code::ImageMissing),
        };
        Self::of(kind, code, &error, error.help())
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::path::PathBuf;

    use super::*;

    #[test]
    fn on_a_full_disk_no_other_executor_helps() {
        let full = io::Error::from_raw_os_error(28);
        let error = ExecError::file("save image", "image `a` can't be written", full);
        let failure = Failure::from(error);
        let [diagnostic] = &failure.diagnostics[..] else {
            panic!("one diagnostic");
        };
        assert_eq!(diagnostic.code, Code::StateUnwritable);
        assert_eq!(diagnostic.help.len(), 1);
    }

    #[test]
    fn an_error_of_a_lower_layer_keeps_its_remedy_and_gets_its_kind() {
        let no_commit = RepoError::NoCommit {
            root: PathBuf::from("/a; b"),
        };
        let no_branch = RepoError::RevisionUnknown {
            kind: "branch",
            name: "mian".to_owned(),
            suggestion: Some("main".to_owned()),
        };
        let full = || io::Error::from_raw_os_error(28);
        let unwritable = RecordError {
            doing: "write",
            path: PathBuf::from("/state"),
            source: full(),
        };
        let unreadable = RepoError::Io {
            doing: "read",
            path: PathBuf::from("/x"),
            source: io::Error::from_raw_os_error(2),
        };
        let silent = ExecError::system("connect", "no daemon").help("start it");
        let missing = RunError::MissingImages {
            images: vec!["`ruby`".to_owned()],
            help: "bring them with `docker pull`, or run without `--offline`".to_owned(),
        };
        let environment = FailureKind::Environment;
        for (failure, kind, message, help) in [
            (
                Failure::from(no_commit),
                environment,
                "`/a; b` has no commit yet",
                Some("make the first one with `git commit`"),
            ),
            (
                Failure::from(no_branch),
                FailureKind::Usage,
                "there is no branch `mian` in this repository",
                Some("did you mean `main`?"),
            ),
            (
                Failure::from(unwritable),
                environment,
                "can't write `/state`: no space left on device",
                Some("make room, or name another place with `XDG_STATE_HOME`"),
            ),
            (
                Failure::from(unreadable),
                environment,
                "can't read `/x`: no such file or directory",
                None,
            ),
            (
                Failure::from(silent),
                environment,
                "no daemon",
                Some("start it"),
            ),
            (
                Failure::from(missing),
                environment,
                "image `ruby` is not on this machine",
                Some("bring them with `docker pull`, or run without `--offline`"),
            ),
            (
                Failure::from(RunError::Interrupted(2)),
                FailureKind::Signal(2),
                "stopped before the first job",
                None,
            ),
        ] {
            let diagnostic = &failure.diagnostics[0];
            assert_eq!(failure.kind, kind, "{message}");
            assert_eq!(diagnostic.message, message);
            assert_eq!(
                diagnostic.help.first().map(|help| &**help),
                help,
                "{message}"
            );
        }
    }
}
