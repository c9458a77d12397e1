//! Folders that outlive their run, each with a content: there whole or not at all, kept from going
//! while a run uses them, and believed within the boot that wrote them.
//!
//! Nothing is synced to the disk: after a power cut a folder may be there and its files empty. Those
//! of an earlier boot are made anew.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rustix::fs::{FlockOperation, flock};
use rustix::io::retry_on_intr;

use super::super::super::owned_folder;
use crate::foreign::is_disk_full;
use crate::remove::remove;

/// Where the content is.
const CONTENT: &str = "content";

/// The file that says which boot wrote it.
const BOOT: &str = "boot";

/// What is given up, in a folder of its own.
const GONE: &str = "gone";

/// A folder in the making, beside its place. It goes with this unless it gets there.
#[derive(Debug)]
pub(in super::super) struct Unfinished {
    folder: PathBuf,
    lock: File,
    is_placed: bool,
}

/// A folder that stays as long as this is held.
#[derive(Debug)]
pub(in super::super) struct Held {
    place: PathBuf,
    _lock: File,
}

impl Unfinished {
    /// Begins one in `folder`, which is made and closed to others.
    pub(in super::super) fn begin(folder: &Path) -> io::Result<Self> {
        owned_folder::private(folder)?;
        let _shown = watch(folder, FlockOperation::LockShared)?;
        let made = tempfile::Builder::new().prefix(".").tempdir_in(folder)?;
        let lock = File::open(made.path())?;
        flock(&lock, FlockOperation::NonBlockingLockShared)?;
        let made = Self {
            folder: made.keep(),
            lock,
            is_placed: false,
        };
        fs::create_dir(made.content())?;
        Ok(made)
    }

    /// What is to be filled.
    pub(in super::super) fn content(&self) -> PathBuf {
        self.folder.join(CONTENT)
    }

    /// Gives it its place, unless another run was first.
    pub(in super::super) fn place(mut self, place: &Path) -> io::Result<Held> {
        fs::write(self.folder.join(BOOT), boot())?;
        match fs::rename(&self.folder, place) {
            Ok(()) => {
                self.is_placed = true;
                Ok(Held {
                    place: place.to_owned(),
                    _lock: self.lock.try_clone()?,
                })
            }
            Err(error) => hold(place).ok_or(error),
        }
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if !self.is_placed {
            // What is left is swept away by a later run.
            let _ = remove(&self.folder);
        }
    }
}

impl Held {
    /// What it holds.
    pub(in super::super) fn content(&self) -> PathBuf {
        self.place.join(CONTENT)
    }
}

/// Holds the folder that is there. One of an earlier boot is given up, and one that is being given
/// up is none.
pub(in super::super) fn hold(place: &Path) -> Option<Held> {
    let lock = File::open(place).ok()?;
    flock(&lock, FlockOperation::NonBlockingLockShared).ok()?;
    let is_same = fs::metadata(place).ok()?.ino() == lock.metadata().ok()?.ino();
    if !is_same {
        return None;
    }
    let written_by = fs::read_to_string(place.join(BOOT)).ok();
    if written_by.as_deref() != Some(&boot()) {
        drop(lock);
        // Where that fails, the new one gets no place, which tells why.
        let _ = give_up(place);
        return None;
    }
    // A time that can't be set only lets it look older than it is.
    let _ = lock.set_modified(SystemTime::now());
    Some(Held {
        place: place.to_owned(),
        _lock: lock,
    })
}

/// Names this boot; empty where the kernel does not say.
fn boot() -> String {
    fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default()
}

/// The folders in `folder`, the last used first.
pub(in super::super) fn all(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut found: Vec<_> = entries
        .filter(|entry| !is_unfinished(entry))
        .filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.path())))
        .collect();
    found.sort_by_key(|(used, _)| std::cmp::Reverse(*used));
    found.into_iter().map(|(_, path)| path).collect()
}

fn is_unfinished(entry: &fs::DirEntry) -> bool {
    entry.file_name().as_encoded_bytes().starts_with(b".")
}

/// Removes a folder unless a run uses it.
pub(in super::super) fn give_up(place: &Path) -> io::Result<bool> {
    let lock = File::open(place)?;
    if flock(&lock, FlockOperation::NonBlockingLockExclusive).is_err() {
        return Ok(false);
    }
    let folder = place.parent().unwrap_or(place);
    match Unfinished::begin(folder) {
        // Its drop removes both.
        Ok(away) => fs::rename(place, away.folder.join(GONE))?,
        Err(error) if is_disk_full(&error) => remove_in_place(place)?,
        Err(error) => return Err(error),
    }
    Ok(true)
}

/// Where there is no room for another folder. Should some of it stay, nobody believes it.
fn remove_in_place(place: &Path) -> io::Result<()> {
    match fs::remove_file(place.join(BOOT)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => remove(place),
    }
}

/// Locks `folder` itself: shared by who makes a folder in it, until that is locked, so that whoever has
/// it alone sees none that is not locked and yet somebody's.
fn watch(folder: &Path, operation: FlockOperation) -> io::Result<File> {
    let lock = File::open(folder)?;
    retry_on_intr(|| flock(&lock, operation))?;
    Ok(lock)
}

