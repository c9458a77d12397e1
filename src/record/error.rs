//! Why a record can't be written or read.

use std::path::PathBuf;

use crate::diag::Code;
use crate::foreign::{MAKE_ROOM, is_disk_full, system_words};

/// A failure around `pipe`'s own folders.
#[derive(Debug, thiserror::Error)]
#[error("can't {doing} `{}`: {}", path.display(), system_words(source))]
pub struct RecordError {
    /// `write`, `read`, `remove`.
    pub doing: &'static str,
    /// The file or folder.
    pub path: PathBuf,
    /// The system's words.
    pub source: std::io::Error,
}

impl RecordError {
    /// The diagnostic code of these errors.
    pub const CODE: Code = Code::StateUnwritable;

    /// What to do about it.
    pub fn help(&self) -> &'static str {
        if is_disk_full(&self.source) {
            MAKE_ROOM
        } else {
            "`XDG_STATE_HOME` names another place for pipe's records"
        }
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
