//! What differs from a commit, with renamed files paired as git does by default: `compare_to`
//! counts only their new names (configuration reference 8.2).

use std::collections::BTreeSet;
use std::io::{self, ErrorKind, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use git2::{Delta, Diff, DiffFindOptions, Index, IndexEntry, IndexTime, Oid};

use super::plain_file::{self, is_gone};
use super::tree::{ProjectTree, TreeSource};
use super::{RepoError, Repository};

/// Where more files are new and gone than this, git pairs only those with the same content.
const RENAME_LIMIT: usize = 1000;
/// Before all places that objects are written to.
const FIRST: i32 = 1000;
/// An edited file that is larger is like no other.
const LARGE: u64 = 64 << 20;

impl Repository {
    /// Paths that differ between a commit and the tree, edits and untracked files included. Of a
    /// renamed file only the new name.
    pub(super) fn differences_with_renames(
        &self,
        base: Oid,
        tree: &ProjectTree,
    ) -> Result<Vec<String>, RepoError> {
        let corrupt = || RepoError::corrupt("a tree");
        // A handle of its own: what is edited becomes objects of it, in memory only.
        let git = self.handle()?;
        let tree_of = |commit| git.find_commit(commit)?.tree();
        let old = tree_of(base).map_err(corrupt())?;
        let new = tree_of(tree.commit).map_err(corrupt())?;
        if *tree.source() != TreeSource::WorkTree || tree.state()?.is_clean() {
            let diff = git.diff_tree_to_tree(Some(&old), Some(&new), None);
            return names(diff.map_err(corrupt())?).map_err(corrupt());
        }
        let edited = || {
            git.odb()?.add_new_mempack_backend(FIRST)?;
            let mut index = Index::new()?;
            index.read_tree(&new)?;
            Ok(index)
        };
        let mut index = edited().map_err(corrupt())?;
        let unread = edit(&mut index, &git, tree)?;
        let diff = git.diff_tree_to_index(Some(&old), Some(&index), None);
        let mut paths = names(diff.map_err(corrupt())?).map_err(corrupt())?;
        paths.extend(unread);
        paths.sort();
        paths.dedup();
        Ok(paths)
    }
}

/// Lays the edits of the work tree over the files of HEAD. Returns those that can't be read.
fn edit(
    index: &mut Index,
    git: &git2::Repository,
    tree: &ProjectTree,
) -> Result<Vec<String>, RepoError> {
    let state = tree.state()?;
    let mut unread = Vec::new();
    for path in state.paths() {
        match file(&tree.root().join(path)) {
            Ok((mode, content)) => {
                let id = git.blob(&content).map_err(RepoError::corrupt("an edit"))?;
                let added = index.add(&entry(path, mode, id));
                added.map_err(RepoError::corrupt("an edit"))?;
            }
            // It was not in HEAD, or is gone from here too.
            Err(error) if is_gone(&error) => drop(index.remove(path.as_ref(), 0)),
            Err(_) => unread.push(path.clone()),
        }
    }
    Ok(unread)
}

/// Git's mode of a file of the work tree, and its bytes; of a link, where it leads.
fn file(full: &Path) -> io::Result<(u32, Vec<u8>)> {
    if full.symlink_metadata()?.is_symlink() {
        let target = full.read_link()?;
        return Ok((0o120_000, target.as_os_str().as_bytes().to_vec()));
    }
    let file = plain_file::open(full)?;
    let about = file.metadata()?;
    if !about.is_file() {
        return Err(ErrorKind::InvalidInput.into());
    }
    let mode = if about.mode() & 0o100 == 0 {
        0o100_644
    } else {
        0o100_755
    };
    if about.len() > LARGE {
        return Ok((mode, full.as_os_str().as_bytes().to_vec()));
    }
    let mut content = Vec::new();
    file.take(LARGE).read_to_end(&mut content)?;
    Ok((mode, content))
}

fn entry(path: &str, mode: u32, id: Oid) -> IndexEntry {
    let never = IndexTime::new(0, 0);
    IndexEntry {
        ctime: never,
        mtime: never,
        dev: 0,
        ino: 0,
        mode,
        uid: 0,
        gid: 0,
        file_size: 0,
        id,
        flags: 0,
        flags_extended: 0,
        path: path.as_bytes().to_vec(),
    }
}

/// The sorted paths of a diff, of renamed files the new one.
fn names(mut diff: Diff<'_>) -> Result<Vec<String>, git2::Error> {
    let count = |status| {
        let deltas = diff.deltas();
        deltas.filter(|delta| delta.status() == status).count()
    };
    let (new, gone) = (count(Delta::Added), count(Delta::Deleted));
    let mut options = DiffFindOptions::new();
    options
        .renames(true)
        .rename_limit(RENAME_LIMIT)
        .dont_ignore_whitespace(true)
        .exact_match_only(new.saturating_mul(gone) > RENAME_LIMIT * RENAME_LIMIT);
    diff.find_similar(Some(&mut options))?;
    let paths: BTreeSet<String> = diff
        .deltas()
        .filter_map(|delta| {
            let path = delta.new_file().path_bytes()?;
            Some(String::from_utf8_lossy(path).into_owned())
        })
        .collect();
    Ok(paths.into_iter().collect())
}
