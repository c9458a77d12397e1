//! What all attempts of a run share.

use tokio::sync::Semaphore;

use crate::exec::Owner;
use crate::sched::JobIndex;

use super::images::Images;
use super::spec::{ArtifactPlaces, JobRun};
use super::trees::Trees;

/// Containers that start at the same time on one daemon; more make each of them slower
/// (design chapter 3: 4 to 8).
pub(super) const STARTS: usize = 4;

/// The same for every attempt; nothing in it changes but permits and cells.
pub(super) struct Shared {
    pub(super) owner: Owner,
    pub(super) project_path: String,
    /// The place of an attempt's artifacts.
    pub(super) artifacts: ArtifactPlaces,
    /// Bytes that the artifacts of an attempt may take.
    pub(super) artifacts_limit: Option<u64>,
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
