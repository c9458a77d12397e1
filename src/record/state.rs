//! The state folder: all projects of one user.

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::counter;
use super::folder::{digest, file_name, is_locked};
use super::{ProjectRecord, RecordError};

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
        ProjectRecord::new(self.clone(), self.root.join(format!("{name}-{place}")))
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
