//! The loop of a run: it takes in what happens, asks the scheduler, obeys, and tells.
//!
//! It alone numbers events and calls the scheduler. Attempts are tasks that report over one
//! bounded channel, so all they say is in one order.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::{self, JoinError, JoinSet};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

use crate::event::{EventKind, Reporter, RunResult, RunStarted};
use crate::exec::{ArtifactRef, Cancel};
use crate::sched::{Input, JobIndex, JobSpec, Outcome, Pipeline, remaining_paths};
use crate::types::{FailureReason, Status};

use super::images::Images;
use super::message::{AttemptId, End, Failure, Message, Verdict};
use super::queue::Queue;
use super::shared::{STARTS, Shared, check_images, publish};
use super::spec::{Interrupt, RunError, RunSpec};
use super::stage::GRACE;
use super::stream::Stream;
use super::timers::Timers;

/// Messages under way. Bounded: reporters that are slow slow the jobs down.
const MESSAGES: usize = 256;

/// Between two moments to redraw.
const TICK: Duration = Duration::from_millis(100);

/// After being killed, attempts have this long to take their environments away.
const KILL_BUDGET: Duration = Duration::from_secs(GRACE.as_secs() + 8);

/// Runs a pipeline to its end and tells the reporters all of it. `interrupt` stops it; nothing
/// else does. An error means that it did not begin, and the reporters have heard nothing.
pub async fn run<'a>(
    spec: RunSpec,
    interrupt: watch::Receiver<Interrupt>,
    reporters: &'a mut [&'a mut dyn Reporter],
) -> Result<RunResult, RunError> {
    let stream = Stream::new(reporters, Instant::now());
    check_images(&spec).await?;
    let trees = publish(&spec).await?;
    let specs: Vec<JobSpec> = spec
        .jobs
        .iter()
        .map(|job| JobSpec {
            held: job.held.is_some(),
            ..job.sched.clone()
        })
        .collect();
    let queue = Queue::new(remaining_paths(&specs, &spec.durations)?);
    let pipeline = Pipeline::new(spec.stages.clone(), specs, spec.options)?;
    let (sender, messages) = mpsc::channel(MESSAGES);
    let (pulls, receiver) = watch::channel(Cancel::Run);
    let records = spec.jobs.iter().map(|_| Record::default()).collect();
    let dispatcher = Dispatcher {
        stream,
        pipeline,
        queue,
        timers: Timers::default(),
        records,
        running: HashMap::new(),
        tasks: JoinSet::new(),
        by_task: HashMap::new(),
        prefetches: JoinSet::new(),
        job_ids: 0,
        sender: sender.clone(),
        messages,
        pulls,
        interrupt,
        signal: None,
        killed: false,
        overdue: None,
        cancel_reason: None,
        stages: spec.stages,
        slots: spec.slots.max(1),
        no_delay: spec.no_delay,
        complete: spec.complete,
        shared: Arc::new(Shared {
            owner: spec.owner,
            project_path: spec.project_path,
            artifacts: spec.artifacts,
            images: Images::new(spec.pull, receiver, sender),
            starts: Semaphore::new(STARTS),
            jobs: spec.jobs,
            trees,
        }),
    };
    Ok(dispatcher.run(spec.head, spec.notices).await)
}

/// What is known of a job beyond its state.
#[derive(Debug, Default)]
pub(super) struct Record {
    /// Attempts that began.
    pub(super) begun: u32,
    /// Of the last attempt, since the run began.
    pub(super) started: Option<Duration>,
    pub(super) finished: Option<Duration>,
    pub(super) exit_code: Option<i64>,
    pub(super) reason: Option<FailureReason>,
    /// What the last attempt kept.
    pub(super) artifacts: Option<ArtifactRef>,
}

/// An attempt under way.
pub(super) struct Running {
    pub(super) slot: usize,
    pub(super) cancel: watch::Sender<Cancel>,
}

