//! The folder of a run: of its attempts, and of what they share. It says whose it is, so that another
//! run can take away what a killed one left.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::super::names::{slug, unique_slug};
use super::super::{Owner, owned_folder};
use super::groups::remove_attempt;

/// What attempts share, by the names in the folder.
const SHARED: [&str; 2] = ["copies", "layers"];

/// That of one run. It is made when the first attempt comes.
#[derive(Debug)]
pub(super) struct RunFolder {
    at: PathBuf,
    is_made: Mutex<bool>,
}

impl RunFolder {
    /// The one of `run`, in the folder of all.
    pub(super) fn new(all: &Path, run: &str) -> Self {
        Self {
            at: all.join(slug(run)),
            is_made: Mutex::new(false),
        }
    }

    /// Where the copies of this machine's trees are.
    pub(super) fn copies(&self) -> PathBuf {
        self.at.join(SHARED[0])
    }

    /// Where the layers of artifacts are.
    pub(super) fn layers(&self) -> PathBuf {
        self.at.join(SHARED[1])
    }

    /// A place for an attempt, which nobody else has.
    pub(super) fn attempt(&self, job: &str, attempt: u32) -> Result<PathBuf, getrandom::Error> {
        let token = getrandom::u32()?;
        let job = unique_slug(job);
        Ok(self.at.join(format!("{job}-{attempt}-{token:08x}")))
    }

    /// Makes it, once. Blocks.
    pub(super) fn make(&self, owner: &Owner) -> io::Result<()> {
        // It is there or not, whatever befell another thread.
        let mut is_made = self.is_made.lock().unwrap_or_else(PoisonError::into_inner);
        if !*is_made {
            match owned_folder::make(&self.at, owner) {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
                _ => *is_made = true,
            }
        }
        Ok(())
    }

    /// Removes what attempts shared, and the folder if no attempt is left in it. Blocks.
    pub(super) fn release(&self) -> io::Result<()> {
        let mut is_made = self.is_made.lock().unwrap_or_else(PoisonError::into_inner);
        *is_made = false;
        for shared in SHARED {
            remove_attempt(&self.at.join(shared))?;
        }
        owned_folder::clear_if_empty(&self.at)
    }
}

/// Removes the folder of a dead run, with all of its attempts. Blocks.
pub(super) fn remove_run(folder: &Path) -> io::Result<()> {
    owned_folder::clear(folder, remove_attempt)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn it_goes_with_its_last_attempt() {
        let base = tempfile::tempdir().expect("a folder");
        let all = base.path().join("jobs");
        let folder = RunFolder::new(&all, "7");
        folder.release().expect("nothing to do");
        let owner = Owner {
            owner: "me".to_owned(),
            run: "7".to_owned(),
        };
        folder.make(&owner).expect("made");
        folder.make(&owner).expect("made already");
        let attempt = folder.attempt("a job", 1).expect("a place");
        fs::create_dir(&attempt).expect("a folder");
        fs::create_dir_all(folder.copies().join("0/upper")).expect("folders");
        folder.release().expect("released");
        assert!(attempt.exists() && !folder.copies().exists());
        let dead = |alive: bool| owned_folder::dead(&all, "me", &|_| alive).expect("listed");
        assert_eq!((dead(false).len(), dead(true).len()), (1, 0));
        fs::remove_dir(&attempt).expect("removed");
        folder.release().expect("released");
        assert_eq!(fs::read_dir(&all).expect("there").count(), 0);
    }
}
