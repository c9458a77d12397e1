//! Which submodules `GIT_SUBMODULE_PATHS` names: git's pathspecs, over the paths of a commit (runtime
//! reference 11.3).

use std::path::{Path, PathBuf};

use git2::{Oid, Pathspec, PathspecFlags, Tree};

use crate::repo::open::checkout;
use crate::repo::{ProjectTree, RepoError};

/// The pathspecs of one list; an empty one lets everything in.
pub(super) struct Paths {
    wanted: Vec<One>,
    unwanted: Vec<One>,
}

struct One {
    written: String,
    pattern: Pathspec,
    flags: PathspecFlags,
}

/// The paths of the commit below a tree.
#[derive(Debug, Clone)]
pub struct CommitPaths {
    root: PathBuf,
    commit: Oid,
}

impl ProjectTree {
    /// Those of its commit, for asking later and elsewhere.
    pub fn commit_paths(&self) -> CommitPaths {
        CommitPaths {
            root: self.root().to_owned(),
            commit: self.commit,
        }
    }
}

impl CommitPaths {
    /// Fails with the first entry of `GIT_SUBMODULE_PATHS` at which git ends.
    pub fn fit(&self, written: &[String]) -> Result<(), RepoError> {
        let git = checkout(&self.root).map_err(RepoError::corrupt("the settings"))?;
        let tree = git
            .find_commit(self.commit)
            .and_then(|commit| commit.tree())
            .map_err(RepoError::corrupt("a tree"))?;
        Paths::of(written, &tree).map(drop)
    }
}

impl Paths {
    /// Reads the list. One that lets in nothing of the commit is an error, as for git.
    pub(super) fn of(written: &[String], tree: &Tree<'_>) -> Result<Self, RepoError> {
        let (mut wanted, mut unwanted) = (Vec::new(), Vec::new());
        for written in written {
            let (one, is_unwanted) = One::of(written).ok_or_else(|| unfit(written, false))?;
            if is_unwanted {
                unwanted.push(one);
            } else {
                wanted.push(one);
            }
        }
        let is_met = |one: &&One| {
            let flags = one.flags | PathspecFlags::NO_MATCH_ERROR;
            one.pattern.match_tree(tree, flags).is_ok()
        };
        match wanted.iter().find(|one| !is_met(one)) {
            Some(one) => Err(unfit(&one.written, true)),
            None => Ok(Self { wanted, unwanted }),
        }
    }

    /// Whether a submodule at that path is among them.
    pub(super) fn let_in(&self, path: &Path) -> bool {
        let fits = |one: &One| one.pattern.matches_path(path, one.flags);
        let is_wanted = self.wanted.is_empty() || self.wanted.iter().any(fits);
        is_wanted && !self.unwanted.iter().any(fits)
    }
}

impl One {
    /// With whether it takes away.
    fn of(written: &str) -> Option<(Self, bool)> {
        let mut flags = PathspecFlags::DEFAULT;
        let mut is_unwanted = false;
        let pattern = if let Some(rest) = written.strip_prefix(":(") {
            let (words, pattern) = rest.split_once(')')?;
            for word in words.split(',') {
                match word {
                    "exclude" => is_unwanted = true,
                    "literal" => flags |= PathspecFlags::NO_GLOB,
                    "icase" => flags |= PathspecFlags::IGNORE_CASE,
                    "top" | "glob" | "" => {}
                    _ => return None,
                }
            }
            pattern
        } else if let Some(rest) = written.strip_prefix(':') {
            let pattern = rest.trim_start_matches(['!', '^', '/']);
            let signs = &rest[..rest.len() - pattern.len()];
            is_unwanted = signs.contains(['!', '^']);
            pattern
        } else {
            written
        };
        // A folder may be written with its slash.
        let pattern = pattern.trim_end_matches('/');
        let one = Self {
            written: written.to_owned(),
            pattern: Pathspec::new([pattern]).ok()?,
            flags,
        };
        (!pattern.is_empty()).then_some((one, is_unwanted))
    }
}

fn unfit(written: &str, is_pathspec: bool) -> RepoError {
    RepoError::SubmodulePath {
        written: written.to_owned(),
        is_pathspec,
    }
}
