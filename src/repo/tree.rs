//! The tree that jobs see.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use git2::Oid;

use super::listing::{Listing, WorkState};
use super::work_tree::WorkFiles;
use super::{RepoError, Repository};

/// Which files make the tree (design chapter 2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TreeSource {
    /// HEAD with the edits of the work tree and the untracked files that git does not ignore.
    WorkTree,
    /// A commit, forty hexadecimal digits.
    Commit(String),
}

/// The files of one pipeline. Looking at the whole work tree costs a moment, so that it is done
/// once, when first asked for; reading single files does not need it.
pub struct ProjectTree {
    root: PathBuf,
    pub(super) source: TreeSource,
    pub(super) commit: Oid,
    git: Mutex<git2::Repository>,
    /// Which files there are; what differs is a question of its own, and takes longer.
    files: OnceLock<WorkFiles>,
    listing: OnceLock<Listing>,
}

impl std::fmt::Debug for ProjectTree {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ProjectTree")
            .field("root", &self.root)
            .field("source", &self.source)
            .finish_non_exhaustive()
    }
}

impl Repository {
    /// The tree of `source`. It holds a handle of its own, and can go to another thread.
    pub fn tree(&self, source: TreeSource) -> Result<ProjectTree, RepoError> {
        let commit = match &source {
            TreeSource::WorkTree => self.head,
            TreeSource::Commit(name) => self
                .git
                .revparse_single(name)
                .and_then(|object| object.peel_to_commit())
                .map(|commit| commit.id())
                .map_err(|_| self.unknown("revision", name))?,
        };
        Ok(ProjectTree {
            root: self.root().to_owned(),
            source,
            commit,
            git: Mutex::new(self.handle()?),
            files: OnceLock::new(),
            listing: OnceLock::new(),
        })
    }
}

impl ProjectTree {
    /// The top folder of the work tree.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where the files come from.
    pub fn source(&self) -> &TreeSource {
        &self.source
    }

    /// The commit below the edits, forty hexadecimal digits.
    pub fn sha(&self) -> String {
        self.commit.to_string()
    }

    /// Every file, relative to the root, in the order of `git ls-files`: links count as files,
    /// folders and submodules do not.
    pub fn files(&self) -> Result<&[String], RepoError> {
        match self.source {
            TreeSource::WorkTree => Ok(&self.work_files()?.names),
            TreeSource::Commit(_) => Ok(&self.listing()?.names),
        }
    }

    /// What differs from HEAD. Empty for a commit.
    pub fn state(&self) -> Result<&WorkState, RepoError> {
        Ok(&self.listing()?.state)
    }

    pub(super) fn listing(&self) -> Result<&Listing, RepoError> {
        if let Some(listing) = self.listing.get() {
            return Ok(listing);
        }
        let listing = match self.source {
            TreeSource::WorkTree => {
                let files = self.work_files()?;
                Listing::of_work_tree(&self.git(), files)?
            }
            TreeSource::Commit(_) => Listing::of_commit(&self.git(), self.commit)?,
        };
        Ok(self.listing.get_or_init(|| listing))
    }

    fn work_files(&self) -> Result<&WorkFiles, RepoError> {
        if let Some(files) = self.files.get() {
            return Ok(files);
        }
        let files = WorkFiles::walk(&self.git())?;
        Ok(self.files.get_or_init(|| files))
    }

    pub(super) fn git(&self) -> MutexGuard<'_, git2::Repository> {
        // Reading leaves nothing half done, so that a panic elsewhere spoils nothing.
        self.git.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
