//! Walking the work tree on all cores. Nothing leads out of it: no link is followed, and what
//! vanishes meanwhile was never there.

use std::collections::VecDeque;
use std::io;
use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use rustix::fs::{AtFlags, Dir, DirEntry, FileType, statat};

use super::ignores::Ignores;
use crate::expr::glob::Roots;
use crate::repo::RepoError;
use crate::repo::index::Index;
use crate::repo::listing::to_path;
use crate::repo::plain_file::{is_gone, open_folder};

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
    pub(super) index: &'a Index,
    /// What else there is, is not looked at.
    pub(super) roots: &'a Roots,
}

/// A folder to be looked into.
struct Folder {
    /// Relative to the root.
    path: Vec<u8>,
    ignores: Arc<Ignores>,
    /// Untracked files in it do not count.
    only_tracked: bool,
    /// The roots hold it, and so all that is in it.
    is_held: bool,
}

impl Walk<'_> {
    /// Looks at everything that the roots hold.
    pub(super) fn run(&self, ignores: Arc<Ignores>) -> Result<Found, RepoError> {
        let queue = Queue::new(Folder {
            path: Vec::new(),
            ignores,
            only_tracked: false,
            is_held: self.roots.are_everything(),
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
        let mut among = self.index.below(&folder.path);
        let full = self.root.join(to_path(&folder.path));
        let entries = match entries(&full) {
            Ok(entries) => entries,
            Err(error) if is_gone(&error) => return Ok(()),
            // Git says so and goes on; what it tracks there must not be missing in a job.
            Err(_) if !folder.path.is_empty() && among.is_empty() => return Ok(()),
            Err(error) => return Err(RepoError::io("read", full)(error)),
        };
        let has = |name: &[u8]| {
            let found = entries.binary_search_by(|(entry, _)| name_of(entry).cmp(name));
            found.is_ok()
        };
        // Another repository within this one is left alone.
        let only_tracked = folder.only_tracked || !folder.path.is_empty() && has(b".git");
        let ignores = if !only_tracked && has(b".gitignore") {
            folder.ignores.within(self.root, &to_path(&folder.path))
        } else {
            Arc::clone(&folder.ignores)
        };
        let here = Folder {
            path: folder.path.clone(),
            ignores,
            only_tracked,
            is_held: folder.is_held,
        };
        for (entry, kind) in &entries {
            self.look_at(&here, name_of(entry), *kind, &mut among, queue, found);
        }
        Ok(())
    }

    fn look_at(
        &self,
        folder: &Folder,
        name: &[u8],
        kind: FileType,
        among: &mut Range<usize>,
        queue: &Queue,
        found: &mut Found,
    ) {
        if name == b".git" {
            return;
        }
        let path = || match folder.path.as_slice() {
            b"" => name.to_vec(),
            above => [above, b"/", name].concat(),
        };
        let is_held = folder.is_held || self.roots.hold(&path());
        let is_on_the_way = || kind.is_dir() && self.roots.lead_into(&path());
        if !is_held && !is_on_the_way() {
            return;
        }
        let behind = match folder.path.len() {
            0 => 0,
            length => length + 1,
        };
        if let Some(at) = self.index.find_next(name, among, behind)
            && (!kind.is_dir() || self.index.entry(at).is_submodule())
        {
            if kind.is_dir() || is_known_to_git(kind) {
                found.tracked.push(at);
            }
            return;
        }
        let path = path();
        let ignored = folder.only_tracked || folder.ignores.ignore(&to_path(&path), kind.is_dir());
        if kind.is_dir() {
            if !ignored || !self.index.below(&path).is_empty() {
                queue.put(Folder {
                    path,
                    ignores: Arc::clone(&folder.ignores),
                    only_tracked: ignored,
                    is_held,
                });
            }
        } else if !ignored && is_known_to_git(kind) {
            found.untracked.push(path);
        }
    }
}

/// What is in a folder, sorted by name, and what kind of thing each is. What vanishes meanwhile is
/// left out.
fn entries(folder: &Path) -> io::Result<Vec<(DirEntry, FileType)>> {
    let mut dir = Dir::new(open_folder(folder)?)?;
    let mut entries = Vec::new();
    while let Some(entry) = dir.read() {
        let entry = entry?;
        let kind = match entry.file_type() {
            // Not every file system tells.
            FileType::Unknown => {
                let about = statat(dir.fd()?, entry.file_name(), AtFlags::SYMLINK_NOFOLLOW);
                let Ok(about) = about else { continue };
                FileType::from_raw_mode(about.st_mode)
            }
            kind => kind,
        };
        if !matches!(name_of(&entry), b"." | b"..") {
            entries.push((entry, kind));
        }
    }
    entries.sort_unstable_by(|(a, _), (b, _)| name_of(a).cmp(name_of(b)));
    Ok(entries)
}

fn name_of(entry: &DirEntry) -> &[u8] {
    entry.file_name().to_bytes()
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
    /// Workers with nothing to do.
    idle: usize,
}

impl Queue {
    fn new(first: Folder) -> Self {
        Self {
            state: Mutex::new(State {
                waiting: VecDeque::from([first]),
                under_way: 0,
                idle: 0,
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
            state.idle += 1;
            let woken = self.changed.wait(state);
            state = woken.unwrap_or_else(PoisonError::into_inner);
            state.idle -= 1;
        }
    }

    fn put(&self, folder: Folder) {
        let mut state = self.lock();
        state.waiting.push_back(folder);
        if state.idle > 0 {
            self.changed.notify_one();
        }
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
