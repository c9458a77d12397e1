//! Listing a tree: every file once, in git's order, with what differs from HEAD.

use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use git2::{ObjectType, Oid};

use super::RepoError;
use crate::expr::glob::Roots;

/// Where the bytes of a file are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// In the work tree.
    WorkTree,
    /// In git's objects: files of a commit, and those that a sparse checkout leaves out.
    Blob(Oid),
}

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    Plain,
    Executable,
    Link,
}

impl Mode {
    /// Git's number for it. Anything else than these three is no file.
    pub(super) fn of(mode: u32) -> Option<Self> {
        match mode {
            0o100_755 => Some(Self::Executable),
            0o120_000 => Some(Self::Link),
            mode if mode & 0o170_000 == 0o100_000 => Some(Self::Plain),
            _ => None,
        }
    }
}

/// One file of the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TreeFile {
    /// Bytes, relative to the root.
    pub(super) path: Vec<u8>,
    /// What git says it is; `None` for files that git does not track.
    pub(super) mode: Option<Mode>,
    /// Where its bytes are.
    pub(super) place: Place,
    /// Whether git tracks it.
    pub(super) tracked: bool,
}

/// What of the work tree GitLab will not see. Paths are sorted, relative to the root.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WorkState {
    /// Tracked files that differ from HEAD, or are not in it yet.
    pub modified: Vec<String>,
    /// Files of HEAD that are gone.
    pub deleted: Vec<String>,
    /// Files that git neither tracks nor ignores.
    pub untracked: Vec<String>,
}

impl WorkState {
    /// Whether the work tree is exactly HEAD.
    pub fn is_clean(&self) -> bool {
        self.modified.is_empty() && self.deleted.is_empty() && self.untracked.is_empty()
    }

    /// What of it the roots hold.
    pub(super) fn held_by(&self, roots: &Roots) -> Self {
        let held = |paths: &[String]| {
            let held = paths.iter().filter(|path| roots.hold(path.as_bytes()));
            held.cloned().collect()
        };
        Self {
            modified: held(&self.modified),
            deleted: held(&self.deleted),
            untracked: held(&self.untracked),
        }
    }

    /// Every path of it.
    pub(super) fn paths(&self) -> impl Iterator<Item = &String> {
        let edited = self.modified.iter().chain(&self.deleted);
        edited.chain(&self.untracked)
    }

    /// The first number of a run's header: tracked files that differ from HEAD.
    pub fn uncommitted(&self) -> usize {
        self.modified.len() + self.deleted.len()
    }
}

/// All files of a tree, sorted.
#[derive(Debug, Default)]
pub(super) struct Listing {
    pub(super) files: Vec<TreeFile>,
    /// Folders of submodules, empty in a job.
    pub(super) submodules: Vec<Vec<u8>>,
    /// Paths of `files` as text; what is not UTF-8 shows as U+FFFD.
    pub(super) names: Arc<[String]>,
    pub(super) state: WorkState,
}

impl Listing {
    /// What a checkout of the commit would write.
    pub(super) fn of_commit(git: &git2::Repository, commit: Oid) -> Result<Self, RepoError> {
        let failed = || RepoError::corrupt("a tree");
        let mut listing = Self::default();
        let top = git.find_commit(commit).map_err(failed())?.tree_id();
        // No recursion: how deep folders lie is the repository's word.
        let mut todo = vec![(Vec::new(), top)];
        while let Some((folder, id)) = todo.pop() {
            for entry in &git.find_tree(id).map_err(failed())? {
                if is_refused(entry.name_bytes()) {
                    continue;
                }
                let path = [folder.as_slice(), entry.name_bytes()].concat();
                if entry.kind() == Some(ObjectType::Tree) {
                    todo.push(([path.as_slice(), b"/"].concat(), entry.id()));
                } else {
                    let mode = u32::try_from(entry.filemode()).unwrap_or_default();
                    listing.add_tracked(path, mode, Place::Blob(entry.id()));
                }
            }
        }
        Ok(listing.sorted())
    }

    pub(super) fn add_tracked(&mut self, path: Vec<u8>, mode: u32, place: Place) {
        if let Some(mode) = Mode::of(mode) {
            self.files.push(TreeFile {
                path,
                mode: Some(mode),
                place,
                tracked: true,
            });
        } else if mode == 0o160_000 {
            self.submodules.push(path);
        }
    }

    pub(super) fn sorted(mut self) -> Self {
        self.files.sort_by(|a, b| a.path.cmp(&b.path));
        self.files.dedup_by(|a, b| a.path == b.path);
        self.names = self
            .files
            .iter()
            .map(|file| String::from_utf8_lossy(&file.path).into_owned())
            .collect();
        self
    }
}

/// Files that hold the user's own variables: they are never part of a job's tree, and untracked
/// ones are no part of the project at all (design chapter 3).
pub(super) fn is_private(path: &[u8]) -> bool {
    path == b".pipe/variables.yml"
        || path
            .split(|byte| *byte == b'/')
            .any(|part| part.starts_with(b".gitlab-ci-local"))
}

/// Names that git never checks out, for they would lead elsewhere.
pub(super) fn is_refused(name: &[u8]) -> bool {
    matches!(name, b"" | b"." | b"..") || name.eq_ignore_ascii_case(b".git") || name.contains(&b'/')
}

/// A path of git as one of the system.
pub(super) fn to_path(path: &[u8]) -> PathBuf {
    Path::new(std::ffi::OsStr::from_bytes(path)).to_owned()
}

#[cfg(test)]
mod tests {
    use super::is_private;

    #[test]
    fn the_users_own_variables_are_private() {
        for (path, private) in [
            (".pipe/variables.yml", true),
            (".pipe/config.toml", false),
            ("a/.pipe/variables.yml", false),
            (".gitlab-ci-local-variables.yml", true),
            (".gitlab-ci-local/state.yml", true),
            ("sub/.gitlab-ci-local-env", true),
            (".gitlab-ci.yml", false),
            ("docs/gitlab-ci-local.md", false),
        ] {
            assert_eq!(is_private(path.as_bytes()), private, "{path}");
        }
    }
}
