//! Why a record can't be written or read.

use std::path::PathBuf;

use crate::diag::Code;

/// A failure around `pipe`'s own folders.
#[derive(Debug, thiserror::Error)]
#[error("can't {doing} `{}`: {source}; `XDG_STATE_HOME` names another place for pipe's records", path.display())]
pub struct RecordError {
    /// `write`, `read`, `remove`.
    pub doing: &'static str,
    /// The file or folder.
    pub path: PathBuf,
    /// The system's words.
    pub source: std::io::Error,
}

impl RecordError {
    /// The diagnostic code of this error.
    pub const fn code(&self) -> Code {
        Code::StateUnwritable
    }

    /// For `map_err`.
    pub(super) fn at(
        doing: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self {
            doing,
            path: path.into(),
            source,
        }
    }
}
