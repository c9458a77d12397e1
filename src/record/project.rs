//! The runs of one project.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::caches::Caches;
use super::folder::{is_locked, lock, make, size, write_atomic};
use super::{LiveRun, RecordError, State, counter};

/// Name of the file that says where a record's checkout is.
const CHECKOUT: &str = "checkout";

/// How long runs are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keep {
    /// The newest so many.
    pub count: usize,
    /// And of those, no older ones.
    pub age: Duration,
}

impl Default for Keep {
    fn default() -> Self {
        Self {
            count: 20,
            age: Duration::from_secs(30 * 24 * 60 * 60),
        }
    }
}

/// The record of one project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectRecord {
    pub(super) state: State,
    folder: PathBuf,
    /// The folder that its worktrees share; not known of a record that was only found.
    checkout: Option<PathBuf>,
}

impl ProjectRecord {
    pub(super) fn new(state: State, folder: PathBuf) -> Self {
        Self {
            state,
            folder,
            checkout: None,
        }
    }

    pub(super) fn of_checkout(self, common_dir: &Path) -> Self {
        Self {
            checkout: Some(common_dir.to_owned()),
            ..self
        }
    }

    /// The project's folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The caches of its jobs.
    pub fn caches(&self) -> Caches {
        Caches::new(self.folder.join("caches"))
    }

    /// The number of one more pipeline: `CI_PIPELINE_IID`.
    pub fn take_iid(&self) -> Result<u64, RecordError> {
        counter::take(&self.folder, "iid", 1).map(|numbers| numbers.start)
    }

    /// Begins a run at `now`. It lives until what is returned is dropped or the process ends.
    pub fn begin(&self, now: Timestamp) -> Result<LiveRun, RecordError> {
        self.begin_as("", now)
    }

    /// The same for a shell, of which there is no record: nobody finds its folder among the runs,
    /// and where it could not go at its end it goes with what else is left half made.
    pub fn begin_shell(&self, now: Timestamp) -> Result<LiveRun, RecordError> {
        self.begin_as("shell-", now)
    }

    fn begin_as(&self, kind: &str, now: Timestamp) -> Result<LiveRun, RecordError> {
        let pipeline_id = self.state.take_pipeline_id()?;
        let iid = self.take_iid()?;
        let runs = self.runs();
        make(&runs)?;
        self.remember_checkout()?;
        LiveRun::create(&runs, kind, now, pipeline_id, iid)
    }

    /// The folders of all runs by id, oldest first.
    pub(super) fn folders(&self) -> Vec<(String, PathBuf)> {
        let Ok(entries) = fs::read_dir(self.runs()) else {
            return Vec::new();
        };
        let mut folders: Vec<_> = entries
            .flatten()
            .filter_map(|entry| {
                let id = entry.file_name().into_string().ok()?;
                begun_at(&id).map(|_| (id, entry.path()))
            })
            .collect();
        folders.sort();
        folders
    }

    /// Removes runs that are not to be kept, and what a crash left half made. Returns the ids of
    /// the removed runs. A run that lives stays.
    pub fn prune(&self, keep: Keep, now: Timestamp) -> Result<Vec<String>, RecordError> {
        self.remove_leftovers();
        let age = SignedDuration::try_from(keep.age).unwrap_or(SignedDuration::MAX);
        let oldest = now.checked_sub(age).unwrap_or(Timestamp::MIN);
        let mut removed = Vec::new();
        for (place, (id, path)) in self.folders().into_iter().rev().enumerate() {
            let old = begun_at(&id).is_some_and(|at| at < oldest);
            if (place >= keep.count || old) && !is_locked(&path.join("lock")) {
                remove(&path)?;
                removed.push(id);
            }
        }
        Ok(removed)
    }

    /// Where the checkout is, or was; its git folder as it was when the last run began.
    pub fn place(&self) -> Option<PathBuf> {
        let path = fs::read(self.folder.join(CHECKOUT)).ok()?;
        let path = PathBuf::from(OsStr::from_bytes(&path));
        let is_git = path.file_name().is_some_and(|name| name == ".git");
        Some(match path.parent() {
            Some(parent) if is_git => parent.to_owned(),
            _ => path,
        })
    }

