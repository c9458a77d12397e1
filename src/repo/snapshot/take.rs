//! Taking the snapshot: the files in this thread, the `.git` in another.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::archive::Archive;
use super::files;
use super::git_dir::{GitDir, Settings};
use super::history::Fetch;
use super::submodules;
use crate::repo::{ProjectTree, RepoError, Repository, Stop};
use crate::types::{RefKind, Submodules};

/// `GIT_DEPTH` of a new project.
const DEFAULT_DEPTH: u32 = 20;

/// What the jobs of a run find in their project folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotOptions {
    /// Kind of the pipeline's ref; it decides which refs the job's `.git` has.
    pub kind: RefKind,
    /// Name of the ref.
    pub name: String,
    /// Commits of history, `GIT_DEPTH`; 0 for all of it.
    pub depth: u32,
    /// Whether the files are written too, not only `.git` (`GIT_CHECKOUT`).
    pub checkout: bool,
    /// Which submodules are brought in.
    pub submodules: Submodules,
    /// Files to keep out, relative to the root, besides those that are always private.
    pub exclude: Vec<String>,
}

impl SnapshotOptions {
    /// With the depth of a new project.
    pub fn new(kind: RefKind, name: impl Into<String>) -> Self {
        Self {
            kind,
            name: name.into(),
            depth: DEFAULT_DEPTH,
            checkout: true,
            submodules: Submodules::None,
            exclude: Vec::new(),
        }
    }
}

/// A finished tar file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// Names the content, times aside: equal ids mean equal trees.
    pub id: String,
    /// Entries relative to the project folder, owned by 0:0, open to every user.
    pub tar: PathBuf,
}

impl Repository {
    /// Writes `tree` with a working `.git` as one tar file to `into`. A scratch folder beside it
    /// is used meanwhile. Soon after `stop` says so it ends with [`RepoError::Stopped`]; what lies
    /// at `into` then is no archive.
    pub fn snapshot(
        &self,
        tree: &ProjectTree,
        into: &Path,
        options: &SnapshotOptions,
        stop: Stop<'_>,
    ) -> Result<Snapshot, RepoError> {
        let folder = into.parent().unwrap_or(Path::new("."));
        let scratch = || tempfile::tempdir_in(folder).map_err(RepoError::io("write to", folder));
        let (scratch, beside) = (scratch()?, scratch()?);
        let fetch = Fetch {
            commit: tree.commit,
            kind: options.kind.clone(),
            name: options.name.clone(),
            depth: options.depth,
        };
        let remote = self.clean_remote_url();
        let own_handle = self.handle()?;
        let strategy = if options.checkout {
            options.submodules
        } else {
            Submodules::None
        };
        let submodules = submodules::find(&own_handle, tree.commit, &remote, strategy)?;
        let settings = Settings {
            remote: &remote,
            worktree: None,
            more: submodules::settings(&submodules),
        };
        let (files, git_dir) = std::thread::scope(|scope| {
            let (fetch, settings, scratch) = (&fetch, &settings, scratch.path());
            let head = options.checkout.into();
            let history = scope
                .spawn(move || GitDir::build(&own_handle, fetch, settings, head, scratch, stop));
            let files = if options.checkout {
                files::write(tree, into, options, stop)
            } else {
                Archive::create(into, stop).map(|archive| (archive, Vec::new()))
            };
            let git_dir = history
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            (files, git_dir)
        });
        let (mut archive, edits) = files?;
        git_dir?.append(&mut archive, Path::new(".git"))?;
        for submodule in &submodules {
            submodule.append(&mut archive, options.depth, beside.path())?;
        }
        archive.finish()?;
        Ok(Snapshot {
            id: identity(&fetch, &remote, options, &edits),
            tar: into.to_owned(),
        })
    }

    /// The URL that jobs see, without credentials: that of `CI_REPOSITORY_URL`.
    fn clean_remote_url(&self) -> String {
        let origin = self.origin();
        format!("{}/{}.git", origin.server_url(), origin.path)
    }
}

fn identity(fetch: &Fetch, remote: &str, options: &SnapshotOptions, edits: &[u8]) -> String {
    let mut digest = Sha256::new();
    let SnapshotOptions {
        checkout,
        submodules,
        exclude,
        ..
    } = options;
    digest.update(format!(
        "{fetch:?} {remote} {checkout} {submodules:?} {exclude:?} "
    ));
    digest.update(edits);
    let (mut short, digest) = (String::new(), digest.finalize());
    for byte in digest.iter().take(16) {
        // Writing to a string can't fail.
        let _ = write!(short, "{byte:02x}");
    }
    format!("{}-{short}", &fetch.commit.to_string()[..12])
}
