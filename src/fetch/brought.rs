//! What came from elsewhere, and what did not.

use crate::config::Outside;

use super::error::FetchError;

/// Bytes of a configuration file; GitLab accepts fewer (configuration reference 2.1).
pub(super) const MAX_FILE: u64 = 4 * 1024 * 1024;

/// A text that came, with all that is to be known of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Brought {
    /// Its name in the store.
    pub key: String,
    /// What it is, in the words of a message; empty for what only belongs to a file.
    pub what: String,
    /// The revision that was asked for.
    pub revision: Option<String>,
    /// The commit that this was.
    pub commit: Option<String>,
    /// Where it came from, without secrets.
    pub source: String,
    /// The text.
    pub text: String,
}

/// What came and what did not.
#[derive(Debug, Default)]
pub struct Outcome {
    /// All that is to be kept.
    pub brought: Vec<Brought>,
    /// Files that can't be had, each with its reason.
    pub failed: Vec<(Outside, FetchError)>,
}
