//! Overlays of a run: trees whose layers jobs share, with a place of their own for what a job writes.
//! One to which nothing was written is as new for the next job, which saves making it anew.
//!
//! Only where `pipe` is root: its overlays belong to no sandbox.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use super::super::step::{Marks, Step};
use super::entries::{Entry, entries};
use crate::remove::remove;
pub(in super::super) use held::Held;

mod held;

/// Threads that remove overlays at the end of a run.
const REMOVERS: usize = 8;

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
    /// Made when the first comes, and goes with the run.
    folder: PathBuf,
    next: AtomicUsize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Those that no job has.
    free: Vec<Overlay>,
    /// How many jobs are still to come; `None` where nobody has told.
    to_come: Option<usize>,
}

/// An overlay: the folder of what is written. The process that makes sandboxes has it mounted over that,
/// where nobody else sees it.
#[derive(Debug)]
struct Overlay {
    folder: PathBuf,
    layered: Layered,
    /// How what holds its changes was before a program could make any; `None` where that can't be
    /// told.
    untouched: Option<Vec<Entry>>,
}

impl Overlays {
    /// Those of one run, in that folder.
    pub(in super::super) fn new(folder: PathBuf) -> Self {
        Self {
            folder,
            next: AtomicUsize::new(0),
            state: Mutex::default(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // It is whole at any moment, even if another thread came to grief.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// So many jobs more may come: what none of them needs is removed while others run.
    pub(in super::super) fn expect(&self, jobs: usize) {
        let to_come = &mut self.state().to_come;
        *to_come = Some(to_come.unwrap_or(0) + jobs);
    }

    /// One of the jobs that were to come is there.
    pub(in super::super) fn comes(&self) {
        if let Some(to_come) = &mut self.state().to_come {
            *to_come = to_come.saturating_sub(1);
        }
    }

    /// Whether no more jobs are to come.
    fn is_last(&self) -> bool {
        self.state().to_come == Some(0)
    }

    /// One that is there and to which nobody has written.
    fn take_free(&self, layered: &Layered) -> Option<Overlay> {
        let free = &mut self.state().free;
        let known = free.iter().rposition(|it| it.layered == *layered)?;
        Some(free.swap_remove(known))
    }

    /// One to which nobody has written. Blocks.
    fn take(&self, layered: Layered) -> io::Result<Overlay> {
        if let Some(overlay) = self.take_free(&layered) {
            return Ok(overlay);
        }
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let folder = self.folder.join(number.to_string());
        make_places([upper(&folder), work(&folder)])?;
        Ok(Overlay {
            folder,
            layered,
            untouched: None,
        })
    }

    /// Takes back that of a job that has ended. Blocks.
    fn give_back(&self, overlay: Overlay) {
        if self.state().wants(&overlay)
            && overlay.untouched.is_some()
            && written(&overlay) == overlay.untouched
        {
            self.state().free.push(overlay);
        } else {
            discard(&overlay);
        }
    }

    /// Removes those that no job has, and their folder if there are no others. Blocks.
    pub(in super::super) fn release(&self) -> io::Result<()> {
        let free = std::mem::take(&mut self.state().free);
        remove_all(&free)?;
        match fs::remove_dir(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => Ok(()),
            done => done,
        }
    }
}

impl State {
    /// Whether a job that is still to come may need one more of the kind.
    fn wants(&self, overlay: &Overlay) -> bool {
        let has = self.free.iter().filter(|it| it.layered == overlay.layered);
        self.to_come.is_none_or(|to_come| has.count() < to_come)
    }
}

/// Removes them, in several threads where there are several: the end of the run waits for it, and each
/// folder less may wait for the disk.
fn remove_all(overlays: &[Overlay]) -> io::Result<()> {
    let removing = |some: &[Overlay]| some.iter().try_for_each(|it| remove(&it.folder));
    let mut parts = overlays.chunks(overlays.len().div_ceil(REMOVERS).max(1));
    let own = parts.next().unwrap_or_default();
    thread::scope(|scope| {
        let begin = |some| thread::Builder::new().spawn_scoped(scope, move || removing(some));
        let beside: Vec<_> = parts.map(|some| (some, begin(some))).collect();
        beside
            .into_iter()
            .fold(removing(own), |removed, (some, thread)| {
                let beside = thread.map_or_else(
                    |_| removing(some),
                    |thread| {
                        thread
                            .join()
                            .unwrap_or_else(|_| Err(io::ErrorKind::Other.into()))
                    },
                );
                removed.and(beside)
            })
    })
}

fn discard(overlay: &Overlay) {
    // What can't be removed now goes with the run, or with what is taken away after it.
    let _ = remove(&overlay.folder);
}

/// How what holds its changes is now.
fn written(overlay: &Overlay) -> Option<Vec<Entry>> {
    entries(upper(&overlay.folder))
}

impl Overlay {
    fn note(&mut self) {
        if self.untouched.is_none() {
            self.untouched = written(self);
        }
    }
}

/// Makes folders in which overlays are written. How one of them looks, so does the top of its tree: all
/// may enter it, whatever the mask of this process.
pub(in super::super) fn make_places(places: impl IntoIterator<Item = PathBuf>) -> io::Result<()> {
    for place in places {
        fs::create_dir_all(&place)?;
        fs::set_permissions(place, fs::Permissions::from_mode(0o755))?;
    }
    Ok(())
}

/// What is written.
pub(in super::super) fn upper(folder: &Path) -> PathBuf {
    folder.join("upper")
}

/// What the kernel needs beside it.
pub(in super::super) fn work(folder: &Path) -> PathBuf {
    folder.join("work")
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;
    use std::thread::sleep;
    use std::time::Duration;

    use super::super::entries::MOST_ENTRIES;
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
        overlay.note();
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
    fn one_that_no_job_will_need_is_removed_at_once() {
        let base = tempfile::tempdir().expect("a folder");
        let overlays = Overlays::new(base.path().join("overlays"));
        overlays.expect(2);
        let [one, other] = [(); 2].map(|()| {
            overlays.comes();
            take(&overlays, "/usr")
        });
        let folder = one.folder.clone();
        overlays.give_back(one);
        assert!(!folder.exists());
        overlays.expect(1);
        let folder = other.folder.clone();
        overlays.give_back(other);
        assert!(folder.exists(), "one more is to come");
        let second = take(&overlays, "/opt");
        let kept = second.folder.clone();
        overlays.give_back(second);
        assert!(kept.exists(), "it may need one of each kind");
    }

    #[test]
    fn what_is_not_given_back_serves_nobody_else() {
        let base = tempfile::tempdir().expect("a folder");
        let overlays = Arc::new(Overlays::new(base.path().join("overlays")));
        let take = || {
            let mut held = Held::none(&overlays);
            held.take(vec![layered("/usr")]).expect("an overlay");
            held.note();
            let folder = held.folders().remove(0);
            (held, folder)
        };
        let (held, dropped) = take();
        drop(held);
        assert!(!dropped.exists());
        let (held, given) = take();
        held.give_back();
        let mut held = Held::none(&overlays);
        assert!(!held.take_free(&[layered("/usr"), layered("/opt")]) && held.folders().is_empty());
        assert!(held.take_free(&[layered("/usr")]) && held.is_noted());
        held.take(vec![layered("/opt")]).expect("one more");
        assert!(!held.is_noted());
        overlays.expect(0);
        assert!(held.is_noted(), "nobody will ask");
        overlays.expect(1);
        held.note();
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
        overlay.note();
        let folder = overlay.folder.clone();
        overlays.give_back(overlay);
        assert!(!folder.exists());
    }
}
