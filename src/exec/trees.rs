//! Project trees that were published, as archives on this machine's disk.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use super::cancel::unless_asked;
use super::{Cx, ExecError, TreeRef, TreeSpec, Workspace};

const PHASE: &str = "publish tree";

/// The published trees of one executor.
#[derive(Debug, Default)]
pub(super) struct Trees(Mutex<HashMap<String, Vec<PathBuf>>>);

impl Trees {
    /// Has each layer written to a file, which stays until the run ends.
    pub(super) async fn publish(&self, tree: &TreeSpec, cx: &Cx) -> Result<TreeRef, ExecError> {
        if !self.lock().contains_key(&tree.id) {
            let layers = tree.layers.clone();
            let writing = tokio::task::spawn_blocking(move || {
                let files = layers.iter().map(|layer| layer.content.file());
                files.collect::<Result<Vec<_>, _>>()
            });
            let written = async {
                match writing.await {
                    Ok(Ok(files)) => Ok(files),
                    Ok(Err(error)) => {
                        let what = "the project files can't be packed";
                        Err(ExecError::file(PHASE, what, error))
                    }
                    Err(error) => Err(ExecError::system(
                        PHASE,
                        "packing the project files broke off",
                    )
                    .because(error)),
                }
            };
            let files = unless_asked(&cx.cancel, PHASE, written).await?;
            self.lock().insert(tree.id.clone(), files);
        }
        Ok(TreeRef(tree.id.clone()))
    }

    /// The archives that make up a workspace, in the order they are laid over each other.
    pub(super) fn archives(&self, workspace: &Workspace) -> Result<Vec<PathBuf>, ExecError> {
        let trees = self.lock();
        let tree = match &workspace.tree {
            None => Vec::new(),
            Some(TreeRef(id)) => trees.get(id).cloned().ok_or_else(|| {
                ExecError::system("open", format!("tree `{id}` was not published"))
            })?,
        };
        let artifacts = workspace.artifacts.iter();
        Ok(tree
            .into_iter()
            .chain(artifacts.map(|artifact| artifact.tar.clone()))
            .collect())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Vec<PathBuf>>> {
        // The map is whole at any moment, even if another thread came to grief.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
