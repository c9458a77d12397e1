//! `artifacts` of a job: which files it keeps.

use std::sync::Arc;

use super::KeepWhen;

/// Which files a job keeps, and after which result (configuration reference 6.18, runtime
/// reference 16.1). No text is expanded.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Artifacts {
    /// `paths`.
    pub paths: Vec<Arc<str>>,
    /// `exclude`.
    pub exclude: Vec<Arc<str>>,
    /// `untracked`: files that git does not track are taken too.
    pub untracked: bool,
    /// `when`.
    pub when: KeepWhen,
}

impl Artifacts {
    /// Whether there is anything to take, reports aside.
    pub fn takes_files(&self) -> bool {
        !self.paths.is_empty() || self.untracked
    }
}
