//! The files that the jobs of a run see, as archives in a folder of the run:
//! `$XDG_STATE_HOME/pipe/trees/<run>/`.

use std::fs;
use std::path::{Path, PathBuf};

use crate::exec::TreeSpec;
use crate::record::{LiveRun, State};
use crate::repo::{SnapshotOptions, Stop};
use crate::run::{JobRun, Sources};
use crate::types::Reference;

use super::failure::Failure;
use super::workspace::Workspace;

/// The folder of one run. Those of runs that died are removed when the next one begins.
pub(super) struct Trees {
    folder: PathBuf,
}

impl Trees {
    /// The place for the trees of `run`.
    pub(super) fn of(state: &State, run: &LiveRun) -> Result<Self, Failure> {
        let trees = state.folder("trees")?;
        let folder = state.folder(&format!("trees/{}", run.id()))?;
        remove_dead(&trees, state);
        Ok(Self { folder })
    }

    /// Writes a tree for each of the sources that jobs ask for. Soon after `stop` says so, it ends
    /// with an error.
    pub(super) fn write(
        &self,
        workspace: &Workspace,
        reference: &Reference,
        jobs: &[JobRun],
        stop: Stop<'_>,
    ) -> Result<Vec<(Sources, TreeSpec)>, Failure> {
        let mut trees: Vec<(Sources, TreeSpec)> = Vec::new();
        for sources in jobs
            .iter()
            .filter(|job| job.held.is_none())
            .filter_map(|job| job.script_job()?.sources)
        {
            if trees.iter().all(|(known, _)| *known != sources) {
                let into = self.folder.join(format!("{}.tar", trees.len()));
                let tree = snapshot(workspace, reference, sources, &into, stop)?;
                trees.push((sources, tree));
            }
        }
        Ok(trees)
    }
}

impl Drop for Trees {
    fn drop(&mut self) {
        // What stays goes when the next run begins.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn snapshot(
    workspace: &Workspace,
    reference: &Reference,
    sources: Sources,
    into: &Path,
    stop: Stop<'_>,
) -> Result<TreeSpec, Failure> {
    let options = SnapshotOptions {
        depth: sources.depth,
        checkout: sources.checkout,
        submodules: sources.submodules,
        ..SnapshotOptions::new(reference.kind.clone(), reference.name.clone())
    };
    let snapshot = workspace
        .repository
        .snapshot(&workspace.tree, into, &options, stop)?;
    Ok(TreeSpec {
        id: snapshot.id,
        tar: snapshot.tar,
    })
}

fn remove_dead(trees: &Path, state: &State) {
    let entries = fs::read_dir(trees).into_iter().flatten().flatten();
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
