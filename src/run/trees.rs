//! The project tree in the hands of the executors.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use crate::exec::{Executor, TreeRef};

use super::images::address;
use super::spec::{RunError, RunSpec};

/// The project tree as each executor (its address) has it.
pub(super) struct Trees(HashMap<usize, TreeRef>);

impl Trees {
    pub(super) fn of(&self, executor: &Arc<dyn Executor>) -> Option<&TreeRef> {
        self.0.get(&address(executor))
    }
}

/// Hands the tree to each executor that has a job which wants it.
pub(super) async fn publish(spec: &RunSpec) -> Result<Trees, RunError> {
    let mut trees = HashMap::new();
    let Some(tree) = &spec.tree else {
        return Ok(Trees(trees));
    };
    for job in spec.jobs.iter().filter(|job| job.with_tree) {
        let at = address(&job.executor);
        if let Entry::Vacant(entry) = trees.entry(at) {
            entry.insert(job.executor.publish_tree(tree).await?);
        }
    }
    Ok(Trees(trees))
}
