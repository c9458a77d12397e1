//! The layer of the commit: its files, a `.git` that works, its submodules. All of it comes from
//! git's objects, so that it is the same whenever it is written, whatever is edited meanwhile.

use std::fmt::Write as _;
use std::io::Write;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use sha2::{Digest, Sha256};

use super::archive::Archive;
use super::attributes::Attributes;
use super::git_dir::{GitDir, Settings};
use super::history::Fetch;
use super::submodules::{self, Submodule};
use super::{files, lfs, refs};
use crate::repo::listing::Listing;
use crate::repo::{ProjectTree, RepoError, Repository, Stop};
use crate::types::{RefKind, Sources, Submodules};

/// Part of every id: another way of writing layers counts it up.
const FORMAT: u32 = 1;

/// What the jobs of a run find in their project folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotOptions {
    /// Kind of the pipeline's ref; it decides which refs the job's `.git` has.
    pub kind: RefKind,
    /// Name of the ref.
    pub name: String,
    /// History, files and submodules.
    pub sources: Sources,
}

impl SnapshotOptions {
    /// With the sources of a new project.
    #[cfg(test)]
    pub fn new(kind: RefKind, name: impl Into<String>) -> Self {
        Self {
            kind,
            name: name.into(),
            sources: Sources::default(),
        }
    }
}

/// What a commit puts into the project folder.
pub struct Checkout {
    id: String,
    fetch: Fetch,
    remote: String,
    /// Whether the files are written too, not only `.git`.
    has_files: bool,
    /// Whether what Git LFS keeps is in the place of its pointers.
    pub(super) has_lfs: bool,
    missing_lfs: Vec<String>,
    /// Commits of history that each submodule has; 0 for all.
    submodule_depth: u32,
    parts: Mutex<Parts>,
}

/// Handles of its own, one for each thread that reads.
struct Parts {
    files: git2::Repository,
    history: git2::Repository,
    submodules: Vec<Submodule>,
}

impl std::fmt::Debug for Checkout {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Checkout")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl Repository {
    /// The layer of the commit below `tree`. Nothing is written yet; what can't be had of it, as a
    /// submodule that is not on this machine, is an error already.
    pub fn checkout(
        &self,
        tree: &ProjectTree,
        options: &SnapshotOptions,
    ) -> Result<Checkout, RepoError> {
        let fetch = Fetch {
            commit: tree.commit,
            kind: options.kind.clone(),
            name: options.name.clone(),
            depth: options.sources.depth,
            tags: options.sources.tags,
        };
        let remote = self.clean_remote_url();
        let (files, history) = (self.handle()?, self.handle()?);
        let sources = &options.sources;
        // Where no file is, git knows of no submodule either.
        let wanted = if sources.checkout {
            sources.submodules.clone()
        } else {
            Submodules::default()
        };
        let submodules = submodules::find(&files, tree.commit, &remote, &wanted)?;
        let submodule_depth = wanted.depth.unwrap_or(fetch.depth);
        let mut digest = Sha256::new();
        let (checkout, has_lfs) = (sources.checkout, sources.lfs);
        digest.update(format!(
            "{FORMAT} {fetch:?} {remote} {checkout} {has_lfs} {wanted:?}\n"
        ));
        let missing_lfs = if checkout && has_lfs {
            lfs::missing(&files, fetch.commit)?
        } else {
            Vec::new()
        };
        for path in &missing_lfs {
            digest.update(format!("missing {path}\0"));
        }
        refs::add(&files, fetch.depth == 0, &mut digest)?;
        for submodule in &submodules {
            submodule.identify(submodule_depth == 0, &mut digest)?;
        }
        Ok(Checkout {
            id: named(fetch.commit, digest),
            fetch,
            remote,
            has_files: checkout,
            has_lfs,
            missing_lfs,
            submodule_depth,
            parts: Mutex::new(Parts {
                files,
                history,
                submodules,
            }),
        })
    }

    /// The URL that jobs see, without credentials: that of `CI_REPOSITORY_URL`.
    fn clean_remote_url(&self) -> String {
        let origin = self.origin();
        format!("{}/{}.git", origin.server_url(), origin.path)
    }
}

impl Checkout {
    /// Names the content, times aside: equal ids mean equal layers.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The files whose content Git LFS keeps, but not on this machine: it has their pointers.
    pub(super) fn missing_lfs(&self) -> &[String] {
        &self.missing_lfs
    }

    /// Writes it as a tar stream: all entries below `folder`, owned by 0:0, open to every user.
    /// Files of a moment lie in `scratch` meanwhile. Soon after `stop` says so it ends
    /// with [`RepoError::Stopped`].
    pub fn write<'s>(
        &self,
        folder: &Path,
        to: &'s mut (dyn Write + 's),
        scratch: &Path,
        stop: Stop<'s>,
    ) -> Result<(), RepoError> {
        let own_folder =
            || tempfile::tempdir_in(scratch).map_err(RepoError::io("write to", scratch));
        let (own, beside) = (own_folder()?, own_folder()?);
        // A layer that was not written to its end is of no use, but its repository still is.
        let mut parts = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
        let Parts {
            files,
            history,
            submodules,
        } = &mut *parts;
        let settings = Settings {
            remote: &self.remote,
            worktree: None,
            more: submodules::settings(submodules),
        };
        let mut archive = Archive::new(to, folder, stop)?;
        let git_dir = std::thread::scope(|scope| {
            let (own, head) = (own.path(), self.has_files.into());
            let (fetch, settings) = (&self.fetch, &settings);
            let building =
                scope.spawn(move || GitDir::build(history, fetch, settings, head, own, stop));
            let written = if self.has_files {
                self.write_files(files, &mut archive)
            } else {
                Ok(())
            };
            let git_dir = building
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            written.and(git_dir)
        });
        git_dir?.append(&mut archive, Path::new(".git"))?;
        for submodule in &*submodules {
            submodule.append(&mut archive, self.submodule_depth, beside.path())?;
        }
        archive.finish()
    }

    /// Whether it writes something at or below that path.
    pub fn holds(&self, path: &Path) -> bool {
        let parts = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
        let commit = parts.files.find_commit(self.fetch.commit);
        let tree = commit.and_then(|commit| commit.tree());
        // What can't be read may be there.
        let is_in_tree = || tree.map_or(true, |tree| tree.get_path(path).is_ok());
        let is_in_submodule = || {
            let mut paths = parts.submodules.iter().map(Submodule::path);
            paths.any(|module| path.starts_with(module))
        };
        path.starts_with(".git") || self.has_files && (is_in_tree() || is_in_submodule())
    }

    fn write_files(
        &self,
        git: &mut git2::Repository,
        archive: &mut Archive<'_>,
    ) -> Result<(), RepoError> {
        let listing = Listing::of_commit(git, self.fetch.commit)?;
        let attributes = Attributes::of_commit(git, self.fetch.commit, &listing)?;
        files::write_commit(git, &listing, attributes, self.has_lfs, archive)
    }
}

/// `<commit>-<digest>`, both cut to what tells them apart.
pub(super) fn named(commit: git2::Oid, digest: Sha256) -> String {
    let mut name = format!("{}-", &commit.to_string()[..12]);
    for byte in digest.finalize().iter().take(16) {
        // Writing to a string can't fail.
        let _ = write!(name, "{byte:02x}");
    }
    name
}
