//! How files and facts of the repository reach the pure layers.

use std::sync::Arc;

/// Why a file could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReadError {
    /// There is no such file.
    NotFound,
    /// The path leads out of the repository, directly or by a link.
    Outside,
    /// It is a folder, a device, …
    NotAFile,
    /// It is not UTF-8 text.
    NotUtf8,
    /// The system refused; in its words.
    Unreadable(String),
}

/// Why there is no text of a file that a job should have kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeptError {
    /// There is no such job, or it has kept nothing.
    NothingKept,
    /// The file can't be read.
    Unreadable(ReadError),
}

/// The changed files of an event (configuration reference 8.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Changes {
    /// Not known, so that `changes` is true.
    Unknown,
    /// Known, perhaps empty.
    Known(Arc<[String]>),
}

/// `compare_to` names nothing that exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadRevision(pub String);

/// The tree that configuration, `exists` and `changes` all see.
pub trait FileProvider {
    /// Text of a file of the tree; `path` is relative to the repository, without leading slash.
    fn read(&self, path: &str) -> Result<Arc<str>, ReadError>;

    /// Every file of the tree, in git's order.
    fn paths(&self) -> Arc<[String]>;

    /// Text of a file outside the repository that was fetched before, by its
    /// `Outside::key` in `include`.
    fn fetched(&self, key: &str) -> Option<Arc<str>> {
        let _ = key;
        None
    }

    /// The commit of this project that a branch, a tag, a part of a commit's id or `HEAD`, the
    /// default branch, is on the server, where that is known without asking it.
    fn commit_at(&self, revision: &str) -> Option<String> {
        let _ = revision;
        None
    }

    /// Text of a file of that commit.
    fn read_at(&self, revision: &str, path: &str) -> Option<Arc<str>> {
        let _ = (revision, path);
        None
    }

    /// Every file of that commit, in git's order.
    fn paths_at(&self, revision: &str) -> Arc<[String]> {
        let _ = revision;
        Arc::default()
    }

    /// Text of a file that a job of the parent pipeline has kept.
    fn kept(&self, job: &str, path: &str) -> Result<Arc<str>, KeptError> {
        let _ = (job, path);
        Err(KeptError::NothingKept)
    }

    /// Files changed by the event, or since the merge base with `compare_to`.
    fn changes(&self, compare_to: Option<&str>) -> Result<Changes, BadRevision>;
}
