//! What `pipe` keeps on this machine for this user, and its end: runs, caches, layers of trees,
//! fetched files.
//!
//! A run that lives keeps what it has and uses, and nothing of other owners is looked at.

use std::path::PathBuf;

use crate::diag::{Code, Diagnostic};
use crate::exec::{Cx, DockerExecutor, Executor};
#[cfg(target_os = "linux")]
use crate::exec::{forget_sandbox_layers, reap_sandboxes, sandbox_layers};
use crate::fetch::FetchedFiles;
use crate::foreign::system_words;
use crate::record::{ProjectRecord, State};
use crate::settings::Settings;

use super::failure::{Failure, FailureKind};
use super::folders;
#[cfg(target_os = "linux")]
use super::images::{remove_all_images, size_of_images};
use super::past::record_of;
use super::reap::{can_not_look, removed_in_words};
use super::request::WorkspaceRequest;
use super::runners::docker_with_layers;
use super::settings::settings_here;
use super::trees;
use super::workspace::Workspace;

/// A kind of things that are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoredKind {
    /// Events, logs and artifacts of past runs.
    Runs,
    /// What jobs saved for later ones.
    Caches,
    /// Project trees and volumes of jobs on the Docker daemon, and what sandboxes share.
    Layers,
    /// What was fetched from elsewhere.
    Includes,
    /// Images for jobs that run without a daemon.
    Images,
}

impl StoredKind {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Runs,
        Self::Caches,
        Self::Layers,
        Self::Images,
        Self::Includes,
    ];

    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Runs => "runs",
            Self::Caches => "caches",
            Self::Layers => "layers",
            Self::Includes => "includes",
            Self::Images => "images",
        }
    }
}

/// Something that is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// What it is.
    pub kind: StoredKind,
    /// How many there are, where they can be counted.
    pub count: Option<usize>,
    /// Runs of the project that live.
    pub alive: usize,
    /// Bytes on disk, where they are known.
    pub bytes: Option<u64>,
    /// Whose it is: the project's folder. `None` for all projects together.
    pub of: Option<PathBuf>,
}

impl Stored {
    /// What is kept for all projects together.
    fn of_all(kind: StoredKind, count: usize, bytes: Option<u64>) -> Self {
        Self {
            kind,
            count: Some(count),
            alive: 0,
            bytes,
            of: None,
        }
    }
}

/// What is kept, and the means to remove it.
pub struct Storage {
    projects: Vec<ProjectRecord>,
    /// For the daemon with its layers; without them it is not asked.
    settings: Option<Settings>,
    state: State,
    /// What was fetched, where all projects are looked at.
    fetched: Option<FetchedFiles>,
}

impl Storage {
    /// All that is kept of all projects; with `here` the record of this checkout alone.
    pub fn open(request: &WorkspaceRequest, here: bool) -> Result<Self, Failure> {
        let state = State::new(folders::state()?);
        let (projects, settings, fetched) = if here {
            (vec![record_of(&Workspace::open(request)?)?], None, None)
        } else {
            let settings = settings_here(request)?;
            let fetched = folders::cache().ok().map(|cache| FetchedFiles::new(&cache));
            (state.projects(), Some(settings), fetched)
        };
        Ok(Self {
            projects,
            settings,
            state,
            fetched,
        })
    }

    /// The daemon, where layers on it are remembered.
    fn daemon(&self) -> Result<Option<DockerExecutor>, Failure> {
        match &self.settings {
            Some(settings) if self.state.root().join("layers").is_dir() => {
                Ok(Some(docker_with_layers(settings, self.state.root())?))
            }
            _ => Ok(None),
        }
    }

    /// What is on this machine's disk.
    pub fn on_disk(&self) -> Vec<Stored> {
        let of = |record: &ProjectRecord| {
            let (count, alive) = record.count();
            let place = || Some(record.place().unwrap_or_else(|| record.folder().to_owned()));
            let runs = (StoredKind::Runs, Some(count), record.runs_size());
            let caches = (StoredKind::Caches, None, record.caches_size());
            let is_there = |(_, count, bytes): &(_, Option<usize>, u64)| {
                count.unwrap_or_default() > 0 || *bytes > 0
            };
            let kept = [runs, caches].into_iter().filter(is_there);
            kept.map(|(kind, count, bytes)| Stored {
                kind,
                count,
                alive,
                bytes: Some(bytes),
                of: place(),
            })
            .collect::<Vec<_>>()
        };
        let of_projects = self.projects.iter().flat_map(of);
        of_projects.chain(self.includes()).collect()
    }

    /// What was fetched, for all projects together.
    fn includes(&self) -> Option<Stored> {
        let fetched = self.fetched.as_ref()?;
        let (count, bytes) = (fetched.count(), fetched.size());
        (bytes > 0).then(|| Stored::of_all(StoredKind::Includes, count, Some(bytes)))
    }

    /// Removes what was fetched; how many bytes.
    pub fn remove_includes(&self) -> Result<u64, Failure> {
        let Some(fetched) = &self.fetched else {
            return Ok(0);
        };
        let bytes = fetched.size();
        fetched.remove().map_err(|error| {
            let message = format!("can't remove what was fetched: {}", system_words(&error));
            let diagnostic = Diagnostic::new(Code::StateUnwritable, message);
            Failure::new(FailureKind::Environment, diagnostic)
        })?;
        Ok(bytes)
    }

