//! Walking the work tree on all cores. Nothing leads out of it: no link is followed, and what
//! vanishes meanwhile was never there.

use std::collections::VecDeque;
use std::fs::{self, DirEntry, FileType};
use std::io;
use std::ops::Range;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use super::ignores::Ignores;
use super::index::Tracked;
use crate::repo::RepoError;
use crate::repo::listing::to_path;
use crate::repo::plain_file::is_gone;

/// What there is besides ignored files and what git does not know, such as sockets.
#[derive(Default)]
pub(super) struct Found {
    /// The places of entries of the index that are there.
    pub(super) tracked: Vec<usize>,
    pub(super) untracked: Vec<Vec<u8>>,
}

/// What a walk needs.
pub(super) struct Walk<'a> {
    pub(super) root: &'a Path,
    pub(super) tracked: &'a Tracked,
}

/// A folder to be looked into.
struct Folder {
    /// Relative to the root.
    path: Vec<u8>,
    ignores: Arc<Ignores>,
    /// Untracked files in it do not count.
    only_tracked: bool,
}

impl Walk<'_> {
    /// Looks at everything.
    pub(super) fn run(&self, ignores: Arc<Ignores>) -> Result<Found, RepoError> {
        let queue = Queue::new(Folder {
            path: Vec::new(),
            ignores,
            only_tracked: false,
        });
        let threads = threads();
        let parts: Vec<_> = thread::scope(|scope| {
            let work = || scope.spawn(|| self.work(&queue));
            let workers: Vec<_> = (0..threads).map(|_| work()).collect();
            let ended = workers.into_iter().map(|worker| {
                let ended = worker.join();
                ended.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            });
            ended.collect()
        });
        let mut all = Found::default();
        for part in parts {
            let part = part?;
            all.tracked.extend(part.tracked);
            all.untracked.extend(part.untracked);
        }
        Ok(all)
    }

    fn work(&self, queue: &Queue) -> Result<Found, RepoError> {
        let mut found = Found::default();
        while let Some(folder) = queue.take() {
            let looked = self.look_into(&folder, queue, &mut found);
            queue.done();
            if let Err(error) = looked {
                queue.give_up();
                return Err(error);
            }
        }
        Ok(found)
    }

    fn look_into(
        &self,
        folder: &Folder,
        queue: &Queue,
        found: &mut Found,
    ) -> Result<(), RepoError> {
        let full = self.root.join(to_path(&folder.path));
        let entries = match fs::read_dir(&full).and_then(Iterator::collect::<io::Result<Vec<_>>>) {
            Ok(entries) => entries,
            Err(error) if is_gone(&error) => return Ok(()),
            // Git says so and goes on; what it tracks there must not be missing in a job.
            Err(_) if !folder.path.is_empty() && !self.tracked.has_below(&folder.path) => {
                return Ok(());
            }
            Err(error) => return Err(RepoError::io("read", full)(error)),
        };
        let has = |name: &str| entries.iter().any(|entry| entry.file_name() == name);
        // Another repository within this one is left alone.
        let only_tracked = folder.only_tracked || !folder.path.is_empty() && has(".git");
        let ignores = if !only_tracked && has(".gitignore") {
            folder.ignores.within(self.root, &to_path(&folder.path))
        } else {
            Arc::clone(&folder.ignores)
        };
        let here = Folder {
            path: folder.path.clone(),
            ignores,
            only_tracked,
        };
        let among = self.tracked.below(&here.path);
        for entry in entries {
            self.look_at(&here, &entry, &among, queue, found);
        }
        Ok(())
    }

    fn look_at(
        &self,
        folder: &Folder,
        entry: &DirEntry,
        among: &Range<usize>,
        queue: &Queue,
        found: &mut Found,
    ) {
        let name = entry.file_name();
        if name == ".git" {
            return;
        }
        let Ok(kind) = entry.file_type() else {
            return;
        };
        let path = match folder.path.as_slice() {
            b"" => name.as_bytes().to_vec(),
            above => [above, b"/", name.as_bytes()].concat(),
        };
        if let Some(at) = self.tracked.find(&path, among)
            && (self.is_submodule(at) || !kind.is_dir())
        {
            if kind.is_dir() || is_known_to_git(kind) {
                found.tracked.push(at);
            }
            return;
        }
        let ignored = folder.only_tracked || folder.ignores.ignore(&to_path(&path), kind.is_dir());
        if kind.is_dir() {
            if !ignored || self.tracked.has_below(&path) {
                queue.put(Folder {
                    path,
                    ignores: Arc::clone(&folder.ignores),
                    only_tracked: ignored,
                });
            }
        } else if !ignored && is_known_to_git(kind) {
            found.untracked.push(path);
        }
    }

    fn is_submodule(&self, at: usize) -> bool {
        self.tracked.entries[at].mode == 0o160_000
    }
}

/// How many look at the work tree side by side: more do not help a disk.
pub(super) fn threads() -> usize {
    thread::available_parallelism().map_or(1, |n| n.get().min(8))
}

/// Sockets, pipes and devices are nothing to git.
fn is_known_to_git(kind: FileType) -> bool {
    kind.is_file() || kind.is_symlink()
}

/// Folders that wait, and how many are under way.
struct Queue {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    waiting: VecDeque<Folder>,
    under_way: usize,
}

impl Queue {
    fn new(first: Folder) -> Self {
        Self {
            state: Mutex::new(State {
                waiting: VecDeque::from([first]),
                under_way: 0,
            }),
            changed: Condvar::new(),
        }
    }

    /// The next folder; `None` when there will be none.
    fn take(&self) -> Option<Folder> {
        let mut state = self.lock();
        loop {
            // The newest first: the queue stays short.
            if let Some(folder) = state.waiting.pop_back() {
                state.under_way += 1;
                return Some(folder);
            }
            if state.under_way == 0 {
                return None;
            }
            let woken = self.changed.wait(state);
            state = woken.unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn put(&self, folder: Folder) {
        self.lock().waiting.push_back(folder);
        self.changed.notify_one();
    }

    fn done(&self) {
        let mut state = self.lock();
        state.under_way -= 1;
        if state.under_way == 0 && state.waiting.is_empty() {
            self.changed.notify_all();
        }
    }

    fn give_up(&self) {
        self.lock().waiting.clear();
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
