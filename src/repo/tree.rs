//! The tree that jobs see.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use git2::Oid;

use crate::expr::glob::Roots;

use super::index::Index;
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
    index: OnceLock<Index>,
    /// Which files there are; what differs is a question of its own, and takes longer.
    files: OnceLock<WorkFiles>,
    names: OnceLock<Arc<[String]>>,
    state: OnceLock<WorkState>,
    /// The parts of it that were asked for before all of it.
    parts: Mutex<HashMap<Roots, Arc<WorkState>>>,
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
            index: OnceLock::new(),
            files: OnceLock::new(),
            names: OnceLock::new(),
            state: OnceLock::new(),
            parts: Mutex::default(),
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
        self.names().map(AsRef::as_ref)
    }

    /// The same for those who keep them.
    pub fn shared_files(&self) -> Result<Arc<[String]>, RepoError> {
        self.names().map(Arc::clone)
    }

    fn names(&self) -> Result<&Arc<[String]>, RepoError> {
        match self.source {
            TreeSource::WorkTree => once(&self.names, || {
                let (index, files) = (self.index()?, self.work_files()?);
                Ok(files.names(index))
            }),
            TreeSource::Commit(_) => Ok(&self.listing()?.names),
        }
    }

    /// What differs from HEAD. Empty for a commit.
    pub fn state(&self) -> Result<&WorkState, RepoError> {
        once(&self.state, || match self.source {
            TreeSource::WorkTree => {
                let (index, files) = (self.index()?, self.work_files()?);
                WorkState::of(&self.git(), index, files, &Roots::everything())
            }
            TreeSource::Commit(_) => Ok(WorkState::default()),
        })
    }

    /// What of that which the roots hold differs from HEAD. Nothing else is looked at, unless they
    /// hold most of the tree: then others will find all of it known.
    pub(super) fn state_at(&self, roots: &Roots) -> Result<Arc<WorkState>, RepoError> {
        let mut parts = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = parts.get(roots) {
            return Ok(Arc::clone(known));
        }
        let state = if self.state.get().is_some() || self.hold_most(roots)? {
            self.state()?.held_by(roots)
        } else {
            let index = self.index()?;
            let files = match self.files.get() {
                Some(all) => all.held_by(index, roots),
                None => WorkFiles::walk(&self.git(), index, roots)?,
            };
            WorkState::of(&self.git(), index, &files, roots)?
        };
        let state = Arc::new(state);
        parts.insert(roots.clone(), Arc::clone(&state));
        Ok(state)
    }

    fn hold_most(&self, roots: &Roots) -> Result<bool, RepoError> {
        if self.source != TreeSource::WorkTree || roots.are_everything() {
            return Ok(true);
        }
        let index = self.index()?;
        let held: usize = index
            .held_by(roots)
            .iter()
            .map(ExactSizeIterator::len)
            .sum();
        Ok(held > index.len() / 2)
    }

    pub(super) fn listing(&self) -> Result<&Listing, RepoError> {
        once(&self.listing, || match self.source {
            TreeSource::WorkTree => {
                let (index, files) = (self.index()?, self.work_files()?);
                Ok(Listing::of_work_tree(index, files, self.state()?))
            }
            TreeSource::Commit(_) => Listing::of_commit(&self.git(), self.commit),
        })
    }

    pub(super) fn index(&self) -> Result<&Index, RepoError> {
        once(&self.index, || Index::read(&self.git()))
    }

    /// Whether anybody has asked which files there are.
    #[cfg(test)]
    pub(super) fn was_looked_at(&self) -> bool {
        self.files.get().is_some()
    }

    fn work_files(&self) -> Result<&WorkFiles, RepoError> {
        once(&self.files, || {
            let index = self.index()?;
            WorkFiles::walk(&self.git(), index, &Roots::everything())
        })
    }

    pub(super) fn git(&self) -> MutexGuard<'_, git2::Repository> {
        // Reading leaves nothing half done, so that a panic elsewhere spoils nothing.
        self.git.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is there already, or else made now.
fn once<T>(
    place: &OnceLock<T>,
    make: impl FnOnce() -> Result<T, RepoError>,
) -> Result<&T, RepoError> {
    if let Some(made) = place.get() {
        return Ok(made);
    }
    let new = make()?;
    Ok(place.get_or_init(|| new))
}
