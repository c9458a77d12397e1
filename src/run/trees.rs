//! The project's files in the hands of the runners.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use crate::exec::{Cx, ExecError, TreeRef, TreeSpec};
use crate::types::Sources;

use super::runner::{Runner, RunnerIndex};
use super::spec::JobRun;

/// The files of one pipeline as each runner has them.
#[derive(Default)]
pub(super) struct Trees(HashMap<(RunnerIndex, Sources), TreeRef>);

impl Trees {
    pub(super) fn of(&self, runner: RunnerIndex, sources: &Sources) -> Option<&TreeRef> {
        self.0.get(&(runner, sources.clone()))
    }
}

/// Hands each tree of the pipeline to each runner that takes a job which wants it.
pub(super) async fn publish(
    jobs: &[JobRun],
    files: &[(Sources, TreeSpec)],
    runners: &[Runner],
) -> Result<Trees, ExecError> {
    // Whoever waits for it stops it by not waiting any more.
    let cx = Cx::unstoppable();
    let mut trees = HashMap::new();
    for job in jobs.iter().filter_map(JobRun::script_job) {
        let mut known = files.iter();
        let tree = known.find(|(sources, _)| Some(sources) == job.sources.as_ref());
        let Some((sources, tree)) = tree else {
            continue;
        };
        if let Entry::Vacant(entry) = trees.entry((job.runner, sources.clone())) {
            let executor = &runners[job.runner.0].executor;
            entry.insert(executor.publish_tree(tree, &cx).await?);
        }
    }
    Ok(Trees(trees))
}
