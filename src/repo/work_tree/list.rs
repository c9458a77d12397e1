//! The listing of the work tree: what the index, HEAD and the disk have of each file.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::compare::{Change, Compare};
use super::ignores::Ignores;
use super::staged::Staged;
use super::walk::{Found, Walk};
use crate::expr::glob::Roots;
use crate::repo::RepoError;
use crate::repo::index::{Entry, Index};
use crate::repo::listing::{Listing, Mode, Place, TreeFile, WorkState, is_private, to_path};
use crate::repo::plain_file;

/// Which files the work tree has, without a look at any of them.
pub(in crate::repo) struct WorkFiles {
    /// The places of entries of the index that are there, in order.
    tracked: Vec<usize>,
    /// Sorted, without the user's own files.
    untracked: Vec<Vec<u8>>,
}

impl WorkFiles {
    /// Walks the work tree, as far as the roots lead.
    pub(in crate::repo) fn walk(
        git: &git2::Repository,
        index: &Index,
        roots: &Roots,
    ) -> Result<Self, RepoError> {
        let found = match git.workdir() {
            None => Found::default(),
            Some(root) => {
                let walk = Walk { root, index, roots };
                walk.run(Ignores::of_repository(git))?
            }
        };
        let mut is_there = vec![false; index.len()];
        for at in found.tracked {
            is_there[at] = true;
        }
        let mut untracked = found.untracked;
        untracked.retain(|path| !is_private(path));
        untracked.sort_unstable();
        Ok(Self {
            tracked: (0..index.len()).filter(|&at| is_there[at]).collect(),
            untracked,
        })
    }

    /// Those of them that the roots hold.
    pub(in crate::repo) fn held_by(&self, index: &Index, roots: &Roots) -> Self {
        let tracked = index.held_by(roots).into_iter().flat_map(|places| {
            let from = self.tracked.partition_point(|&at| at < places.start);
            let to = self.tracked.partition_point(|&at| at < places.end);
            &self.tracked[from..to]
        });
        let untracked = self.untracked.iter().filter(|path| roots.hold(path));
        Self {
            tracked: tracked.copied().collect(),
            untracked: untracked.cloned().collect(),
        }
    }

    /// The paths as text, in git's order: the same that the listing has.
    pub(in crate::repo) fn names(&self, index: &Index) -> Arc<[String]> {
        let there = self.tracked.iter().map(|&at| index.entry(at));
        let left_out = index.iter().filter(Entry::is_left_out);
        let files = there.chain(left_out);
        let files = files.filter(|entry| Mode::of(entry.mode()).is_some());
        let mut paths: Vec<&[u8]> = files.map(|entry| entry.path).collect();
        paths.extend(self.untracked.iter().map(Vec::as_slice));
        // It finds what is sorted already.
        paths.sort();
        paths.dedup();
        let names = paths.into_iter();
        names
            .map(|path| String::from_utf8_lossy(path).into_owned())
            .collect()
    }
}

impl Listing {
    /// What git sees in the work tree, of which the files and what differs are known.
    pub(in crate::repo) fn of_work_tree(
        index: &Index,
        files: &WorkFiles,
        state: &WorkState,
    ) -> Self {
        let mut listing = Self {
            state: state.clone(),
            ..Self::default()
        };
        let gone: HashSet<&[u8]> = state.deleted.iter().map(String::as_bytes).collect();
        let tracked = files.tracked.iter().map(|&at| index.entry(at));
        for entry in tracked.filter(|entry| !gone.contains(entry.path)) {
            listing.add_tracked(entry.path.to_vec(), entry.mode(), Place::WorkTree);
        }
        for (at, entry) in index.iter().enumerate() {
            if entry.is_left_out() && files.tracked.binary_search(&at).is_err() {
                listing.add_tracked(entry.path.to_vec(), entry.mode(), Place::Blob(entry.id()));
            }
        }
        let untracked = files.untracked.iter().map(|path| TreeFile {
            path: path.clone(),
            mode: None,
            place: Place::WorkTree,
            tracked: false,
        });
        listing.files.extend(untracked);
        listing.sorted()
    }
}

impl WorkState {
    /// What of that which the roots hold differs from HEAD in the work tree. The files there are
    /// known.
    pub(in crate::repo) fn of(
        git: &git2::Repository,
        index: &Index,
        files: &WorkFiles,
        roots: &Roots,
    ) -> Result<Self, RepoError> {
        let Some(root) = git.workdir() else {
            return Ok(Self::default());
        };
        let setting = |name: &str| {
            let settings = git.config();
            settings.is_ok_and(|settings| settings.get_bool(name).unwrap_or(true))
        };
        let compare = Compare {
            root,
            index,
            trusts_mode: setting("core.filemode"),
            trusts_ctime: setting("core.trustctime"),
        };
        let changes = compare.all(&files.tracked)?.into_iter().collect();
        let mut state = Self::default();
        let staged = Staged::read(git, index, roots)?;
        let places = index.held_by(roots).into_iter().flatten();
        state.add_changes(git, index, files, places, &changes, staged);
        for list in [
            &mut state.modified,
            &mut state.deleted,
            &mut state.untracked,
        ] {
            list.sort();
        }
        Ok(state)
    }

    fn add_changes(
        &mut self,
        git: &git2::Repository,
        index: &Index,
        files: &WorkFiles,
        places: impl Iterator<Item = usize>,
        changes: &HashMap<usize, Change>,
        mut staged: Staged,
    ) {
        let text = |path: &[u8]| String::from_utf8_lossy(path).into_owned();
        for path in &files.untracked {
            staged.removed.remove(path);
            self.untracked.push(text(path));
        }
        let mut there = files.tracked.iter().copied().peekable();
        let mut last: &[u8] = b"";
        for at in places {
            let entry = index.entry(at);
            let is_there = there.next_if_eq(&at).is_some();
            // A conflict has up to three entries of one path.
            if entry.is_in_conflict() && entry.path == last {
                continue;
            }
            last = entry.path;
            let change = changes.get(&at).copied().unwrap_or(Change::Same);
            let is_new = || staged.added.contains(entry.path);
            if is_there && change != Change::Gone {
                let is_edited = match change {
                    Change::Same | Change::Gone => false,
                    Change::Modified => true,
                    Change::OtherLineEnds => differs_to_git(git, entry.path),
                };
                if is_edited || is_new() || staged.modified.contains(entry.path) {
                    self.modified.push(text(entry.path));
                }
            } else if !entry.is_left_out() && !is_new() {
                // Added and removed again: HEAD never had it.
                self.deleted.push(text(entry.path));
            }
        }
        self.deleted
            .extend(staged.removed.iter().map(|path| text(path)));
    }
}

/// Whether a file with CR LF differs when git has made of its line ends what it stores. A file that
/// can't be asked about does.
fn differs_to_git(git: &git2::Repository, path: &[u8]) -> bool {
    let path = to_path(path);
    let may_ask = (git.workdir()).is_some_and(|root| plain_file::are_rules_plain(root, &path));
    !may_ask
        || git
            .status_file(&path)
            .map_or(true, |status| status.is_wt_modified())
}
