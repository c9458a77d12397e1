//! The loop of a run: it takes in what happens, asks the scheduler, obeys, and tells.
//!
//! It alone numbers events and calls the scheduler. Attempts are tasks that report over one
//! bounded channel, so all they say is in one order.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::task::{self, JoinError, JoinSet};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

use crate::event::{EventKind, RunResult, RunStarted};
use crate::exec::Cancel;
use crate::sched::{Input, JobIndex, Pipeline};
use crate::types::FailureReason;

use super::ahead::Environments;
use super::message::{AttemptId, Kept, Message};
use super::queue::Queue;
use super::resources::Resources;
use super::shared::Shared;
use super::silence::Silences;
use super::spec::Interrupt;
use super::stream::Stream;
use super::timers::Timers;

/// Between two moments to redraw.
const TICK: Duration = Duration::from_millis(100);

/// What is known of a job beyond its state.
#[derive(Debug, Default)]
pub(super) struct Record {
    /// Attempts that began.
    pub(super) begun: u32,
    /// Of the last attempt, since the run began.
    pub(super) started: Option<Duration>,
    pub(super) finished: Option<Duration>,
    pub(super) exit_code: Option<i64>,
    /// `CI_JOB_ID` of the last attempt.
    pub(super) job_id: u64,
    pub(super) reason: Option<FailureReason>,
    /// Whether it failed for an executor that gave no answer any more.
    pub(super) silence: bool,
    /// What the last attempt kept.
    pub(super) kept: Kept,
}

/// An attempt under way.
pub(super) struct Running {
    pub(super) slot: usize,
    pub(super) cancel: watch::Sender<Cancel>,
}

/// A run under way.
pub(super) struct Dispatcher<'a> {
    pub(super) stream: Stream<'a>,
    pub(super) pipeline: Pipeline,
    pub(super) queue: Queue,
    pub(super) timers: Timers,
    pub(super) resources: Resources,
    pub(super) records: Vec<Record>,
    pub(super) running: HashMap<AttemptId, Running>,
    /// The tasks of attempts, also of those that have ended and clean up.
    pub(super) tasks: JoinSet<()>,
    pub(super) by_task: HashMap<task::Id, AttemptId>,
    /// Environments that were begun before their jobs' turn.
    pub(super) ahead: Environments,
    /// Pulls ahead of the jobs that want them; they end with the run.
    pub(super) prefetches: JoinSet<()>,
    /// The next `CI_JOB_ID`.
    pub(super) next_job_id: u64,
    pub(super) sender: mpsc::Sender<Message>,
    pub(super) messages: mpsc::Receiver<Message>,
    /// Cancels pulls.
    pub(super) pulls: watch::Sender<Cancel>,
    pub(super) interrupt: watch::Receiver<Interrupt>,
    /// The signal that ends the run.
    pub(super) signal: Option<u8>,
    pub(super) killed: bool,
    /// When the attempts that still run are given up.
    pub(super) overdue: Option<Instant>,
    /// In words, once something is being canceled.
    pub(super) cancel_reason: Option<String>,
    pub(super) stages: Vec<String>,
    pub(super) slots: usize,
    pub(super) no_delay: bool,
    pub(super) complete: bool,
    pub(super) silences: Silences,
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
    pub(super) async fn run(mut self, head: RunStarted, notices: Vec<String>) -> RunResult {
        self.stream.emit(EventKind::RunStarted(head));
        for text in notices {
            self.stream.emit(EventKind::Notice { text });
        }
        self.step(Input::Begin);
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
            Wake::Tick => self.tick(),
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

    fn tick(&mut self) {
        for notice in self.silences.notices() {
            self.stream.emit(notice);
        }
        self.stream.tick();
    }

    /// Takes in what has been sent so far.
    pub(super) fn take_all(&mut self) {
        while let Ok(message) = self.messages.try_recv() {
            self.take(message);
        }
    }

    pub(super) fn named(&self, id: AttemptId) -> (String, u32) {
        (self.name(id.job).to_owned(), id.attempt)
    }

    pub(super) fn name(&self, job: JobIndex) -> &str {
        &self.shared.job(job).sched.name
    }
}

async fn until(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at).await,
        None => std::future::pending().await,
    }
}