    /// How many runs there are, and how many of them live.
    pub fn count(&self) -> (usize, usize) {
        let folders = self.folders();
        let alive = |(_, folder): &&(String, PathBuf)| is_locked(&folder.join("lock"));
        (folders.len(), folders.iter().filter(alive).count())
    }

    /// What its runs take on disk, in bytes.
    pub fn runs_size(&self) -> u64 {
        size(&self.runs())
    }

    /// What its caches take on disk, in bytes.
    pub fn caches_size(&self) -> u64 {
        size(&self.folder.join("caches"))
    }

    /// Removes all runs but those that live; how many.
    pub fn remove_runs(&self) -> Result<usize, RecordError> {
        let none = Keep {
            count: 0,
            ..Keep::default()
        };
        Ok(self.prune(none, Timestamp::now())?.len())
    }

    /// Removes the caches, unless a run lives that may use them; whether it did.
    pub fn remove_caches(&self) -> Result<bool, RecordError> {
        let guard = self.folder.join("iid.lock");
        // A run that begins holds this lock.
        let Ok(_held) = lock(&guard, false) else {
            return Ok(false);
        };
        let caches = self.folder.join("caches");
        if self.count().1 > 0 {
            return Ok(false);
        }
        match remove(&caches) {
            Err(error) if error.source.kind() == io::ErrorKind::NotFound => Ok(true),
            removed => removed.map(|()| true),
        }
    }

    /// Says where the checkout is, so that its record can go when it is gone.
    fn remember_checkout(&self) -> Result<(), RecordError> {
        match &self.checkout {
            Some(checkout) => write_atomic(
                &self.folder.join(CHECKOUT),
                checkout.as_os_str().as_encoded_bytes(),
            ),
            None => Ok(()),
        }
    }

    fn checkout_is_there(&self) -> bool {
        fs::read(self.folder.join(CHECKOUT))
            .is_ok_and(|path| Path::new(OsStr::from_bytes(&path)).exists())
    }

    /// Prunes the record, and removes it where nobody is left to ask for it.
    pub(super) fn prune_forgotten(&self, keep: Keep, now: Timestamp) -> Result<(), RecordError> {
        self.prune(keep, now)?;
        let guard = self.folder.join("iid.lock");
        // A run that begins holds this lock.
        let Ok(_held) = lock(&guard, false) else {
            return Ok(());
        };
        let has_runs = fs::read_dir(self.runs()).is_ok_and(|mut runs| runs.next().is_some());
        if has_runs || self.checkout_is_there() {
            return Ok(());
        }
        remove(&self.folder)
    }

    fn runs(&self) -> PathBuf {
        self.folder.join("runs")
    }

    /// Removes folders whose making or removal was cut short, and those of shells.
    fn remove_leftovers(&self) {
        let entries = fs::read_dir(self.runs());
        for entry in entries.into_iter().flatten().flatten() {
            let is_run = (entry.file_name().to_str()).is_some_and(|name| begun_at(name).is_some());
            if !is_run && !is_locked(&entry.path().join("lock")) {
                // The next run tries again.
                let _ = fs::remove_dir_all(entry.path());
            }
        }
    }
}

/// Removes a run in a way that never shows half of it.
fn remove(path: &Path) -> Result<(), RecordError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let aside = path.with_file_name(format!(".old-{name}"));
    fs::rename(path, &aside)
        .and_then(|()| fs::remove_dir_all(&aside))
        .map_err(RecordError::at("remove", path))
}

/// When the run of that id began. `None` for what is no id.
pub(super) fn begun_at(id: &str) -> Option<Timestamp> {
    let (time, number) = id.rsplit_once('-')?;
    if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let time = jiff::civil::DateTime::strptime("%Y%m%d-%H%M%S", time).ok()?;
    let zoned = jiff::tz::Offset::UTC.to_timestamp(time).ok()?;
    Some(zoned)
}
