//! Doing what the scheduler asks for.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use crate::event::{EventKind, JobOutcome};
use crate::exec::{ArtifactRef, Cancel};
use crate::sched::{Action, Input, JobIndex};
use crate::types::FailureReason;

use super::attempt::{self, Order};
use super::dispatcher::{Dispatcher, Running};
use super::message::{AttemptId, Kept};

impl Dispatcher<'_> {
    pub(super) fn obey(&mut self, actions: Vec<Action>) {
        for action in actions {
            match action {
                Action::Start { job, attempt } => self.queue.push(AttemptId { job, attempt }),
                Action::Acquire { job, attempt } => self.acquire(AttemptId { job, attempt }),
                Action::Release { job, attempt } => self.release(AttemptId { job, attempt }),
                Action::Schedule {
                    job,
                    attempt,
                    delay,
                } => self.schedule(AttemptId { job, attempt }, delay),
                Action::Wait(job) => {
                    let job = self.name(job).to_owned();
                    self.stream.emit(EventKind::JobWaits { job });
                }
                Action::Skip { job, cause } => {
                    let reason = self.pipeline.describe(cause);
                    let job = self.name(job).to_owned();
                    self.stream.emit(EventKind::JobSkipped { job, reason });
                }
                Action::Stop(job) => self.stop(job),
                Action::Cancel(job) => self.cancel_waiting(job),
                Action::Retry { job, attempt } => self.tell_retry(AttemptId { job, attempt }),
                Action::Done => {}
            }
        }
        self.fill_slots();
        self.look_ahead();
    }

    fn schedule(&mut self, id: AttemptId, delay: Duration) {
        let AttemptId { job, attempt } = id;
        if self.no_delay {
            return self.step(Input::DelayOver { job, attempt });
        }
        let job = self.name(job).to_owned();
        self.stream.emit(EventKind::JobScheduled { job, delay });
        self.timers.add(Instant::now() + delay, id);
    }

    fn acquire(&mut self, id: AttemptId) {
        let group = self.shared.job(id.job).sched.resource_group.as_deref();
        if group.is_none_or(|group| self.resources.acquire(group, id)) {
            self.acquired(id);
        }
    }

    fn acquired(&mut self, AttemptId { job, attempt }: AttemptId) {
        self.step(Input::Acquired { job, attempt });
    }

    /// The resource of an attempt that has ended goes to the next that waits for it.
    fn release(&mut self, id: AttemptId) {
        let group = self.shared.job(id.job).sched.resource_group.as_deref();
        if let Some(next) = group.and_then(|group| self.resources.release(group, id)) {
            self.acquired(next);
        }
    }

    fn stop(&self, job: JobIndex) {
        let attempts = self.running.iter().filter(|(id, _)| id.job == job);
        for (_, running) in attempts {
            running.cancel.send_replace(Cancel::Graceful);
        }
    }

    fn cancel_waiting(&mut self, job: JobIndex) {
        self.queue.remove(job);
        let attempt = self.pipeline.attempt_of(job);
        self.release(AttemptId { job, attempt });
        let (name, attempt) = self.named(AttemptId { job, attempt });
        self.stream.emit(EventKind::JobFinished {
            job: name,
            attempt,
            outcome: JobOutcome::Canceled {
                reason: self.cancel_words(),
            },
            exit_code: None,
            duration: Duration::ZERO,
        });
    }

    fn tell_retry(&mut self, id: AttemptId) {
        let reason = self.records[id.job.0].reason;
        let (job, attempt) = self.named(id);
        self.stream.emit(EventKind::JobRetry {
            job,
            attempt,
            reason: reason.unwrap_or(FailureReason::UnknownFailure),
        });
    }

    fn fill_slots(&mut self) {
        while self.running.len() < self.slots {
            let Some(id) = self.queue.pop() else {
                return;
            };
            self.start(id);
        }
    }

    fn start(&mut self, id: AttemptId) {
        let (cancel, receiver) = watch::channel(Cancel::Run);
        let slot = self.free_slot();
        let ahead = self.ahead.take(id);
        let job_id = ahead
            .as_ref()
            .map_or_else(|| self.next_job_id(), |ahead| ahead.job_id);
        let order = Order {
            id,
            job_id,
            slot,
            artifacts: self.artifacts_for(id.job),
            ahead,
            dotenv: self.dotenv_for(id.job),
            cancel: receiver,
        };
        let now = self.stream.elapsed();
        let record = &mut self.records[id.job.0];
        record.begun += 1;
        record.job_id = job_id;
        record.started = Some(now);
        record.finished = None;
        record.exit_code = None;
        record.kept = Kept::default();
        self.running.insert(id, Running { slot, cancel });
        let (job, attempt) = self.named(id);
        self.stream.emit(EventKind::JobStarted { job, attempt });
        let work = attempt::run(Arc::clone(&self.shared), order, self.sender.clone());
        let task = self.tasks.spawn(work);
        self.by_task.insert(task.id(), id);
        let AttemptId { job, attempt } = id;
        // Nothing follows from a start.
        self.pipeline.step(Input::Started { job, attempt });
    }

    pub(super) fn next_job_id(&mut self) -> u64 {
        let id = self.next_job_id;
        self.next_job_id += 1;
        id
    }

    pub(super) fn free_slot(&self) -> usize {
        let taken = |slot: &usize| self.running.values().any(|running| running.slot == *slot);
        (0..self.slots).find(|slot| !taken(slot)).unwrap_or(0)
    }

    /// What the newest attempts of the jobs before it have kept, in the order to lay it over.
    fn artifacts_for(&self, job: JobIndex) -> Vec<ArtifactRef> {
        let job = self.shared.job(job);
        let kept = |from: &JobIndex| self.records.get(from.0)?.kept.artifacts.clone();
        let earlier = job.artifacts_before.iter().cloned();
        earlier
            .chain(job.artifacts_from.iter().filter_map(kept))
            .collect()
    }

    /// The variables that those jobs reported.
    fn dotenv_for(&self, job: JobIndex) -> Vec<(String, String)> {
        let from = self.shared.job(job).artifacts_from.iter();
        let records = from.filter_map(|from| self.records.get(from.0));
        records
            .flat_map(|record| record.kept.dotenv.iter().cloned())
            .collect()
    }
}
