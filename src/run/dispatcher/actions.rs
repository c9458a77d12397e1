//! Does what a scheduler asks for: jobs start, wait, are skipped, stopped and tried again.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{oneshot, watch};
use tokio::time::Instant;

use crate::event::EventKind;
use crate::exec::{Cancel, Turn};
use crate::sched::{Action, Input, JobIndex};
use crate::types::FailureReason;

use super::dispatch::Dispatcher;
use crate::run::attempt::{self, Ahead, Order};
use crate::run::ids::{AttemptId, PipelineIndex};
use crate::run::look_ahead::close;
use crate::run::slots::Slot;
use crate::run::spec::{ScriptJob, Work};

impl Dispatcher<'_> {
    pub(in crate::run) fn carry_out(&mut self, pipeline: PipelineIndex, actions: Vec<Action>) {
        let id = |job, attempt| AttemptId {
            pipeline,
            job,
            attempt,
        };
        for action in actions {
            match action {
                Action::Start { job, attempt } => self.ready(id(job, attempt)),
                Action::Acquire { job, attempt } => self.acquire(id(job, attempt)),
                Action::Release { job, attempt } => self.release(id(job, attempt)),
                Action::Schedule {
                    job,
                    attempt,
                    delay,
                } => self.schedule(id(job, attempt), delay),
                Action::Wait(job) => self.tell(pipeline, job, |job| EventKind::JobWaits { job }),
                Action::Skip { job, cause } => {
                    let reason = self.pipelines[pipeline].scheduler().describe(cause);
                    self.tell(pipeline, job, |job| EventKind::JobSkipped { job, reason });
                }
                Action::Fail { job, attempt } => self.tell_early_failure(id(job, attempt)),
                Action::Stop(job) => self.stop(pipeline, job),
                Action::Cancel(job) => self.cancel_waiting(pipeline, job),
                Action::Retry { job, attempt } => self.tell_retry(id(job, attempt)),
                Action::Done => self.child_rests(pipeline),
            }
        }
        self.fill_slots();
        self.look_ahead(pipeline);
    }

    /// Tells something about a job.
    pub(in crate::run) fn tell(
        &mut self,
        pipeline: PipelineIndex,
        job: JobIndex,
        event: impl FnOnce(String) -> EventKind,
    ) {
        let pipeline = &self.pipelines[pipeline];
        let name = pipeline.name(job).to_owned();
        self.stream.emit(pipeline.path(), event(name));
    }

    /// A job that a runner takes waits for a slot; a trigger job needs none.
    fn ready(&mut self, id: AttemptId) {
        let pipeline = &self.pipelines[id.pipeline];
        match &pipeline.job(id.job).work {
            Work::Scripts(job) => {
                let path = pipeline.remaining_path(id.job);
                self.slots.wait(job.runner, id, path);
            }
            Work::Trigger(trigger) => {
                let trigger = trigger.clone();
                self.start_trigger(id, trigger);
            }
        }
    }

    fn schedule(&mut self, id: AttemptId, delay: Duration) {
        if self.no_delay {
            return self.delay_over(id);
        }
        self.tell(id.pipeline, id.job, |job| EventKind::JobScheduled {
            job,
            delay,
        });
        self.timers.add(Instant::now() + delay, id);
    }

    fn acquire(&mut self, id: AttemptId) {
        let job = self.pipelines[id.pipeline].job(id.job);
        let group = job.sched.resource_group.as_deref();
        if group.is_none_or(|group| self.resources.acquire(group, id)) {
            self.acquired(id);
        }
    }

    fn acquired(&mut self, id: AttemptId) {
        let AttemptId { job, attempt, .. } = id;
        self.step(id.pipeline, Input::Acquired { job, attempt });
    }

    /// The resource of an attempt that has ended goes to the next that waits for it.
    pub(in crate::run) fn release(&mut self, id: AttemptId) {
        let job = self.pipelines[id.pipeline].job(id.job);
        let group = job.sched.resource_group.as_deref();
        if let Some(next) = group.and_then(|group| self.resources.release(group, id)) {
            self.acquired(next);
        }
    }

    fn stop(&mut self, pipeline: PipelineIndex, job: JobIndex) {
        let job = AttemptId {
            pipeline,
            job,
            attempt: 0,
        };
        for id in self.attempts.of_job(job) {
            self.attempts.stop(id);
            self.cancel_child(id);
        }
    }

    fn cancel_waiting(&mut self, pipeline: PipelineIndex, job: JobIndex) {
        let attempt = self.pipelines[pipeline].scheduler().attempt_of(job);
        let id = AttemptId {
            pipeline,
            job,
            attempt,
        };
        self.slots.forget(id);
        self.release(id);
        let outcome = self.pipelines[pipeline].canceled();
        self.tell(pipeline, job, |job| EventKind::JobFinished {
            job,
            attempt,
            outcome,
            exit_code: None,
            duration: Duration::ZERO,
        });
    }

    fn tell_early_failure(&mut self, id: AttemptId) {
        let outcome = self.pipelines[id.pipeline].fail_at_once(id.job);
        self.tell(id.pipeline, id.job, |job| EventKind::JobFinished {
            job,
            attempt: id.attempt,
            outcome,
            exit_code: None,
            duration: Duration::ZERO,
        });
    }

    fn tell_retry(&mut self, id: AttemptId) {
        let reason = self.pipelines[id.pipeline].failure_reason(id.job);
        self.tell(id.pipeline, id.job, |job| EventKind::JobRetry {
            job,
            attempt: id.attempt,
            reason: reason.unwrap_or(FailureReason::UnknownFailure),
        });
    }

    fn fill_slots(&mut self) {
        while let Some((id, slot)) = self.slots.take_next() {
            self.start(id, slot);
        }
    }

    fn start(&mut self, id: AttemptId, slot: Slot) {
        let job = self.pipelines[id.pipeline].job(id.job).script_job();
        let Some(job) = job.cloned() else {
            return self.slots.free(slot);
        };
        let ahead = self.environments.take(id);
        let job_id = match &ahead {
            Some(ahead) => ahead.job_id,
            None => self.pipelines[id.pipeline].next_job_id(),
        };
        let pipeline = &self.pipelines[id.pipeline];
        let (artifacts, dotenv) = (pipeline.artifacts_for(id.job), pipeline.dotenv_for(id.job));
        let order = Order {
            artifacts,
            ahead,
            dotenv,
            ..self.order(id, &job, job_id, slot.number)
        };
        self.begin_attempt(id, job_id);
        let context = Arc::clone(&self.context);
        let messages = self.messages.sender.clone();
        self.attempts.begin(id, Some(slot), |cancel| {
            attempt::run(context, Order { cancel, ..order }, messages)
        });
    }

    /// An attempt begins, whatever its work.
    pub(in crate::run) fn begin_attempt(&mut self, id: AttemptId, job_id: u64) {
        let now = self.stream.elapsed();
        let job = self.pipelines[id.pipeline].job(id.job).script_job();
        let in_image = |job: &&Arc<ScriptJob>| {
            let runner = self.context.runner(job.runner);
            runner.executor.traits().images
        };
        let image = job
            .filter(in_image)
            .and_then(|job| Some(job.image.as_ref()?.name.clone()));
        self.tell(id.pipeline, id.job, |job| EventKind::JobStarted {
            job,
            attempt: id.attempt,
            image,
        });
        self.pipelines[id.pipeline].begin_attempt(id, job_id, now);
    }

    /// What every attempt of a script job is told.
    fn order(&self, id: AttemptId, job: &Arc<ScriptJob>, job_id: u64, slot: usize) -> Order {
        let pipeline = &self.pipelines[id.pipeline];
        let name = pipeline.name(id.job);
        Order {
            id,
            job: Arc::clone(job),
            name: pipeline.label(id.job),
            job_id,
            slot,
            tree: pipeline.tree(job.runner, job.sources.as_ref()),
            artifacts: Vec::new(),
            artifacts_place: (self.artifacts)(pipeline.path(), name, id.attempt),
            ahead: None,
            dotenv: Vec::new(),
            // Replaced by what really stops it.
            cancel: watch::channel(Cancel::Run).1,
        }
    }

    /// Begins the environments that may come up before their jobs' turn, once those of the jobs
    /// under way are up, which would be slowed down; removes those that will not be used.
    pub(in crate::run) fn look_ahead(&mut self, pipeline: PipelineIndex) {
        for ahead in self.environments.take_unwanted(&self.pipelines) {
            self.attempts.spawn(close(ahead));
        }
        let are_up = self.attempts.are_up();
        self.environments.put_off(!are_up);
        if !are_up {
            return;
        }
        let (pipelines, slots) = (&self.pipelines, &self.slots);
        for (id, runner) in self.environments.wanted(pipelines, pipeline, slots) {
            let job = self.pipelines[pipeline].job(id.job).script_job().cloned();
            let Some(job) = job else { continue };
            let (cancel, receiver) = watch::channel(Cancel::Run);
            let (sender, session) = oneshot::channel();
            let job_id = self.pipelines[pipeline].next_job_id();
            let order = Order {
                cancel: receiver,
                ..self.order(id, &job, job_id, self.slots.lowest_free(runner))
            };
            let context = Arc::clone(&self.context);
            let messages = self.messages.sender.clone();
            let (turn, has_come) = watch::channel(false);
            let number = job_id;
            let coming = Turn { number, has_come };
            let opening = attempt::open_ahead(context, order, messages, coming, sender);
            self.attempts.spawn(opening);
            let ahead = Ahead {
                job_id,
                runner,
                turn,
                cancel,
                session,
            };
            self.environments.keep(id, ahead);
        }
    }
}
