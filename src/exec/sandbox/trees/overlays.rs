//! Overlays of a run: trees whose layers jobs share, with a place of their own for what a job writes.
//! One to which nothing was written is as new for the next job, which saves making it anew.
//!
//! Only where `pipe` is root: its overlays belong to no sandbox.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::super::super::file_work::in_place;
use super::super::step::{Marks, Step};
use crate::remove::remove;

/// Entries of an overlay that are looked at to see whether a job has written to it, at most: what is
/// made before it begins is far less.
const MOST_ENTRIES: usize = 64;

/// Bytes of such a file, at most.
const MOST_BYTES: u64 = 16 * 1024;

/// What an overlay is made of. Two of the same are the same to a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Layered {
    /// The lowest last.
    pub(in super::super) lower: Vec<PathBuf>,
    pub(in super::super) marks: Marks,
    /// What is put into the trees of its sandbox before a program is started.
    pub(in super::super) given: Arc<[Step]>,
}

/// The overlays of one run.
#[derive(Debug)]
pub(in super::super) struct Overlays {
    /// Where they are; made when the first comes, and goes with the run.
    folder: PathBuf,
    next: AtomicUsize,
    /// Those that no job has.
    free: Mutex<Vec<Overlay>>,
}

/// An overlay: the folder of what is written, and of the place where it is mounted.
#[derive(Debug)]
struct Overlay {
    folder: PathBuf,
    layered: Layered,
    /// How what holds its changes was before a program could make any; `None` where that can't be
    /// told.
    untouched: Option<Vec<Entry>>,
}

/// An entry of what is written, whose differences show that it was. Clocks of file systems tick
/// slowly, so that times alone would not do.
#[derive(Debug, PartialEq, Eq)]
struct Entry {
    path: PathBuf,
    number: u64,
    mode: u32,
    owner: (u32, u32),
    modified: (i64, i64),
    changed: (i64, i64),
    /// That of a file.
    content: Vec<u8>,
}

impl Overlays {
    /// Those of one run, in that folder.
    pub(in super::super) fn new(folder: PathBuf) -> Self {
        Self {
            folder,
            next: AtomicUsize::new(0),
            free: Mutex::default(),
        }
    }

    /// One to which nobody has written. Blocks.
    fn take(&self, layered: Layered) -> io::Result<Overlay> {
        let known = {
            // The list is whole at any moment, even if another thread came to grief.
            let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
            let known = free.iter().rposition(|it| it.layered == layered);
            known.map(|number| free.swap_remove(number))
        };
        if let Some(overlay) = known {
            return Ok(overlay);
        }
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let folder = self.folder.join(number.to_string());
        for place in [upper(&folder), work(&folder), mounted(&folder)] {
            fs::create_dir_all(place)?;
        }
        Ok(Overlay {
            folder,
            layered,
            untouched: None,
        })
    }

    /// Takes back that of a job that has ended. Blocks.
    fn give_back(&self, overlay: Overlay) {
        if overlay.untouched.is_some() && overlay.entries() == overlay.untouched {
            let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
            free.push(overlay);
        } else {
            discard(&overlay);
        }
    }

    /// Removes those that no job has, and their folder if there are no others. Blocks.
    pub(in super::super) fn release(&self) -> io::Result<()> {
        let free = {
            let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::take(&mut *free)
        };
        for overlay in free {
            remove(&overlay.folder)?;
        }
        match fs::remove_dir(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => Ok(()),
            done => done,
        }
    }
}

/// Overlays that sandboxes have. They are removed where they are not given back: a sandbox that
/// nobody saw the end of may still write to them.
#[derive(Debug)]
pub(in super::super) struct Held {
    overlays: Vec<Overlay>,
    of: Arc<Overlays>,
}

impl Held {
    /// None yet.
    pub(in super::super) fn none(of: &Arc<Overlays>) -> Self {
        Self {
            overlays: Vec::new(),
            of: Arc::clone(of),
        }
    }

    /// Takes one for each that is wanted. Blocks.
    pub(in super::super) fn take(&mut self, wanted: Vec<Layered>) -> io::Result<()> {
        for layered in wanted {
            self.overlays.push(self.of.take(layered)?);
        }
        Ok(())
    }

    /// Takes over those of another.
    pub(in super::super) fn append(&mut self, mut other: Self) {
        self.overlays.append(&mut other.overlays);
    }

    /// Gives them back, where their sandboxes have ended. Blocks.
    pub(in super::super) fn give_back(mut self) {
        for overlay in std::mem::take(&mut self.overlays) {
            self.of.give_back(overlay);
        }
    }

    /// All of them; none are left.
    pub(in super::super) fn take_all(&mut self) -> Self {
        Self {
            overlays: std::mem::take(&mut self.overlays),
            of: Arc::clone(&self.of),
        }
    }

    /// Their folders, in their order.
    pub(in super::super) fn folders(&self) -> Vec<PathBuf> {
        self.overlays.iter().map(|it| it.folder.clone()).collect()
    }

    /// Notes how they are when their sandbox is made and no program has begun. Blocks.
    pub(in super::super) fn made(&mut self) {
        self.overlays.iter_mut().for_each(Overlay::made);
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if !self.overlays.is_empty() {
            in_place(|| self.overlays.drain(..).for_each(|it| discard(&it)));
        }
    }
}

/// What can't be removed now goes with the run, or with what is taken away after it.
fn discard(overlay: &Overlay) {
    let _ = remove(&overlay.folder);
}