/// Removes what other runs left unfinished in `folder`, or were still removing when they ended; their
/// names.
pub(in super::super) fn sweep(folder: &Path) -> Vec<String> {
    let Ok(alone) = watch(folder, FlockOperation::LockExclusive) else {
        return Vec::new();
    };
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let is_folder = |entry: &fs::DirEntry| entry.file_type().is_ok_and(|kind| kind.is_dir());
    let unfinished = entries.filter(|entry| is_unfinished(entry) && is_folder(entry));
    let forsaken = unfinished.filter_map(|entry| {
        let lock = File::open(entry.path()).ok()?;
        let is_free = flock(&lock, FlockOperation::NonBlockingLockExclusive).is_ok();
        // It may have got to its place since, and be free there.
        let is_there =
            fs::symlink_metadata(entry.path()).ok()?.ino() == lock.metadata().ok()?.ino();
        (is_free && is_there).then_some((entry, lock))
    });
    let forsaken: Vec<_> = forsaken.collect();
    drop(alone);
    // What can't be removed is tried again by the next run.
    let removed = forsaken
        .into_iter()
        .filter(|(entry, _)| remove(&entry.path()).is_ok());
    removed
        .map(|(entry, _)| entry.file_name().to_string_lossy().into_owned())
        .collect()
}

/// Bytes that a folder takes on the disk. What can't be read counts as nothing.
pub(in super::super) fn size(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let sizes = entries.filter_map(|entry| {
        let about = entry.metadata().ok()?;
        Some(if about.is_dir() {
            size(&entry.path())
        } else {
            about.blocks() * 512
        })
    });
    sizes.sum()
}

#[cfg(test)]
mod tests {
    use rustix::mount::{MountFlags, mount};

    use super::super::super::inside::mounts::own_mounts;
    use super::*;

    fn make(place: &Path) -> Held {
        let made = Unfinished::begin(place.parent().expect("a folder")).expect("begun");
        fs::write(made.content().join("file"), "whole").expect("written");
        made.place(place).expect("placed")
    }

    #[test]
    fn what_another_boot_wrote_is_not_believed() {
        let base = tempfile::tempdir().expect("a folder");
        let place = base.path().join("one");
        drop(make(&place));
        assert!(hold(&place).is_some());
        fs::write(place.join(BOOT), "another").expect("written");
        assert!(hold(&place).is_none());
        assert!(!place.exists(), "it makes room for a new one");
        assert!(make(&place).content().join("file").is_file());
        assert_eq!(fs::read_dir(base.path()).expect("a folder").count(), 1);
    }

    #[test]
    fn what_a_killed_run_left_is_swept_away_and_nothing_else() {
        let base = tempfile::tempdir().expect("a folder");
        let held = make(&base.path().join("whole"));
        let used = Unfinished::begin(base.path()).expect("begun");
        let left = base.path().join(".left");
        let half_gone = base.path().join(".half-gone");
        for folder in [&left, &half_gone.join(GONE)] {
            fs::create_dir_all(folder.join(CONTENT)).expect("a folder");
        }
        let mut swept = sweep(base.path());
        swept.sort();
        assert_eq!(swept, [".half-gone", ".left"]);
        for there in [&used.folder, &held.place] {
            assert!(there.exists(), "{}", there.display());
        }
    }

    #[test]
    fn what_is_only_just_made_is_nobodys_to_sweep() {
        let base = tempfile::tempdir().expect("a folder");
        let made = std::sync::atomic::AtomicBool::new(false);
        std::thread::scope(|scope| {
            let sweeping = scope.spawn(|| {
                while !made.load(std::sync::atomic::Ordering::Relaxed) {
                    assert_eq!(sweep(base.path()), [""; 0]);
                }
            });
            let begin = || {
                for _ in 0..2000 {
                    drop(Unfinished::begin(base.path()).expect("begun"));
                }
            };
            let beside = scope.spawn(begin);
            begin();
            beside.join().expect("all were begun");
            made.store(true, std::sync::atomic::Ordering::Relaxed);
            sweeping.join().expect("nothing was swept away");
        });
    }

    #[test]
    fn what_is_given_up_goes_from_a_full_disk_as_root() {
        let base = tempfile::tempdir().expect("a folder");
        // The disk is there for this thread alone, and goes with it.
        let giving_up = std::thread::spawn(move || {
            own_mounts().expect("mounts");
            let options = c"nr_inodes=32";
            mount("tmpfs", base.path(), "tmpfs", MountFlags::empty(), options).expect("a disk");
            let place = base.path().join("one");
            drop(make(&place));
            let mut names = (0..).map(|number| base.path().join(format!("file-{number}")));
            while names.next().is_some_and(|name| fs::write(name, "").is_ok()) {}
            Unfinished::begin(base.path()).expect_err("no room");
            assert!(give_up(&place).expect("given up"));
            assert!(!place.exists());
        });
        giving_up.join().expect("no panic");
    }

    #[test]
    fn what_is_held_is_not_given_up() {
        let base = tempfile::tempdir().expect("a folder");
        let place = base.path().join("one");
        let held = make(&place);
        assert!(!give_up(&place).expect("tried"));
        drop(held);
        assert!(give_up(&place).expect("tried"));
        assert_eq!(fs::read_dir(base.path()).expect("a folder").count(), 0);
    }
}
