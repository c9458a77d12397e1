//! The files that the jobs of a run see, as archives in a folder of the run:
//! `$XDG_STATE_HOME/pipe/trees/<run>/`.

use std::fs;
use std::path::{Path, PathBuf};

use crate::diag::{Code, Diagnostic};
use crate::exec::TreeSpec;
use crate::foreign::system_words;
use crate::record::{LiveRun, State};
use crate::repo::SnapshotOptions;
use crate::run::{JobRun, Sources};
use crate::types::Reference;

use super::checkout::{Checkout, repository_failure};
use super::exit::{Exit, Failure};

/// The folder of one run. Those of runs that died are removed when the next one begins.
pub(super) struct Trees {
    folder: PathBuf,
}

impl Trees {
    /// The place for the trees of `run`.
    pub(super) fn of(state: &State, run: &LiveRun) -> Result<Self, Failure> {
        let trees = state.root().join("trees");
        let folder = trees.join(run.id());
        fs::create_dir_all(&folder).map_err(|error| {
            let text = format!(
                "`{}` can't be made: {}",
                folder.display(),
                system_words(&error)
            );
            Failure::new(
                Exit::Environment,
                Diagnostic::new(Code::StateUnwritable, text),
            )
        })?;
        remove_dead(&trees, state);
        Ok(Self { folder })
    }

    /// Writes a tree for each of the sources that jobs ask for.
    pub(super) fn write(
        &self,
        checkout: &Checkout,
        reference: &Reference,
        jobs: &[JobRun],
    ) -> Result<Vec<(Sources, TreeSpec)>, Failure> {
        let mut trees: Vec<(Sources, TreeSpec)> = Vec::new();
        for sources in jobs
            .iter()
            .filter(|job| job.held.is_none())
            .filter_map(|job| job.sources)
        {
            if trees.iter().all(|(known, _)| *known != sources) {
                let into = self.folder.join(format!("{}.tar", trees.len()));
                trees.push((sources, snapshot(checkout, reference, sources, &into)?));
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
    checkout: &Checkout,
    reference: &Reference,
    sources: Sources,
    into: &Path,
) -> Result<TreeSpec, Failure> {
    let options = SnapshotOptions {
        depth: sources.depth,
        checkout: sources.checkout,
        submodules: sources.submodules,
        ..SnapshotOptions::new(reference.kind.clone(), reference.name.clone())
    };
    let snapshot = checkout
        .repository
        .snapshot(&checkout.tree, into, &options)
        .map_err(|error| repository_failure(&error))?;
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