pub(super) struct Dispatcher<'a> {
    pub(super) stream: Stream<'a>,
    pub(super) pipeline: Pipeline,
    pub(super) queue: Queue,
    pub(super) timers: Timers,
    pub(super) records: Vec<Record>,
    pub(super) running: HashMap<AttemptId, Running>,
    pub(super) tasks: JoinSet<()>,
    pub(super) by_task: HashMap<task::Id, AttemptId>,
    pub(super) prefetches: JoinSet<()>,
    /// Counts attempts.
    pub(super) job_ids: u64,
    pub(super) sender: mpsc::Sender<Message>,
    messages: mpsc::Receiver<Message>,
    /// Cancels pulls.
    pulls: watch::Sender<Cancel>,
    interrupt: watch::Receiver<Interrupt>,
    /// The signal that ends the run.
    pub(super) signal: Option<u8>,
    killed: bool,
    /// When the attempts that still run are given up.
    overdue: Option<Instant>,
    /// In words, once something is being canceled.
    pub(super) cancel_reason: Option<String>,
    pub(super) stages: Vec<String>,
    pub(super) slots: usize,
    pub(super) no_delay: bool,
    pub(super) complete: bool,
    pub(super) shared: Arc<Shared>,
}

/// What the loop wakes up for.
enum Wake {
    Message(Message),
    Task(Result<(task::Id, ()), JoinError>),
    Delay(AttemptId),
    Interrupt,
    Overdue,
    Tick,
}

