//! Updates statuses until no created job can move: each change makes the jobs that wait for it
//! due for another look, and only these.

use crate::types::Status;

use super::composite::{StatusSet, composite};
use super::decide::{Decision, decide};
use super::pipeline::Job;
use super::{Action, JobIndex, Pipeline, SkipCause};

impl Pipeline {
    /// Sets a job's status and makes the created jobs that depend on it due for another look.
    pub(super) fn set_status(&mut self, index: JobIndex, status: Status) {
        self.change(index, |job| job.status = status);
    }

    /// Changes a job and updates the counts of its stage and the jobs that depend on it.
    pub(super) fn change(&mut self, index: JobIndex, change: impl FnOnce(&mut Job)) {
        let job = &mut self.jobs[index.0];
        let (old, was_active) = (job.mapped(), is_active(job.status));
        let (had_resource, attempt) = (job.has_resource(), job.attempt);
        change(job);
        if had_resource && !job.has_resource() {
            self.actions.push(Action::Release {
                job: index,
                attempt,
            });
        }
        let (new, now_active, stage) = (job.mapped(), is_active(job.status), job.spec.stage);
        self.active = self.active + usize::from(now_active) - usize::from(was_active);
        if job.status == Status::Created {
            self.unsettled.insert(self.order.place[index.0]);
        }
        if old == new {
            return;
        }
        self.touched.insert(stage);
        if self.stages[stage].replace(old, new) {
            self.tell_later_stages(stage);
        }
        self.tell_needing(index);
    }

    fn tell_needing(&mut self, index: JobIndex) {
        for next in &self.order.needed_by[index.0] {
            if self.jobs[next.0].status == Status::Created {
                self.unsettled.insert(self.order.place[next.0]);
            }
        }
    }

    /// Passes the statuses of stage `from` on to later stages. Jobs without `needs` are told only
    /// when the composite status before them is a final one that they have not heard: any other
    /// lets them wait. This runs at every change, so it looks at the composite only where it can be
    /// final.
    pub(super) fn tell_later_stages(&mut self, from: usize) {
        for at in from + 1..self.stages.len() {
            let before = self.stages[at - 1].before.union(self.stages[at - 1].set());
            let stage = &mut self.stages[at];
            if stage.before == before {
                return;
            }
            stage.before = before;
            let ended = before
                .is_settled()
                .then(|| composite(seen_by_successors(before, self.options.keep_going), false));
            if ended == stage.told {
                continue;
            }
            stage.told = ended;
            if ended.is_some() {
                let jobs = &self.stages[at].jobs;
                self.unsettled
                    .extend(waiting(&self.jobs, jobs, &self.order.place));
            }
        }
    }

    /// Decides every created job that is due, then stores the statuses of stages and pipeline.
    pub(super) fn settle(&mut self) {
        while let Some(place) = self.unsettled.pop_first() {
            let index = self.order.jobs[place];
            if self.jobs[index.0].status == Status::Created {
                self.examine(index);
            }
        }
        self.store_statuses();
    }

    fn examine(&mut self, index: JobIndex) {
        let spec = &self.jobs[index.0].spec;
        let (when, by_needs) = (spec.effective_when(), spec.needs.is_some());
        let decision = decide(when, by_needs, self.predecessors(index));
        let (held, immediate) = (self.jobs[index.0].held, self.jobs[index.0].immediate);
        match decision {
            Decision::Leave => {}
            Decision::Enqueue | Decision::Schedule if held => self.offer(index),
            Decision::Offer | Decision::Schedule if immediate => self.enqueue(index),
            Decision::Offer => self.offer(index),
            Decision::Enqueue => self.enqueue(index),
            Decision::Schedule => self.schedule(index),
            Decision::Skip => self.skip(index, self.cause_of_skip(index)),
        }
    }

    /// The composite status of a job's predecessors.
    pub(super) fn predecessors(&self, index: JobIndex) -> Status {
        let spec = &self.jobs[index.0].spec;
        let set = match &spec.needs {
            None => self.stages[spec.stage].before,
            Some(needs) => needs.iter().fold(StatusSet::EMPTY, |set, need| {
                set.with_mapped(self.jobs[need.0].mapped())
            }),
        };
        let set = seen_by_successors(set, self.options.keep_going);
        composite(set, spec.needs.is_some())
    }

    /// The job is ready, or would be if its resource group were free.
    pub(super) fn enqueue(&mut self, index: JobIndex) {
        let job = &mut self.jobs[index.0];
        job.told = None;
        if job.spec.resource_group.is_none() {
            return self.start(index);
        }
        let attempt = job.attempt;
        self.set_status(index, Status::WaitingForResource);
        self.actions.push(Action::Acquire {
            job: index,
            attempt,
        });
    }

    pub(super) fn start(&mut self, index: JobIndex) {
        self.set_status(index, Status::Pending);
        let attempt = self.jobs[index.0].attempt;
        self.actions.push(Action::Start {
            job: index,
            attempt,
        });
    }

    pub(super) fn offer(&mut self, index: JobIndex) {
        self.set_status(index, Status::Manual);
        self.jobs[index.0].told = None;
        self.actions.push(Action::Wait(index));
    }

    fn schedule(&mut self, index: JobIndex) {
        self.set_status(index, Status::Scheduled);
        let job = &mut self.jobs[index.0];
        job.told = None;
        self.actions.push(Action::Schedule {
            job: index,
            attempt: job.attempt,
            delay: job.spec.start_in,
        });
    }

    fn skip(&mut self, index: JobIndex, cause: SkipCause) {
        self.set_status(index, Status::Skipped);
        let job = &mut self.jobs[index.0];
        job.cause = Some(cause);
        if job.told.replace(cause) != Some(cause) {
            self.actions.push(Action::Skip { job: index, cause });
        }
    }

    /// `created` leaves what is stored; a pipeline that has run is never `pending` again
    /// (runtime reference 6.3).
    fn store_statuses(&mut self) {
        while let Some(stage) = self.touched.pop_first() {
            self.stages[stage].store_status();
        }
        let all = self
            .stages
            .last()
            .map_or(StatusSet::EMPTY, |last| last.before.union(last.set()));
        self.status = match composite(all, false) {
            Status::Created => self.status,
            Status::Pending if has_run(self.status) => Status::Running,
            status => status,
        };
    }
}

fn seen_by_successors(set: StatusSet, keep_going: bool) -> StatusSet {
    if keep_going { set.forgiving() } else { set }
}

/// The places of those jobs of a stage that wait for the stages before it.
fn waiting<'a>(
    jobs: &'a [Job],
    of_stage: &'a [JobIndex],
    place: &'a [usize],
) -> impl Iterator<Item = usize> + 'a {
    let waits = |index: &&JobIndex| {
        let job = &jobs[index.0];
        job.status == Status::Created && job.spec.needs.is_none()
    };
    of_stage.iter().filter(waits).map(|index| place[index.0])
}

fn is_active(status: Status) -> bool {
    matches!(
        status,
        Status::WaitingForResource
            | Status::Pending
            | Status::Running
            | Status::Canceling
            | Status::Scheduled
    )
}

fn has_run(status: Status) -> bool {
    matches!(
        status,
        Status::Running | Status::Success | Status::Failed | Status::Canceling | Status::Canceled
    )
}
