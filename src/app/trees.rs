//! The files that the jobs of a run see, as layers; what has to be written is in a folder of the run:
//! `$XDG_STATE_HOME/pipe/trees/<run>/`.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::exec::{LayerContent, LayerSpec, TarFile, TreeSpec};
use crate::record::{LiveRun, State};
use crate::repo::{Checkout, RepoError, SnapshotOptions};
use crate::run::JobRun;
use crate::types::{Reference, Sources};

use super::failure::Failure;
use super::interruptible::Interruptible;
use super::workspace::Workspace;

/// In the state folder, a folder for each run that lives.
const TREES: &str = "trees";

/// The folder of one run. Those of runs that died are removed when the next one begins.
pub(super) struct Trees {
    folder: PathBuf,
    /// What was made so far; pipelines of one run share it.
    made: Mutex<Vec<(Sources, TreeSpec)>>,
    /// Files that Git LFS keeps elsewhere, as far as nobody was told of them.
    missing_lfs: Mutex<BTreeSet<String>>,
}

impl Trees {
    /// The place for the trees of `run`.
    pub(super) fn of(state: &State, run: &LiveRun) -> Result<Self, Failure> {
        state.folder(TREES)?;
        // Before its own is there, which nobody has to look for among all projects.
        remove_dead(state);
        let folder = state.folder(&format!("{TREES}/{}", run.id()))?;
        Ok(Self {
            folder,
            made: Mutex::default(),
            missing_lfs: Mutex::default(),
        })
    }

    /// The place for the trees of another project, which goes with this one.
    pub(super) fn beside(&self, name: &str) -> io::Result<Self> {
        let folder = self.folder.join(name);
        fs::create_dir(&folder)?;
        Ok(Self {
            folder,
            made: Mutex::default(),
            missing_lfs: Mutex::default(),
        })
    }

    /// A tree for each of the sources that jobs ask for; what an earlier pipeline of the run had is
    /// taken from it. What the work tree has changed is written
    /// at once, so that all jobs find the same; the rest when an executor wants it. Soon after
    /// `interruptible` says so, it ends with an error.
    pub(super) fn of_jobs(
        &self,
        workspace: &Workspace,
        reference: &Reference,
        jobs: &[JobRun],
        interruptible: &Interruptible,
    ) -> Result<Vec<(Sources, TreeSpec)>, Failure> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        let mut trees: Vec<(Sources, TreeSpec)> = Vec::new();
        for sources in jobs
            .iter()
            .filter(|job| job.held.is_none())
            .filter_map(|job| job.script_job()?.sources.as_ref())
        {
            if trees.iter().any(|(known, _)| known == sources) {
                continue;
            }
            let known = made.iter().position(|(known, _)| known == sources);
            let at = if let Some(at) = known {
                at
            } else {
                let number = made.len();
                let tree = self.tree(workspace, reference, sources, number, interruptible)?;
                made.push((sources.clone(), tree));
                number
            };
            trees.push(made[at].clone());
        }
        Ok(trees)
    }

    /// What jobs lack of the files that Git LFS keeps, told once.
    pub(super) fn lacking(&self) -> Option<String> {
        let missing = std::mem::take(&mut *self.missing_lfs());
        let first = missing.first()?;
        let others = match missing.len() - 1 {
            0 => String::new(),
            others => format!(" and {others} more"),
        };
        Some(format!(
            "Git LFS has not brought `{first}`{others}: jobs get pointers in their place; `git lfs pull` \
             brings what GitLab has"
        ))
    }

    fn missing_lfs(&self) -> MutexGuard<'_, BTreeSet<String>> {
        // A set that is only added to is whole at any moment.
        self.missing_lfs
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn tree(
        &self,
        workspace: &Workspace,
        reference: &Reference,
        sources: &Sources,
        number: usize,
        interruptible: &Interruptible,
    ) -> Result<TreeSpec, Failure> {
        let options = SnapshotOptions {
            kind: reference.kind.clone(),
            name: reference.name.clone(),
            sources: sources.clone(),
        };
        let place = |what: &str| self.folder.join(format!("{number}.{what}.tar"));
        let checkout = workspace.repository.checkout(&workspace.tree, &options)?;
        self.missing_lfs()
            .extend(workspace.tree.missing_lfs(&checkout)?);
        let mut id = checkout.id().to_owned();
        let edits = if sources.checkout {
            let stop = || interruptible.is_interrupted();
            workspace.tree.edits(&checkout, &place("edits"), &stop)?
        } else {
            None
        };
        let mut layers = vec![LayerSpec {
            id: id.clone(),
            content: Arc::new(CommitLayer {
                checkout,
                interruptible: interruptible.clone(),
                file: place("commit"),
                is_written: Mutex::new(false),
            }),
        }];
        if let Some(edits) = edits {
            id.clone_from(&edits.id);
            layers.push(LayerSpec {
                id: edits.id,
                content: Arc::new(TarFile(edits.tar)),
            });
        }
        Ok(TreeSpec { id, layers })
    }
}

/// The commit's part of a tree.
#[derive(Debug)]
struct CommitLayer {
    checkout: Checkout,
    interruptible: Interruptible,
    /// Where it is written to, for executors that want a file.
    file: PathBuf,
    is_written: Mutex<bool>,
}

impl LayerContent for CommitLayer {
    fn write(&self, folder: &Path, to: &mut dyn io::Write) -> io::Result<()> {
        let scratch = self.file.parent().unwrap_or(Path::new("."));
        let stop = || self.interruptible.is_interrupted();
        let written = self.checkout.write(folder, to, scratch, &stop);
        written.map_err(|error| match error {
            RepoError::DiskFull { .. } => io::Error::new(io::ErrorKind::StorageFull, error),
            _ => io::Error::other(error),
        })
    }

    fn holds(&self, path: &Path) -> io::Result<bool> {
        Ok(self.checkout.holds(path))
    }

    fn file(&self) -> io::Result<PathBuf> {
        let mut is_written = self
            .is_written
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if !*is_written {
            // The user's files are nobody else's to read.
            let mut options = fs::OpenOptions::new();
            options.write(true).create(true).truncate(true).mode(0o600);
            self.write(Path::new(""), &mut options.open(&self.file)?)?;
            *is_written = true;
        }
        Ok(self.file.clone())
    }
}

impl Drop for Trees {
    fn drop(&mut self) {
        // What stays goes when the next run begins.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Removes the folders of runs that died.
pub(super) fn remove_dead(state: &State) {
    let entries = fs::read_dir(state.root().join(TREES))
        .into_iter()
        .flatten()
        .flatten();
    for path in entries.map(|entry| entry.path()) {
        let run = path
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or_default();
        if !state.is_alive(run) {
            let _ = fs::remove_dir_all(&path);
        }
    }
}