impl Dispatcher<'_> {
    async fn run(mut self, head: RunStarted, notices: Vec<String>) -> RunResult {
        self.stream.emit(EventKind::RunStarted(head));
        for text in notices {
            self.stream.emit(EventKind::Notice { text });
        }
        self.step(Input::Begin);
        self.prefetch();
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        // Attempts that have ended may still be taking their environments away.
        while !(self.pipeline.is_done() && self.tasks.is_empty()) {
            let wake = tokio::select! {
                // What is rare is heard first, also through a flood of output.
                biased;
                Ok(()) = self.interrupt.changed() => Wake::Interrupt,
                () = until(self.overdue) => Wake::Overdue,
                _ = ticks.tick() => Wake::Tick,
                id = self.timers.next() => Wake::Delay(id),
                Some(end) = self.tasks.join_next_with_id() => Wake::Task(end),
                Some(message) = self.messages.recv() => Wake::Message(message),
            };
            self.wake(wake);
        }
        self.finish()
    }

    fn wake(&mut self, wake: Wake) {
        match wake {
            Wake::Message(message) => self.take(message),
            Wake::Task(end) => self.task_ended(end),
            Wake::Delay(AttemptId { job, attempt }) => self.step(Input::DelayOver { job, attempt }),
            Wake::Interrupt => self.interrupted(),
            Wake::Overdue => self.give_up(),
            Wake::Tick => self.stream.tick(),
        }
    }

    /// Feeds the scheduler and does what it asks for.
    pub(super) fn step(&mut self, input: Input) {
        let actions = self.pipeline.step(input);
        self.obey(actions);
    }

    fn take(&mut self, message: Message) {
        match message {
            Message::Phase(id, phase) => {
                let (job, attempt) = self.named(id);
                self.stream.emit(EventKind::JobPhase {
                    job,
                    attempt,
                    phase,
                });
            }
            Message::Log(id, lines) => {
                let (name, attempt) = self.named(id);
                for line in lines {
                    self.stream.emit(EventKind::Log {
                        job: name.clone(),
                        attempt,
                        text: line.text,
                        partial: line.partial,
                    });
                }
            }
            Message::Event(kind) => self.stream.emit(kind),
            Message::Ended(id, end) => self.ended(id, end),
        }
    }

    /// Takes in what has been sent so far.
    pub(super) fn take_all(&mut self) {
        while let Ok(message) = self.messages.try_recv() {
            self.take(message);
        }
    }

    fn ended(&mut self, id: AttemptId, end: End) {
        // An attempt that was given up may still have its say.
        if self.running.remove(&id).is_none() {
            return;
        }
        let failure = end.verdict.failure();
        let now = self.stream.elapsed();
        let record = &mut self.records[id.job.0];
        record.finished = Some(now);
        record.exit_code = end.exit_code;
        record.artifacts = end.artifacts;
        record.reason = failure.as_ref().map(|failure| failure.reason);
        let duration = now.saturating_sub(record.started.unwrap_or(now));
        let outcome = match (&end.verdict, &failure) {
            (_, Some(failure)) => Outcome::Failed {
                reason: failure.reason,
                exit_code: end.exit_code,
            },
            (Verdict::Success, None) => Outcome::Success,
            (_, None) => Outcome::Canceled,
        };
        let AttemptId { job, attempt } = id;
        let actions = self.pipeline.step(Input::Finished {
            job,
            attempt,
            outcome,
        });
        let outcome = self.outcome(job, failure);
        let (name, attempt) = self.named(id);
        self.stream.emit(EventKind::JobFinished {
            job: name,
            attempt,
            outcome,
            exit_code: end.exit_code,
            duration,
        });
        self.auto_canceled(job, &actions);
        self.obey(actions);
    }

    /// A task that ended well has sent its end. One that did not is an error of ours, which fails
    /// its job and nothing else.
    fn task_ended(&mut self, end: Result<(task::Id, ()), JoinError>) {
        let (task, is_ours) = match end {
            Ok((task, ())) => (task, false),
            Err(error) => (error.id(), true),
        };
        let id = self.by_task.remove(&task);
        let Some(id) = id.filter(|_| is_ours) else {
            return;
        };
        // What it said before comes first.
        self.take_all();
        let failure = Failure {
            reason: FailureReason::RunnerSystemFailure,
            message: "internal error of pipe; please report it with the output of this run"
                .to_owned(),
        };
        self.ended(id, without_trace(Verdict::Failed(failure)));
    }

    fn interrupted(&mut self) {
        let Interrupt { level, signal } = *self.interrupt.borrow_and_update();
        if level >= Cancel::Graceful && self.signal.is_none() {
            self.signal = Some(signal);
            self.cancel(interrupt_in_words(signal).to_owned());
            let _ = self.pulls.send(Cancel::Graceful);
            self.step(Input::Cancel);
        }
        if level == Cancel::Force && !self.killed {
            let _ = self.pulls.send(Cancel::Force);
            self.killed = true;
            self.overdue = Some(Instant::now() + KILL_BUDGET);
            for running in self.running.values() {
                running.cancel.send_replace(Cancel::Force);
            }
        }
    }

    pub(super) fn cancel(&mut self, reason: String) {
        if self.cancel_reason.is_none() {
            self.stream.emit(EventKind::CancelBegun {
                reason: reason.clone(),
            });
            self.cancel_reason = Some(reason);
        }
    }

    /// What even killing did not end is left behind; the next start removes it.
    fn give_up(&mut self) {
        self.overdue = None;
        self.tasks.abort_all();
        let left: Vec<AttemptId> = self.running.keys().copied().collect();
        for id in left {
            self.ended(id, without_trace(Verdict::Killed));
        }
    }

    pub(super) fn named(&self, id: AttemptId) -> (String, u32) {
        (self.name(id.job).to_owned(), id.attempt)
    }

    pub(super) fn name(&self, job: JobIndex) -> &str {
        &self.shared.job(job).sched.name
    }

    /// Brings the images of all jobs that may start by themselves, in the order of the pipeline.
    fn prefetch(&mut self) {
        for job in self.pipeline.jobs() {
            let waits = matches!(
                self.pipeline.status_of(job),
                Status::Created | Status::Scheduled
            );
            if waits && self.shared.job(job).image.is_some() {
                let shared = Arc::clone(&self.shared);
                self.prefetches.spawn(async move {
                    let run = shared.job(job);
                    if let Some(image) = &run.image {
                        // Its failure is told by the jobs that want it.
                        let _ = shared.images.ensure(&run.executor, image).await;
                    }
                });
            }
        }
    }
}

fn without_trace(verdict: Verdict) -> End {
    End {
        verdict,
        exit_code: None,
        artifacts: None,
    }
}

fn interrupt_in_words(signal: u8) -> &'static str {
    match signal {
        2 => "interrupted",
        15 => "terminated",
        _ => "stopped by a signal",
    }
}

async fn until(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at).await,
        None => std::future::pending().await,
    }
}