impl Overlay {
    fn made(&mut self) {
        if self.untouched.is_none() {
            self.untouched = self.entries();
        }
    }

    /// All that is written, the top folder first; `None` where that is much or of another kind than
    /// what sandboxes begin with.
    fn entries(&self) -> Option<Vec<Entry>> {
        let top = upper(&self.folder);
        let mut entries = vec![Entry::of(top)?];
        let mut next = 0;
        while let Some(entry) = entries.get(next) {
            next += 1;
            if entry.is_folder() {
                for inner in fs::read_dir(&entry.path).ok()? {
                    entries.push(Entry::of(inner.ok()?.path())?);
                }
            }
            if entries.len() > MOST_ENTRIES {
                return None;
            }
        }
        Some(entries)
    }
}

impl Entry {
    fn of(path: PathBuf) -> Option<Self> {
        let about = path.symlink_metadata().ok()?;
        let content = match about.file_type() {
            kind if kind.is_dir() => Vec::new(),
            kind if kind.is_file() && about.len() <= MOST_BYTES => fs::read(&path).ok()?,
            _ => return None,
        };
        Some(Self {
            path,
            number: about.ino(),
            mode: about.mode(),
            owner: (about.uid(), about.gid()),
            modified: (about.mtime(), about.mtime_nsec()),
            changed: (about.ctime(), about.ctime_nsec()),
            content,
        })
    }

    fn is_folder(&self) -> bool {
        self.mode & libc::S_IFMT == libc::S_IFDIR
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
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::thread::sleep;
    use std::time::Duration;

    use super::*;

    fn layered(lower: &str) -> Layered {
        Layered {
            lower: vec![lower.into()],
            marks: Marks::Root,
            given: Arc::new([]),
        }
    }

    /// Takes one, in which a file and a folder are put before its job begins.
    fn take(overlays: &Overlays, lower: &str) -> Overlay {
        let mut overlay = overlays.take(layered(lower)).expect("an overlay");
        let hosts = upper(&overlay.folder).join("etc/hosts");
        if !hosts.exists() {
            fs::create_dir(upper(&overlay.folder).join("etc")).expect("made");
            fs::write(hosts, "localhost").expect("written");
        }
        overlay.made();
        // Longer than the clock of the file system ticks.
        sleep(Duration::from_millis(20));
        overlay
    }

    #[test]
    fn one_that_nobody_wrote_to_is_as_new_for_what_is_made_of_the_same() {
        let base = tempfile::tempdir().expect("a folder");
        let overlays = Overlays::new(base.path().join("overlays"));
        let one = take(&overlays, "/usr");
        let (first, other) = (one.folder.clone(), take(&overlays, "/usr"));
        assert_ne!(first, other.folder, "each has its own");
        overlays.give_back(one);
        let different = take(&overlays, "/opt");
        assert_ne!(different.folder, first);
        assert_eq!(take(&overlays, "/usr").folder, first);
    }

    #[test]
    fn one_that_a_job_wrote_to_is_gone() {
        type Change = fn(&Path);
        let cases: [(&str, Change); 8] = [
            ("a file", |at| fs::write(at.join("file"), "").expect("done")),
            ("a file in a folder", |at| {
                fs::write(at.join("etc/file"), "").expect("done");
            }),
            ("a link", |at| symlink("/", at.join("link")).expect("done")),
            ("a text of the same length", |at| {
                fs::write(at.join("etc/hosts"), "lacalhost").expect("done");
            }),
            ("the same text", |at| {
                fs::write(at.join("etc/hosts"), "localhost").expect("done");
            }),
            ("a mode", |at| {
                let mode = fs::Permissions::from_mode(0o700);
                fs::set_permissions(at, mode).expect("done");
            }),
            ("what came and went", |at| {
                fs::create_dir(at.join("new")).expect("made");
                fs::remove_dir(at.join("new")).expect("gone");
            }),
            ("what is gone", |at| {
                fs::remove_file(at.join("etc/hosts")).expect("gone");
            }),
        ];
        let base = tempfile::tempdir().expect("a folder");
        let overlays = Overlays::new(base.path().join("overlays"));
        for (what, change) in cases {
            let overlay = take(&overlays, "/usr");
            let folder = overlay.folder.clone();
            change(&upper(&folder));
            overlays.give_back(overlay);
            assert!(!folder.exists(), "{what}");
        }
    }

    #[test]
    fn what_is_not_given_back_serves_nobody_else() {
        let base = tempfile::tempdir().expect("a folder");
        let overlays = Arc::new(Overlays::new(base.path().join("overlays")));
        let take = || {
            let mut held = Held::none(&overlays);
            held.take(vec![layered("/usr")]).expect("an overlay");
            held.made();
            let folder = held.folders().remove(0);
            (held, folder)
        };
        let (held, dropped) = take();
        drop(held);
        assert!(!dropped.exists());
        let (held, given) = take();
        held.give_back();
        let (_kept, again) = take();
        assert_eq!(again, given);
    }

    #[test]
    fn one_that_holds_much_is_not_looked_through() {
        let base = tempfile::tempdir().expect("a folder");
        let overlays = Overlays::new(base.path().join("overlays"));
        let mut overlay = overlays.take(layered("/usr")).expect("an overlay");
        for number in 0..=MOST_ENTRIES {
            fs::write(upper(&overlay.folder).join(number.to_string()), "").expect("written");
        }
        overlay.made();
        let folder = overlay.folder.clone();
        overlays.give_back(overlay);
        assert!(!folder.exists());
    }
}
