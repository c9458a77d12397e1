//! The layer of the work tree: what it has changed over its commit, and what it has taken away.

use std::collections::{HashMap, HashSet};
use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::archive::Archive;
use super::checkout::{Checkout, named};
use super::{files, lfs};
use crate::repo::listing::{Listing, is_private};
use crate::repo::{ProjectTree, RepoError, Stop, TreeSource};

/// A finished tar file that goes over the layer of the commit. A character device 0:0 in it takes
/// away what lies below under its name, as in overlay file systems.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edits {
    /// Names the content of both layers, times aside.
    pub id: String,
    /// Entries relative to the project folder, owned by 0:0, open to every user.
    pub tar: PathBuf,
}

impl ProjectTree {
    /// Writes to the file `into` what the work tree has changed over `checkout`, the layer of its
    /// commit; `None` where that is nothing. Soon after `stop` says so it ends with
    /// [`RepoError::Stopped`]; what lies at `into` then is no archive.
    pub fn edits(
        &self,
        checkout: &Checkout,
        into: &Path,
        stop: Stop<'_>,
    ) -> Result<Option<Edits>, RepoError> {
        if *self.source() != TreeSource::WorkTree || self.state()?.is_clean() {
            return Ok(None);
        }
        let listing = self.listing()?;
        let mut file = create(into)?;
        let mut archive = Archive::new(&mut file, Path::new(""), stop)?;
        let mut digest = Sha256::new();
        digest.update(checkout.id());
        files::write_edits(self, listing, checkout.has_lfs, &mut archive, &mut digest)?;
        for path in taken_away(listing) {
            digest.update(format!("gone {path}\0"));
            archive.whiteout(Path::new(path))?;
        }
        archive.finish()?;
        Ok(Some(Edits {
            id: named(self.commit, digest),
            tar: into.to_owned(),
        }))
    }

    /// The files whose content Git LFS keeps, but not on this machine, so that jobs get pointers: those
    /// that `checkout` lacks and that the work tree has not changed into something else.
    pub fn missing_lfs(&self, checkout: &Checkout) -> Result<Vec<String>, RepoError> {
        let mut missing = checkout.missing_lfs().to_vec();
        if missing.is_empty() || *self.source() != TreeSource::WorkTree {
            return Ok(missing);
        }
        let state = self.state()?;
        missing.retain(|path| {
            let is_other =
                state.modified.contains(path) && !lfs::is_pointer(&self.root().join(path));
            !is_other && !state.deleted.contains(path)
        });
        Ok(missing)
    }
}

/// The user's files are nobody else's to read.
fn create(path: &Path) -> Result<File, RepoError> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    options.open(path).map_err(RepoError::io("write", path))
}

/// What a job must not find any more: files that are gone, and folders that went with them.
/// Sorted, none inside of another.
fn taken_away(listing: &Listing) -> Vec<&str> {
    let mut places: HashMap<&str, IsThere> = HashMap::new();
    let names = listing.files.iter().zip(listing.names.iter());
    for (_, name) in names.filter(|(file, _)| !is_private(&file.path)) {
        places.insert(name, IsThere::File);
        for folder in folders(name) {
            places.insert(folder, IsThere::Folder);
        }
    }
    let mut gone = HashSet::new();
    for path in &listing.state.deleted {
        // What is there itself hides what lies below: the file by its content, a file in the place
        // of a folder all of it.
        let hidden = folders(path).any(|folder| places.get(folder) == Some(&IsThere::File));
        if hidden || places.contains_key(path.as_str()) || is_private(path.as_bytes()) {
            continue;
        }
        let outermost = folders(path).find(|folder| !places.contains_key(folder));
        gone.insert(outermost.unwrap_or(path));
    }
    let mut gone: Vec<&str> = gone.into_iter().collect();
    gone.sort_unstable();
    gone
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum IsThere {
    File,
    Folder,
}

/// The folders that a path lies in, outermost first.
fn folders(path: &str) -> impl Iterator<Item = &str> {
    path.match_indices('/').map(|(at, _)| &path[..at])
}

#[cfg(test)]
mod tests {
    use super::taken_away;
    use crate::repo::listing::{Listing, Place, TreeFile};

    fn listing(files: &[&str], deleted: &[&str]) -> Listing {
        let mut listing = Listing::default();
        for path in files {
            listing.files.push(TreeFile {
                path: path.as_bytes().to_vec(),
                mode: None,
                place: Place::WorkTree,
                tracked: true,
            });
        }
        listing.state.deleted = deleted.iter().map(|&path| path.to_owned()).collect();
        listing.sorted()
    }

    #[test]
    fn what_is_taken_away() {
        for (situation, files, deleted, wanted) in [
            ("a file", &["a/b"][..], &["a/c"][..], &["a/c"][..]),
            ("the last of a folder", &["x"], &["a/b/c", "a/d"], &["a"]),
            ("an inner folder", &["a/d"], &["a/b/c", "a/b/e"], &["a/b"]),
            ("a file for a folder", &["a"], &["a/b", "a/c/d"], &[]),
            ("a folder for a file", &["a/b"], &["a"], &[]),
            ("there again, untracked", &["a"], &["a"], &[]),
            ("only its beginning is alike", &["ab/c"], &["a/c"], &["a"]),
        ] {
            assert_eq!(taken_away(&listing(files, deleted)), wanted, "{situation}");
        }
    }
}
