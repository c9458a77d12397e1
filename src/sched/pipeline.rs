//! The state of a pipeline and its one entry point, `step`.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::types::{Status, When};

use super::composite::Mapped;
use super::order::Order;
use super::stage::Stage;
use super::{Action, Input, JobIndex, JobSpec, Options, SkipCause, SpecError};

/// One job as it is now. Only the newest attempt counts anywhere.
#[derive(Debug, Clone)]
pub(super) struct Job {
    pub(super) spec: Arc<JobSpec>,
    pub(super) status: Status,
    /// The newest attempt, from 1; it may not have begun.
    pub(super) attempt: u32,
    /// `allow_failure` as it is now: an exit code may have set it (runtime reference 4.2).
    pub(super) allowed: bool,
    /// Held and not released by a person.
    pub(super) held: bool,
    /// A retry: neither asks nor waits again once its predecessors allow it.
    pub(super) immediate: bool,
    /// Why it was last skipped.
    pub(super) cause: Option<SkipCause>,
    /// The skip was told; being skipped again for the same cause is no news.
    pub(super) told: Option<SkipCause>,
}

impl Job {
    fn new(spec: JobSpec) -> Self {
        Self {
            status: Status::Created,
            attempt: 1,
            allowed: spec.allow_failure.flag(),
            held: spec.held && !spec.played,
            immediate: false,
            cause: None,
            told: None,
            spec: Arc::new(spec),
        }
    }

    /// The status as sets of jobs see it. A held job counts as an optional manual one.
    pub(super) fn mapped(&self) -> Mapped {
        Mapped::of(self.status, self.allowed || self.waits_held())
    }

    /// Whether only its being held keeps it from running.
    pub(super) fn waits_held(&self) -> bool {
        self.held && self.status == Status::Manual && !self.offered()
    }

    /// Whether it has its resource group for itself.
    pub(super) fn has_resource(&self) -> bool {
        let is_between = matches!(
            self.status,
            Status::Pending | Status::Running | Status::Canceling
        );
        is_between && self.spec.resource_group.is_some()
    }

    /// Whether it is manual even when released.
    pub(super) fn offered(&self) -> bool {
        self.spec.effective_when() == When::Manual
    }
}

/// GitLab's pipeline processing (runtime reference 6). Who gets a resource group first is
/// for whoever knows all pipelines.
///
/// What never changes is shared, so that a clone, which looks into the future, costs little.
#[derive(Debug, Clone)]
pub struct Pipeline {
    pub(super) options: Options,
    pub(super) stages: Vec<Stage>,
    pub(super) jobs: Vec<Job>,
    pub(super) order: Arc<Order>,
    /// The stored status, which `created` never overwrites.
    pub(super) status: Status,
    /// Places of jobs to be examined. Taken smallest first, which is GitLab's one pass over
    /// stages: a decision only concerns jobs behind it.
    pub(super) unsettled: BTreeSet<usize>,
    /// Stages whose status is to be stored when the step comes to rest.
    pub(super) touched: BTreeSet<usize>,
    /// How many jobs run, are ready, delayed or wait for a resource group.
    pub(super) active: usize,
    pub(super) actions: Vec<Action>,
}

impl Pipeline {
    /// `stages` are the names in their order; stages without jobs may be among them.
    pub fn new(
        stages: Vec<String>,
        specs: Vec<JobSpec>,
        options: Options,
    ) -> Result<Self, SpecError> {
        if let Some(spec) = specs.iter().find(|spec| spec.stage >= stages.len()) {
            return Err(SpecError::UnknownStage {
                job: spec.name.clone(),
                stage: spec.stage,
            });
        }
        let order = Order::of(&specs)?;
        let stage = |(at, name)| {
            let is_in_it = |job: &JobIndex| specs[job.0].stage == at;
            Stage::new(name, order.jobs.iter().copied().filter(is_in_it).collect())
        };
        let mut pipeline = Self {
            options,
            stages: stages.into_iter().enumerate().map(stage).collect(),
            jobs: specs.into_iter().map(Job::new).collect(),
            order: Arc::new(order),
            status: Status::Created,
            unsettled: BTreeSet::new(),
            touched: BTreeSet::new(),
            active: 0,
            actions: Vec::new(),
        };
        for job in &pipeline.jobs {
            pipeline.stages[job.spec.stage].add(job.mapped());
        }
        // Each call ends where nothing changes, so all of them together pass over the stages once.
        for stage in 0..pipeline.stages.len() {
            pipeline.tell_later_stages(stage);
        }
        Ok(pipeline)
    }

    /// Takes in what happened and says what is to be done. A job that the pipeline does not
    /// have changes nothing.
    pub fn step(&mut self, input: Input) -> Vec<Action> {
        match input {
            Input::Begin => self.begin(),
            Input::Cancel => self.cancel_all(),
            Input::RetryAll => self.retry_all(),
            Input::Started { job, .. }
            | Input::Finished { job, .. }
            | Input::Acquired { job, .. }
            | Input::DelayOver { job, .. }
            | Input::CancelJob(job)
            | Input::Play(job)
            | Input::Retry(job)
            | Input::Unschedule(job) => {
                if job.0 < self.jobs.len() {
                    self.concern(job, input);
                }
            }
        }
        self.settle();
        if self.active == 0 {
            self.actions.push(Action::Done);
        }
        std::mem::take(&mut self.actions)
    }

    fn concern(&mut self, job: JobIndex, input: Input) {
        match input {
            Input::Started { attempt, .. } => self.started(job, attempt),
            Input::Finished {
                attempt, outcome, ..
            } => self.finished(job, attempt, outcome),
            Input::Acquired { attempt, .. } => self.acquired(job, attempt),
            Input::DelayOver { attempt, .. } => self.delay_over(job, attempt),
            Input::CancelJob(_) => self.cancel_one(job),
            Input::Play(_) => self.play(job),
            Input::Retry(_) => self.retry_by_hand(job),
            Input::Unschedule(_) => self.unschedule(job),
            Input::Begin | Input::Cancel | Input::RetryAll => {}
        }
    }
}
