//! What all attempts of a run share.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::Semaphore;

use crate::exec::{Executor, Owner, TreeRef};
use crate::sched::JobIndex;

use super::images::{Images, address};
use super::spec::{JobRun, PullPolicy, RunError, RunSpec};

/// Containers that start at the same time on one daemon; more make each of them slower
/// (design chapter 3: 4 to 8).
pub(super) const STARTS: usize = 4;

/// The same for every attempt; nothing in it changes but permits and cells.
pub(super) struct Shared {
    pub(super) owner: Owner,
    pub(super) project_path: String,
    pub(super) artifacts: PathBuf,
    pub(super) images: Images,
    pub(super) starts: Semaphore,
    pub(super) jobs: Vec<JobRun>,
    pub(super) trees: Trees,
}

impl Shared {
    pub(super) fn job(&self, job: JobIndex) -> &JobRun {
        &self.jobs[job.0]
    }
}

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
        if !trees.contains_key(&at) {
            trees.insert(at, job.executor.publish_tree(tree).await?);
        }
    }
    Ok(Trees(trees))
}

/// Where nothing may be pulled, every image must be there before the first job starts; all that
/// are not are named at once.
pub(super) async fn check_images(spec: &RunSpec) -> Result<(), RunError> {
    if spec.pull != PullPolicy::Never {
        return Ok(());
    }
    let mut missing = Vec::new();
    for job in &spec.jobs {
        let images = job.image.as_slice();
        for image in job.executor.missing(images).await? {
            if !missing.contains(&image.name) {
                missing.push(image.name);
            }
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    Err(RunError::MissingImages(missing))
}
