//! Listing a tree: every file once, in git's order, with what differs from HEAD.

use std::collections::HashSet;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use git2::{IndexEntryExtendedFlag, ObjectType, Oid, Status, StatusOptions};

use super::RepoError;
use super::tree::WorkState;

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

/// All files of a tree, sorted.
#[derive(Debug, Default)]
pub(super) struct Listing {
    pub(super) files: Vec<TreeFile>,
    /// Folders of submodules, empty in a job.
    pub(super) submodules: Vec<Vec<u8>>,
    /// Paths of `files` as text; what is not UTF-8 shows as U+FFFD.
    pub(super) names: Vec<String>,
    pub(super) state: WorkState,
}

impl Listing {
    /// What git sees in the work tree.
    pub(super) fn of_work_tree(git: &git2::Repository) -> Result<Self, RepoError> {
        let index = git.index().map_err(RepoError::corrupt("the index"))?;
        let mut listing = Self::default();
        let mut gone = listing.read_statuses(git)?;
        gone.sort();
        listing.read_index(&index, &gone);
        Ok(listing.sorted())
    }

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

    /// Adds untracked files and fills the state. Returns the tracked paths that are not there.
    fn read_statuses(&mut self, git: &git2::Repository) -> Result<Vec<Vec<u8>>, RepoError> {
        let mut options = StatusOptions::new();
        options
            .include_untracked(true)
            .recurse_untracked_dirs(true)
            .exclude_submodules(true);
        let statuses = git
            .statuses(Some(&mut options))
            .map_err(RepoError::corrupt("the work tree"))?;
        let mut gone = Vec::new();
        for entry in statuses.iter() {
            // A repository within the repository is listed as a folder: git leaves it alone.
            let path = entry.path_bytes();
            if !path.ends_with(b"/") {
                self.add_status(path, entry.status(), &mut gone);
            }
        }
        Ok(gone)
    }

    fn add_status(&mut self, path: &[u8], status: Status, gone: &mut Vec<Vec<u8>>) {
        let name = String::from_utf8_lossy(path).into_owned();
        if status.contains(Status::WT_NEW) {
            if is_private(path) {
                return;
            }
            self.state.untracked.push(name);
            self.files.push(TreeFile {
                path: path.to_vec(),
                mode: None,
                place: Place::WorkTree,
                tracked: false,
            });
        } else if status.intersects(Status::WT_DELETED | Status::INDEX_DELETED) {
            gone.push(path.to_vec());
            // Added and removed again: HEAD never had it.
            if !status.contains(Status::INDEX_NEW) {
                self.state.deleted.push(name);
            }
        } else if !status.is_ignored() {
            self.state.modified.push(name);
        }
    }

    fn read_index(&mut self, index: &git2::Index, gone: &[Vec<u8>]) {
        let mut last = Vec::new();
        let mut left_out = HashSet::new();
        for entry in index.iter() {
            // A conflict has up to three entries of one path.
            if entry.path == last {
                continue;
            }
            last.clone_from(&entry.path);
            if gone.binary_search(&entry.path).is_err() {
                self.add_tracked(entry.path, entry.mode, Place::WorkTree);
            } else if is_left_out(&entry) {
                left_out.insert(String::from_utf8_lossy(&entry.path).into_owned());
                self.add_tracked(entry.path, entry.mode, Place::Blob(entry.id));
            }
        }
        self.state.deleted.retain(|name| !left_out.contains(name));
    }

    fn add_tracked(&mut self, path: Vec<u8>, mode: u32, place: Place) {
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

    fn sorted(mut self) -> Self {
        self.files.sort_by(|a, b| a.path.cmp(&b.path));
        self.files.dedup_by(|a, b| a.path == b.path);
        self.names = self
            .files
            .iter()
            .map(|file| String::from_utf8_lossy(&file.path).into_owned())
            .collect();
        for list in [
            &mut self.state.modified,
            &mut self.state.deleted,
            &mut self.state.untracked,
        ] {
            list.sort();
        }
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
fn is_refused(name: &[u8]) -> bool {
    matches!(name, b"" | b"." | b"..") || name.eq_ignore_ascii_case(b".git") || name.contains(&b'/')
}

/// A path of git as one of the system.
pub(super) fn to_path(path: &[u8]) -> PathBuf {
    Path::new(std::ffi::OsStr::from_bytes(path)).to_owned()
}

/// Whether a sparse checkout keeps the file out of the work tree. Jobs have it all the same.
pub(super) fn is_left_out(entry: &git2::IndexEntry) -> bool {
    IndexEntryExtendedFlag::from_bits_truncate(entry.flags_extended)
        .contains(IndexEntryExtendedFlag::SKIP_WORKTREE)
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
