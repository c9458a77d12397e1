//! The listing of the work tree: what the index, HEAD and the disk have of each file.

use std::collections::{BTreeMap, BTreeSet};

use git2::{Delta, DiffOptions};

use super::compare::{Change, Compare};
use super::ignores::Ignores;
use super::index::Tracked;
use super::walk::{Found, Walk};
use crate::repo::RepoError;
use crate::repo::listing::{Listing, Mode, Place, TreeFile, is_left_out, is_private, to_path};
use crate::repo::plain_file;

/// Which files the work tree has, without a look at any of them.
pub(in crate::repo) struct WorkFiles {
    tracked: Tracked,
    found: Found,
    /// Paths as text, in git's order.
    pub(in crate::repo) names: Vec<String>,
}

impl WorkFiles {
    /// Walks the work tree.
    pub(in crate::repo) fn walk(git: &git2::Repository) -> Result<Self, RepoError> {
        let tracked = Tracked::read(git)?;
        let found = match git.workdir() {
            None => Found::default(),
            Some(root) => Walk {
                root,
                tracked: &tracked,
            }
            .run(Ignores::of_repository(git))?,
        };
        let names = names(&tracked, &found);
        Ok(Self {
            tracked,
            found,
            names,
        })
    }
}

/// The same names that the listing has.
fn names(tracked: &Tracked, found: &Found) -> Vec<String> {
    let there = found.tracked.iter().map(|&at| &tracked.entries[at]);
    let left_out = tracked.entries.iter().filter(|entry| is_left_out(entry));
    let files = there.chain(left_out);
    let files = files.filter(|entry| Mode::of(entry.mode).is_some());
    let untracked = found.untracked.iter().filter(|path| !is_private(path));
    let mut paths: Vec<&[u8]> = files.map(|entry| &*entry.path).collect();
    paths.extend(untracked.map(Vec::as_slice));
    paths.sort_unstable();
    paths.dedup();
    let names = paths.into_iter();
    names
        .map(|path| String::from_utf8_lossy(path).into_owned())
        .collect()
}

impl Listing {
    /// What git sees in the work tree, of which the files are known.
    pub(in crate::repo) fn of_work_tree(
        git: &git2::Repository,
        files: &WorkFiles,
    ) -> Result<Self, RepoError> {
        let Some(root) = git.workdir() else {
            return Ok(Self::default());
        };
        let setting = |name: &str| {
            let settings = git.config();
            settings.is_ok_and(|settings| settings.get_bool(name).unwrap_or(true))
        };
        let tracked = &files.tracked;
        let compare = Compare {
            written: tracked.written,
            trusts_mode: setting("core.filemode"),
            trusts_ctime: setting("core.trustctime"),
        };
        let there = compare.all(root, &tracked.entries, &files.found.tracked)?;
        let mut listing = Self::default();
        listing.add_found(
            git,
            tracked,
            there,
            &files.found.untracked,
            Staged::read(git)?,
        );
        Ok(listing.sorted())
    }

    fn add_found(
        &mut self,
        git: &git2::Repository,
        tracked: &Tracked,
        there: Vec<(usize, Change)>,
        untracked: &[Vec<u8>],
        mut staged: Staged,
    ) {
        let there: BTreeMap<usize, Change> = there.into_iter().collect();
        for path in untracked {
            staged.removed.remove(path);
            self.add_untracked(path.clone());
        }
        let mut last: &[u8] = b"";
        for (at, entry) in tracked.entries.iter().enumerate() {
            // A conflict has up to three entries of one path.
            if entry.path == last {
                continue;
            }
            last = &entry.path;
            let name = || String::from_utf8_lossy(&entry.path).into_owned();
            let is_new = staged.added.contains(&entry.path);
            if let Some(change) = there.get(&at) {
                self.add_tracked(entry.path.clone(), entry.mode, Place::WorkTree);
                let is_edited = match change {
                    Change::Same => false,
                    Change::Modified => true,
                    Change::OtherLineEnds => differs_to_git(git, &entry.path),
                };
                if is_edited || is_new || staged.modified.contains(&entry.path) {
                    self.state.modified.push(name());
                }
            } else if is_left_out(entry) {
                self.add_tracked(entry.path.clone(), entry.mode, Place::Blob(entry.id));
            } else if !is_new {
                // Added and removed again: HEAD never had it.
                self.state.deleted.push(name());
            }
        }
        let removed = staged.removed.iter();
        let removed = removed.map(|path| String::from_utf8_lossy(path).into_owned());
        self.state.deleted.extend(removed);
    }

    fn add_untracked(&mut self, path: Vec<u8>) {
        if is_private(&path) {
            return;
        }
        let name = String::from_utf8_lossy(&path).into_owned();
        self.state.untracked.push(name);
        self.files.push(TreeFile {
            path,
            mode: None,
            place: Place::WorkTree,
            tracked: false,
        });
    }
}

/// What differs between HEAD and the index.
#[derive(Default)]
struct Staged {
    added: BTreeSet<Vec<u8>>,
    modified: BTreeSet<Vec<u8>>,
    removed: BTreeSet<Vec<u8>>,
}

impl Staged {
    fn read(git: &git2::Repository) -> Result<Self, RepoError> {
        let head = git.head().and_then(|head| head.peel_to_tree());
        let head = head.map_err(RepoError::corrupt("the tree of HEAD"))?;
        let index = git.index().map_err(RepoError::corrupt("the index"))?;
        let mut options = DiffOptions::new();
        options.include_typechange(true);
        let diff = git
            .diff_tree_to_index(Some(&head), Some(&index), Some(&mut options))
            .map_err(RepoError::corrupt("the tree of HEAD"))?;
        let mut staged = Self::default();
        for delta in diff.deltas() {
            let set = match delta.status() {
                Delta::Added => &mut staged.added,
                Delta::Deleted => &mut staged.removed,
                _ => &mut staged.modified,
            };
            let file = delta.new_file().path_bytes();
            set.extend(file.or(delta.old_file().path_bytes()).map(<[u8]>::to_vec));
        }
        Ok(staged)
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
