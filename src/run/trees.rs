//! The project tree in the hands of the executors.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use crate::exec::{Cx, Executor, TreeRef};

use super::images::address;
use super::spec::{RunError, RunSpec, Sources};

/// The project's files as each executor (its address) has them.
pub(super) struct Trees(HashMap<(usize, Sources), TreeRef>);

impl Trees {
    pub(super) fn of(&self, executor: &Arc<dyn Executor>, sources: Sources) -> Option<&TreeRef> {
        self.0.get(&(address(executor), sources))
    }
}

/// Hands each tree to each executor that has a job which wants it.
pub(super) async fn publish(spec: &RunSpec) -> Result<Trees, RunError> {
    // Whoever waits for it stops it by not waiting any more.
    let cx = Cx::unstoppable();
    let mut trees = HashMap::new();
    for job in &spec.jobs {
        let tree = spec
            .trees
            .iter()
            .find(|(sources, _)| Some(*sources) == job.sources);
        let Some((sources, tree)) = tree else {
            continue;
        };
        if let Entry::Vacant(entry) = trees.entry((address(&job.executor), *sources)) {
            entry.insert(job.executor.publish_tree(tree, &cx).await?);
        }
    }
    Ok(Trees(trees))
}
