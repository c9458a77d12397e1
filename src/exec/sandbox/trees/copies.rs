//! Copies of this machine's trees, for jobs that may write to them: a copy comes about as a job
//! writes, and one that no job has written to is as new for the next.
//!
//! Only where `pipe` is root: its overlays belong to no sandbox.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::remove::remove;

/// The copies of one run.
#[derive(Debug)]
pub(in super::super) struct Copies {
    /// Where they are; made when the first comes, and goes with the run.
    folder: PathBuf,
    next: AtomicUsize,
    /// Those that no job has, by their tree.
    free: Mutex<HashMap<PathBuf, Vec<TreeCopy>>>,
}

/// A copy of a tree.
#[derive(Debug)]
pub(in super::super) struct TreeCopy {
    /// Holds what is written, and the place where the copy is mounted.
    pub(in super::super) folder: PathBuf,
    tree: PathBuf,
    /// How what holds its changes was before a job could make any; `None` where there were some.
    untouched: Option<State>,
}

/// What shows that nothing was written: a folder without entries, and its times. Clocks of file
/// systems tick slowly, so that times alone would not do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct State {
    changed: (i64, i64),
    mode: u32,
    owner: (u32, u32),
}

impl Copies {
    /// Those of one run, in that folder.
    pub(in super::super) fn new(folder: PathBuf) -> Self {
        Self {
            folder,
            next: AtomicUsize::new(0),
            free: Mutex::default(),
        }
    }

    /// A copy that nobody has written to. Blocks.
    pub(in super::super) fn take(&self, tree: &Path) -> io::Result<TreeCopy> {
        let known = {
            // The map is whole at any moment, even if another thread came to grief.
            let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
            free.get_mut(tree).and_then(Vec::pop)
        };
        if let Some(copy) = known {
            return Ok(copy);
        }
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let folder = self.folder.join(number.to_string());
        for place in [upper(&folder), work(&folder), mounted(&folder)] {
            fs::create_dir_all(place)?;
        }
        Ok(TreeCopy {
            folder,
            tree: tree.to_owned(),
            untouched: None,
        })
    }

    /// Takes back the copy of a job that has ended. Blocks.
    pub(in super::super) fn give_back(&self, copy: TreeCopy) {
        let now = copy.state().ok().flatten();
        let is_as_new = now.is_some() && now == copy.untouched;
        if is_as_new {
            let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
            free.entry(copy.tree.clone()).or_default().push(copy);
        } else {
            // What is left goes with the run.
            let _ = remove(&copy.folder);
        }
    }
}

impl TreeCopy {
    /// Notes how it is when it is mounted and no job has begun.
    pub(in super::super) fn mounted(&mut self) {
        self.untouched = self.state().ok().flatten();
    }

    /// Whatever is written, and whatever is done to the top folder itself, shows there. `None` where
    /// something is.
    fn state(&self) -> io::Result<Option<State>> {
        let upper = upper(&self.folder);
        if fs::read_dir(&upper)?.next().is_some() {
            return Ok(None);
        }
        let about = upper.metadata()?;
        Ok(Some(State {
            changed: (about.ctime(), about.ctime_nsec()),
            mode: about.mode(),
            owner: (about.uid(), about.gid()),
        }))
    }
}

/// What is written.
pub(in super::super) fn upper(folder: &Path) -> PathBuf {
    folder.join("upper")
}

/// What the kernel needs beside it.
pub(in super::super) fn work(folder: &Path) -> PathBuf {
    folder.join("work")
}

/// Where it is mounted, for the process that makes sandboxes alone.
pub(in super::super) fn mounted(folder: &Path) -> PathBuf {
    folder.join("mounted")
}

#[cfg(test)]
mod tests {
    use std::thread::sleep;
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_copy_that_was_written_to_is_no_copy_any_more() {
        let base = tempfile::tempdir().expect("a folder");
        let copies = Copies::new(base.path().join("copies"));
        let take = || {
            let mut copy = copies.take(Path::new("/usr")).expect("a copy");
            copy.mounted();
            // Longer than the clock of the file system ticks.
            sleep(Duration::from_millis(20));
            copy
        };
        let one = take();
        let (first, other) = (one.folder.clone(), take());
        assert_ne!(first, other.folder, "each has its own");
        copies.give_back(one);
        let again = take();
        assert_eq!(again.folder, first, "nobody has written to it");
        fs::write(upper(&first).join("file"), "").expect("written");
        copies.give_back(again);
        assert!(!first.exists());
        fs::remove_dir(upper(&other.folder).join("none")).expect_err("not there");
        let changed = other.folder.clone();
        fs::create_dir(upper(&changed).join("new")).expect("made");
        fs::remove_dir(upper(&changed).join("new")).expect("gone again");
        copies.give_back(other);
        assert!(!changed.exists(), "what came and went shows too");
        assert!(!take().folder.starts_with(&first));
    }
}
