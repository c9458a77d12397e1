//! `cache` as a type.

use std::sync::Arc;

use crate::source::Span;
use crate::types::KeepWhen;

/// One cache of a job (configuration reference 6.19). No text is expanded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheConfig {
    /// `key`.
    pub key: CacheKey,
    /// `fallback_keys`, in the order in which they are tried.
    pub fallback_keys: Vec<Arc<str>>,
    /// `paths`.
    pub paths: Vec<Arc<str>>,
    /// `untracked`.
    pub untracked: bool,
    /// `policy`.
    pub policy: CachePolicy,
    /// After which result it is saved.
    pub when: KeepWhen,
    /// `unprotect`: protected refs and others share it.
    pub unprotect: bool,
    /// Where it was written.
    pub span: Span,
}

/// `cache:key`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CacheKey {
    /// Nothing was said: the key is `default`.
    Default,
    /// A text.
    Text(Arc<str>),
    /// A digest of files.
    Files(CacheKeyFiles),
}

/// `cache:key:files` or `cache:key:files_commits`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheKeyFiles {
    /// The paths, as written.
    pub paths: Vec<Arc<str>>,
    /// What of the files makes the digest.
    pub digest_of: DigestOf,
    /// `prefix`, which stands before the digest.
    pub prefix: Option<Arc<str>>,
}

/// What of its files makes a cache's key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DigestOf {
    /// Their content (`files`).
    Content,
    /// The last commits that changed them (`files_commits`).
    Commits,
}

/// `cache:policy`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum CachePolicy {
    /// It is brought before the job and saved after it.
    #[default]
    PullPush,
    /// It is only brought.
    Pull,
    /// It is only saved.
    Push,
    /// Text that is none of these words before its variables are expanded.
    Unexpanded(Arc<str>),
}

impl CachePolicy {
    /// Reads GitLab's word.
    pub fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "pull-push" => Self::PullPush,
            "pull" => Self::Pull,
            "push" => Self::Push,
            _ => return None,
        })
    }
}
