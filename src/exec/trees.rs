//! Project trees that were published, as the archives they came in.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use super::{ExecError, TreeRef, TreeSpec, Workspace};

/// The published trees of one executor.
#[derive(Debug, Default)]
pub(super) struct Trees(Mutex<HashMap<String, PathBuf>>);

impl Trees {
    /// Remembers where a tree is; the archive stays until the run ends.
    pub(super) fn publish(&self, tree: &TreeSpec) -> TreeRef {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(tree.id.clone(), tree.tar.clone());
        TreeRef(tree.id.clone())
    }

    /// The archives that make up a workspace, in the order they are laid over each other.
    pub(super) fn archives(&self, workspace: &Workspace) -> Result<Vec<PathBuf>, ExecError> {
        let trees = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let tree = match &workspace.tree {
            None => None,
            Some(TreeRef(id)) => Some(trees.get(id).cloned().ok_or_else(|| {
                ExecError::system("open", format!("tree `{id}` was not published"))
            })?),
        };
        let artifacts = workspace.artifacts.iter();
        Ok(tree
            .into_iter()
            .chain(artifacts.map(|artifact| artifact.tar.clone()))
            .collect())
    }
}
