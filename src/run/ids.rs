//! Which pipeline of a run, and which attempt of which of its jobs.

use crate::sched::JobIndex;

/// A pipeline of a run, counted in the order in which they began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct PipelineIndex(pub(super) usize);

impl PipelineIndex {
    pub(super) const ROOT: Self = Self(0);
}

/// One attempt of one job of one pipeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct AttemptId {
    pub(super) pipeline: PipelineIndex,
    pub(super) job: JobIndex,
    /// From 1.
    pub(super) attempt: u32,
}

impl AttemptId {
    /// Whether the other one is an attempt of the same job.
    pub(super) fn is_same_job(self, other: Self) -> bool {
        (self.pipeline, self.job) == (other.pipeline, other.job)
    }
}