    /// The images that are here, of whatever project.
    pub fn images(&self) -> Option<Stored> {
        self.settings.as_ref()?;
        let (count, bytes) = size_of_images();
        (count > 0).then(|| Stored::of_all(StoredKind::Images, count, Some(bytes)))
    }

    /// What sandboxes share, of whatever project: trees, and pictures of this machine.
    pub fn of_sandboxes(&self) -> Option<Stored> {
        self.settings.as_ref()?;
        let (count, bytes) = sandbox_layers(&folders::cache().ok()?.join("sandbox"));
        (count > 0).then(|| Stored::of_all(StoredKind::Layers, count, Some(bytes)))
    }

    /// Removes what no run uses of that; how many.
    pub fn remove_of_sandboxes(&self) -> Result<usize, Failure> {
        if self.settings.is_none() {
            return Ok(0);
        }
        let base = folders::cache()?.join("sandbox");
        forget_sandbox_layers(&base).map_err(|error| {
            let message = format!("can't remove layers: {}", system_words(&error));
            let diagnostic = Diagnostic::new(Code::StateUnwritable, message);
            Failure::new(FailureKind::Environment, diagnostic)
        })
    }

    /// Removes the images that no run uses; how many.
    pub fn remove_images(&self) -> Result<usize, Failure> {
        match &self.settings {
            Some(_) => Ok(remove_all_images()?.len()),
            None => Ok(0),
        }
    }

    /// What the Docker daemon has. It is asked only where something is remembered of it.
    pub async fn on_daemon(&self) -> Result<Option<Stored>, Failure> {
        let Some(docker) = self.daemon()? else {
            return Ok(None);
        };
        let names = docker.kept(&self.state.owner(), &Cx::unstoppable()).await?;
        Ok((!names.is_empty()).then(|| Stored::of_all(StoredKind::Layers, names.len(), None)))
    }

    /// Takes away what killed runs left, of sandboxes and on the Docker daemon, where it has ever had
    /// anything; what is to be told of it. What can't be asked keeps nothing else from being removed.
    /// To be called while their records are there.
    pub async fn reap(&self) -> Vec<String> {
        if self.settings.is_none() {
            return Vec::new();
        }
        let (owner, is_alive) = (self.state.owner(), |run: &str| self.state.is_alive(run));
        let mut notices = Vec::new();
        trees::remove_dead(&self.state);
        let of_sandboxes = folders::cache().map_err(in_one_line).and_then(|cache| {
            let reaped = reap_sandboxes(&cache.join("sandbox"), &owner, &is_alive);
            reaped.map_err(|error| system_words(&error))
        });
        match of_sandboxes {
            Ok(reaped) => notices.extend(removed_in_words(&reaped.removed)),
            Err(why) => notices.push(can_not_look(&why)),
        }
        let of_daemon = match self.daemon() {
            Ok(None) => return notices,
            Ok(Some(docker)) => {
                let cx = Cx::unstoppable();
                let reaped = docker.reap(&owner, &is_alive, &cx).await;
                reaped.map_err(|error| error.in_one_line())
            }
            Err(failure) => Err(in_one_line(failure)),
        };
        match of_daemon {
            Ok(reaped) => notices.extend(removed_in_words(&reaped.removed)),
            Err(why) => notices.push(can_not_look(&why)),
        }
        notices
    }

    /// Removes the runs; how many.
    pub fn remove_runs(&self) -> Result<usize, Failure> {
        let mut removed = 0;
        for project in &self.projects {
            removed += project.remove_runs()?;
        }
        Ok(removed)
    }

    /// Removes the caches of projects of which no run lives; how many bytes.
    pub fn remove_caches(&self) -> Result<u64, Failure> {
        let mut removed = 0;
        for project in &self.projects {
            let bytes = project.caches_size();
            if project.remove_caches()? {
                removed += bytes;
            }
        }
        Ok(removed)
    }

    /// Removes the layers that no run uses; how many.
    pub async fn remove_layers(&self) -> Result<usize, Failure> {
        let Some(docker) = self.daemon()? else {
            return Ok(0);
        };
        let gone = docker
            .forget(&self.state.owner(), &Cx::unstoppable())
            .await?;
        Ok(gone.len())
    }
}

fn in_one_line(failure: Failure) -> String {
    let messages = failure.diagnostics.into_iter().map(|it| it.message);
    messages.collect::<Vec<_>>().join("; ")
}

/// Other systems have no store.
#[cfg(not(target_os = "linux"))]
fn size_of_images() -> (usize, u64) {
    (0, 0)
}

#[cfg(not(target_os = "linux"))]
fn sandbox_layers(_base: &std::path::Path) -> (usize, u64) {
    (0, 0)
}

#[cfg(not(target_os = "linux"))]
fn forget_sandbox_layers(_base: &std::path::Path) -> std::io::Result<usize> {
    Ok(0)
}

#[cfg(not(target_os = "linux"))]
fn reap_sandboxes(
    _base: &std::path::Path,
    _owner: &str,
    _alive: &dyn Fn(&str) -> bool,
) -> std::io::Result<crate::exec::Reaped> {
    Ok(crate::exec::Reaped::default())
}

#[cfg(not(target_os = "linux"))]
fn remove_all_images() -> Result<Vec<String>, Failure> {
    Ok(Vec::new())
}
