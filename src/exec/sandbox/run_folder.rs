//! The folder of a run: of its attempts, and of what they share. It says whose it is, so that another
//! run can take away what a killed one left.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rustix::fs::{IFlags, ioctl_getflags, ioctl_setflags};

use super::super::names::{slug, unique_slug};
use super::super::{Owner, owned_folder};
use super::groups;
use super::inside::errand::remove_of_all;
use super::limits::Place;

/// What attempts share and goes with the run, by the names in the folder.
const SHARED: [&str; 3] = ["layers", "networks", "united"];

/// What sandboxes write to: it goes when they have ended.
const OVERLAYS: &str = "overlays";

/// That of one run. It is made when the first attempt comes.
#[derive(Debug)]
pub(super) struct RunFolder {
    at: PathBuf,
    /// What the names of the run's groups begin with, from when it is made.
    groups: Mutex<Option<String>>,
}

impl RunFolder {
    /// The one of `run`, in the folder of all.
    pub(super) fn new(all: &Path, run: &str) -> Self {
        Self {
            at: all.join(slug(run)),
            groups: Mutex::default(),
        }
    }

    /// Where the overlays of its jobs are.
    pub(super) fn overlays(&self) -> PathBuf {
        self.at.join(OVERLAYS)
    }

    /// Where the layers of artifacts are.
    pub(super) fn layers(&self) -> PathBuf {
        self.at.join(SHARED[0])
    }

    /// Where the gates of networks keep notes.
    pub(super) fn networks(&self) -> PathBuf {
        self.at.join(SHARED[1])
    }

    /// Where trees of this machine are put together.
    pub(super) fn united(&self) -> PathBuf {
        self.at.join(SHARED[2])
    }

    /// A place for an attempt, which nobody else has.
    pub(super) fn attempt(&self, job: &str, attempt: u32) -> Result<PathBuf, getrandom::Error> {
        let token = getrandom::u32()?;
        let job = unique_slug(job);
        Ok(self.at.join(format!("{job}-{attempt}-{token:08x}")))
    }

    /// What the names of its groups begin with, where it is made already.
    pub(super) fn made(&self) -> Option<String> {
        let known = self.groups.lock().unwrap_or_else(PoisonError::into_inner);
        known.clone()
    }

    /// Makes it, once, with a note of the places where the run makes groups; what their names begin
    /// with. Blocks.
    pub(super) fn make(&self, owner: &Owner, places: &[Place]) -> io::Result<String> {
        // It is there or not, whatever befell another thread.
        let mut known = self.groups.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(groups) = &*known {
            return Ok(groups.clone());
        }
        match owned_folder::make(&self.at, owner) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        // Without it, it takes longer.
        let _ = self.at.parent().map(spread);
        let token = getrandom::u32().map_err(|error| io::Error::other(error.to_string()))?;
        let groups = format!("pipe-{token:08x}-");
        groups::note(&self.at, places, &groups)?;
        Ok(known.insert(groups).clone())
    }

    /// Removes what attempts shared, and the folder with all groups if no attempt is left in it. Blocks.
    pub(super) fn release(&self) -> io::Result<()> {
        let mut groups = self.groups.lock().unwrap_or_else(PoisonError::into_inner);
        *groups = None;
        for shared in SHARED {
            remove_of_all(&self.at.join(shared))?;
        }
        if owned_folder::holds_only(&self.at, groups::LIST)? {
            remove_run(&self.at)?;
        }
        Ok(())
    }
}

/// Lets a file system of the ext family put each folder in it elsewhere on the disk. It passes over
/// the places of files that were removed a moment ago, one by one: a run that comes soon after another
/// would find no other places there.
fn spread(folder: &Path) -> io::Result<()> {
    let folder = File::open(folder)?;
    let flags = ioctl_getflags(&folder)?;
    if !flags.contains(IFlags::TOPDIR) {
        ioctl_setflags(&folder, flags | IFlags::TOPDIR)?;
    }
    Ok(())
}

/// Removes the folder of a dead run, with all of its attempts. Blocks.
pub(super) fn remove_run(folder: &Path) -> io::Result<()> {
    groups::remove_noted(folder)?;
    owned_folder::clear(folder, remove_of_all)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use rustix::io::Errno;

    use super::*;

    fn owner() -> Owner {
        Owner {
            owner: "me".to_owned(),
            run: "7".to_owned(),
        }
    }

    #[test]
    fn it_goes_with_its_last_attempt() {
        let base = tempfile::tempdir().expect("a folder");
        let all = base.path().join("jobs");
        let folder = RunFolder::new(&all, "7");
        folder.release().expect("nothing to do");
        assert_eq!(folder.made(), None);
        let groups = folder.make(&owner(), &[]).expect("made");
        assert_eq!(folder.make(&owner(), &[]).expect("made already"), groups);
        assert_eq!(folder.made(), Some(groups));
        let attempt = folder.attempt("a job", 1).expect("a place");
        fs::create_dir(&attempt).expect("a folder");
        fs::create_dir_all(folder.networks().join("0")).expect("folders");
        folder.release().expect("released");
        assert!(attempt.exists() && !folder.networks().exists());
        let dead = |alive: bool| owned_folder::dead(&all, "me", &|_| alive).expect("listed");
        assert_eq!((dead(false).len(), dead(true).len()), (1, 0));
        fs::remove_dir(&attempt).expect("removed");
        fs::create_dir(folder.overlays()).expect("a folder");
        folder.release().expect("released");
        assert!(folder.overlays().exists(), "somebody may still write there");
        fs::remove_dir(folder.overlays()).expect("removed");
        folder.release().expect("released");
        assert_eq!(fs::read_dir(&all).expect("there").count(), 0);
    }

    #[test]
    fn folders_of_runs_are_put_apart_where_the_file_system_can() {
        let base = tempfile::tempdir().expect("a folder");
        let all = base.path().join("jobs");
        RunFolder::new(&all, "7").make(&owner(), &[]).expect("made");
        let flags = ioctl_getflags(File::open(&all).expect("a folder"));
        match spread(&all) {
            Ok(()) => assert!(flags.expect("flags").contains(IFlags::TOPDIR)),
            Err(error) => {
                let none = [Errno::NOTTY, Errno::OPNOTSUPP, Errno::INVAL];
                let none = none.map(|it| Some(it.raw_os_error()));
                assert!(none.contains(&error.raw_os_error()), "{error}");
            }
        }
    }
}
