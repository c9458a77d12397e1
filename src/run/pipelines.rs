//! The pipelines of a run: the root, and the children that trigger jobs have made.

use std::ops::{Index, IndexMut};

use crate::event::{HeldJob, JobResult, PipelineResult};
use crate::sched::JobIndex;
use crate::types::Status;

use super::ids::{AttemptId, PipelineIndex};
use super::pipeline::PipelineState;
use super::spec::Work;

/// All pipelines; one that has begun stays.
pub(super) struct Pipelines(Vec<PipelineState>);

impl Index<PipelineIndex> for Pipelines {
    type Output = PipelineState;

    fn index(&self, at: PipelineIndex) -> &PipelineState {
        &self.0[at.0]
    }
}

impl IndexMut<PipelineIndex> for Pipelines {
    fn index_mut(&mut self, at: PipelineIndex) -> &mut PipelineState {
        &mut self.0[at.0]
    }
}

impl Pipelines {
    pub(super) fn new(root: PipelineState) -> Self {
        Self(vec![root])
    }

    pub(super) fn add(&mut self, child: PipelineState) -> PipelineIndex {
        self.0.push(child);
        PipelineIndex(self.0.len() - 1)
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn all(&self) -> impl Iterator<Item = PipelineIndex> + use<> {
        (0..self.0.len()).map(PipelineIndex)
    }

    /// The pipeline that this attempt of a trigger job has made.
    pub(super) fn child_of(&self, trigger: AttemptId) -> Option<PipelineIndex> {
        let mut all = self.all();
        all.find(|child| self[*child].parent() == Some(trigger))
    }

    /// The pipelines that jobs of this one have made, and those that these have made.
    pub(super) fn below(&self, top: PipelineIndex) -> Vec<PipelineIndex> {
        let mut found = vec![top];
        // A child comes after its parent.
        for at in self.all() {
            let parent = self[at].parent().map(|trigger| trigger.pipeline);
            if parent.is_some_and(|parent| found.contains(&parent)) {
                found.push(at);
            }
        }
        found.split_off(1)
    }

    /// Whether nothing goes on any more: what still counts as running are trigger jobs whose
    /// children wait for a person.
    pub(super) fn are_at_rest(&self) -> bool {
        self.all().all(|at| self.is_at_rest(at))
    }

    fn is_at_rest(&self, at: PipelineIndex) -> bool {
        let scheduler = self[at].scheduler();
        let is_over = |job| !is_active(scheduler.status_of(job)) || self.waits_with_child(at, job);
        scheduler.is_done() || scheduler.jobs().all(is_over)
    }

    /// Whether the job is a trigger job that waits for a child that waits for a person.
    pub(super) fn waits_with_child(&self, pipeline: PipelineIndex, job: JobIndex) -> bool {
        let scheduler = self[pipeline].scheduler();
        let attempt = scheduler.attempt_of(job);
        let child = self.child_of(AttemptId {
            pipeline,
            job,
            attempt,
        });
        scheduler.status_of(job) == Status::Running
            && child.is_some_and(|child| self.is_at_rest(child))
    }

    /// The first attempt that waits for its resource group.
    pub(super) fn first_waiting_for_resource(&self) -> Option<AttemptId> {
        self.all().find_map(|pipeline| {
            let scheduler = self[pipeline].scheduler();
            let waits = |job: &JobIndex| scheduler.status_of(*job) == Status::WaitingForResource;
            let job = scheduler.jobs().find(waits)?;
            let attempt = scheduler.attempt_of(job);
            Some(AttemptId {
                pipeline,
                job,
                attempt,
            })
        })
    }

    /// The status of a pipeline as it is shown at the end.
    pub(super) fn status(&self, at: PipelineIndex) -> Status {
        match self[at].scheduler().status() {
            _ if self[at].is_kept_from_beginning() => Status::Failed,
            // Only what waits for a person is left.
            Status::Running | Status::Pending => Status::Manual,
            status => status,
        }
    }

    /// Whether a job of any pipeline failed for good. That of a child whose trigger job waits for it
    /// counts there: it may be allowed to fail.
    pub(super) fn have_failure(&self) -> bool {
        self.all().any(|at| {
            let counts = self[at]
                .parent()
                .is_none_or(|trigger| !self.mirrors(trigger));
            counts && self[at].scheduler().has_failure()
        })
    }

    fn mirrors(&self, trigger: AttemptId) -> bool {
        match &self[trigger.pipeline].job(trigger.job).work {
            Work::Trigger(trigger) => trigger.depends,
            Work::Scripts(_) => false,
        }
    }

    /// Whether a job failed for good for what this machine lacks.
    pub(super) fn lacked_something(&self) -> bool {
        self.0.iter().any(PipelineState::lacked_something)
    }

    /// The jobs of a pipeline at the end.
    pub(super) fn jobs(&self, at: PipelineIndex) -> Vec<JobResult> {
        let pipeline = &self[at];
        let result = |job| pipeline.job_result(job, self.shown(at, job));
        pipeline.scheduler().jobs().map(result).collect()
    }

    /// A job that never had its turn is shown as skipped.
    fn shown(&self, at: PipelineIndex, job: JobIndex) -> Status {
        match self[at].scheduler().status_of(job) {
            Status::Created => Status::Skipped,
            Status::Running => Status::Manual,
            status => status,
        }
    }

    /// The children of a pipeline at the end; of a trigger job that was retried, the newest.
    pub(super) fn children(&self, of: PipelineIndex) -> Vec<PipelineResult> {
        let scheduler = self[of].scheduler();
        let newest = |job| AttemptId {
            pipeline: of,
            job,
            attempt: scheduler.attempt_of(job),
        };
        let of_job = |job| {
            let child = self.child_of(newest(job))?;
            Some(PipelineResult {
                trigger: self[of].name(job).to_owned(),
                status: self.status(child),
                jobs: self.jobs(child),
                pipelines: self.children(child),
            })
        };
        scheduler.jobs().filter_map(of_job).collect()
    }

    /// Jobs of all pipelines that were held.
    pub(super) fn held(&self) -> Vec<HeldJob> {
        self.0.iter().flat_map(PipelineState::held).collect()
    }

    /// Whether nothing that GitLab would do was left out.
    pub(super) fn are_complete(&self) -> bool {
        self.0.iter().all(PipelineState::is_complete)
    }
}

/// Whether a job in that state goes on, or is about to.
fn is_active(status: Status) -> bool {
    matches!(
        status,
        Status::Pending
            | Status::Running
            | Status::Canceling
            | Status::Scheduled
            | Status::WaitingForResource
    )
}
