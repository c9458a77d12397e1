//! The state folder: all projects of one user.

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};

use super::counter;
use super::folder::{digest, file_name, is_locked, make};
use super::{Keep, ProjectRecord, RecordError};

/// The file that says when old runs of all projects were removed last.
const PRUNED: &str = "pruned";

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// `$XDG_STATE_HOME/pipe`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    root: PathBuf,
}

impl State {
    /// The state in `root`. Nothing is written yet.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// The folder itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The record of a project: its path on the server, and the folder that its worktrees share.
    /// Two clones of one project have a record each.
    pub fn project(&self, path: &str, common_dir: &Path) -> ProjectRecord {
        let place = digest(common_dir.as_os_str().as_encoded_bytes(), 4);
        let name = file_name(&path.replace('/', "."));
        let folder = self.root.join(format!("{name}-{place}"));
        ProjectRecord::new(self.clone(), folder).of_checkout(common_dir)
    }

    /// The folder of that name in the state, made for the user alone.
    pub fn folder(&self, name: &str) -> Result<PathBuf, RecordError> {
        make(&self.root)?;
        let folder = self.root.join(name);
        make(&folder)?;
        Ok(folder)
    }

    /// The records of all projects, by the names of their folders.
    pub fn projects(&self) -> Vec<ProjectRecord> {
        let entries = fs::read_dir(&self.root).into_iter().flatten().flatten();
        let folders = entries.map(|entry| entry.path());
        let mut folders: Vec<_> = folders
            .filter(|folder| folder.join("runs").is_dir())
            .collect();
        folders.sort();
        let project = |folder| ProjectRecord::new(self.clone(), folder);
        folders.into_iter().map(project).collect()
    }

    /// Removes old runs of every project, and the record of checkouts that are gone once it has
    /// no run any more. Runs that live, and whatever else is in the folder, stay.
    pub fn prune(&self, keep: Keep, now: Timestamp) {
        let projects = fs::read_dir(&self.root).into_iter().flatten().flatten();
        for folder in projects.map(|entry| entry.path()) {
            if folder.join("runs").is_dir() {
                // What can't be removed now is tried again after the next run.
                let _ = ProjectRecord::new(self.clone(), folder).prune_forgotten(keep, now);
            }
        }
    }

    /// [`prune`](Self::prune), where that was not done for a day: with hundreds of projects it takes as
    /// long as a job.
    pub fn prune_daily(&self, keep: Keep, now: Timestamp) {
        let note = self.root.join(PRUNED);
        let last = fs::read_to_string(&note).unwrap_or_default();
        let last: Option<Timestamp> = last.trim().parse().ok();
        if last.is_some_and(|last| last <= now && now.duration_since(last) < DAY) {
            return;
        }
        // Without it the next run prunes once more.
        let _ = fs::write(note, now.to_string());
        self.prune(keep, now);
    }

    /// The next pipeline id: `CI_PIPELINE_ID`.
    pub fn take_pipeline_id(&self) -> Result<u64, RecordError> {
        counter::take(&self.root, "pipelines", 1).map(|ids| ids.start)
    }

    /// The next `count` job ids: `CI_JOB_ID`.
    pub fn take_job_ids(&self, count: u64) -> Result<Range<u64>, RecordError> {
        counter::take(&self.root, "jobs", count)
    }

    /// Whether the run `id`, of whatever project, still lives: its lock is held.
    pub fn is_alive(&self, id: &str) -> bool {
        let Ok(projects) = fs::read_dir(&self.root) else {
            return false;
        };
        projects
            .flatten()
            .any(|project| is_locked(&project.path().join("runs").join(id).join("lock")))
    }

    /// Who everything outside belongs to: `<machine>/<uid>/<state folder>`, the first and the
    /// last as digests, for a machine's id is not for others to read.
    pub fn owner(&self) -> String {
        let machine = ["/etc/machine-id", "/var/lib/dbus/machine-id"]
            .iter()
            .find_map(|path| fs::read_to_string(path).ok())
            .filter(|id| !id.trim().is_empty())
            .unwrap_or_else(|| {
                let name = rustix::system::uname();
                name.nodename().to_string_lossy().into_owned()
            });
        let machine = digest(format!("pipe {}", machine.trim()), 6);
        let root = fs::canonicalize(&self.root).unwrap_or_else(|_| self.root.clone());
        let root = digest(root.as_os_str().as_encoded_bytes(), 6);
        format!("{machine}/{}/{root}", rustix::process::getuid().as_raw())
    }
}
