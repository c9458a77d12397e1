//! The loop of a run: it takes in what happens, asks the schedulers, does what they say, and tells.
//!
//! It alone numbers events and calls schedulers. Attempts are tasks that report over one bounded
//! channel, so all they say is in one order. What it knows lies in parts that look after themselves;
//! here and in `actions`, `attempt_end`, `children` and `stopping` is how they act on each other.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval};

use crate::event::{EventKind, Phase, RunResult, RunStarted};
use crate::sched::Input;
use crate::types::FailureReason;

use super::stopping::{Step, Stopping};
use crate::run::attempts::{Attempts, TaskEnd};
use crate::run::context::RunContext;
use crate::run::ids::{AttemptId, PipelineIndex};
use crate::run::images::Looked;
use crate::run::look_ahead::{Environments, close};
use crate::run::message::{End, Failure, Message, Verdict};
use crate::run::pipelines::Pipelines;
use crate::run::pulls::{Lack, Pulls};
use crate::run::resources::Resources;
use crate::run::result;
use crate::run::runner::RunnerIndex;
use crate::run::silence::Silences;
use crate::run::slots::Slots;
use crate::run::spec::{ArtifactPlaces, PipelineSpec};
use crate::run::stream::Stream;
use crate::run::timers::Timers;

/// Between two moments to redraw.
pub(in crate::run) const TICK: Duration = Duration::from_millis(100);

/// A run under way.
pub(in crate::run) struct Dispatcher<'a> {
    pub(in crate::run) stream: Stream<'a>,
    pub(in crate::run) pipelines: Pipelines,
    pub(in crate::run) slots: Slots,
    pub(in crate::run) timers: Timers,
    pub(in crate::run) resources: Resources,
    pub(in crate::run) attempts: Attempts,
    pub(in crate::run) environments: Environments,
    pub(in crate::run) pulls: Pulls,
    pub(in crate::run) stopping: Stopping,
    pub(in crate::run) silences: Silences,
    pub(in crate::run) messages: Messages,
    pub(in crate::run) no_delay: bool,
    pub(in crate::run) artifacts: ArtifactPlaces,
    pub(in crate::run) context: Arc<RunContext>,
}

/// Both ends of the channel to the dispatcher.
pub(in crate::run) struct Messages {
    pub(in crate::run) sender: mpsc::Sender<Message>,
    pub(in crate::run) receiver: mpsc::Receiver<Message>,
}

/// What a pipeline tells before its first job.
pub(in crate::run) struct Opening {
    head: RunStarted,
    notices: Vec<String>,
}

impl Opening {
    pub(in crate::run) fn of(spec: &PipelineSpec) -> Self {
        Self {
            head: spec.head.clone(),
            notices: spec.notices.clone(),
        }
    }
}

/// What the loop wakes up for.
pub(in crate::run) enum Wake {
    Message(Message),
    Task(TaskEnd),
    Delay(AttemptId),
    Stop(Vec<Step>),
    Tick,
}

impl Dispatcher<'_> {
    /// Runs the root pipeline and all that follows from it.
    pub(in crate::run) async fn run(mut self, opening: Opening, looked: Looked) -> RunResult {
        let root = PipelineIndex::ROOT;
        self.tell_beginning(root, opening);
        if let Err(lacking) = self.bring_first(looked).await {
            return self.not_begun(&lacking);
        }
        if !self.pipelines[root].is_canceled() {
            self.begin(root);
        }
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while !self.is_over() {
            let wake = tokio::select! {
                // What is rare is heard first, also through a flood of output.
                biased;
                steps = self.stopping.next() => Wake::Stop(steps),
                _ = ticks.tick() => Wake::Tick,
                id = self.timers.next() => Wake::Delay(id),
                Some(end) = self.attempts.task_end() => Wake::Task(end),
                Some(message) = self.messages.receiver.recv() => Wake::Message(message),
            };
            self.wake(wake);
        }
        self.finish()
    }

    /// Begins a pipeline: tells its beginning, then its jobs start.
    pub(in crate::run) fn open(&mut self, pipeline: PipelineIndex, opening: Opening) {
        self.tell_beginning(pipeline, opening);
        for job in self.pipelines[pipeline].automatic() {
            if let Some(job) = self.pipelines[pipeline].job(job).script_job() {
                self.pulls.prefetch(job, &self.context);
            }
        }
        self.begin(pipeline);
    }

    /// Its first jobs start. Executors hear before how many may come.
    fn begin(&mut self, pipeline: PipelineIndex) {
        let mut expected = BTreeMap::<RunnerIndex, usize>::new();
        for job in self.pipelines[pipeline].automatic() {
            if let Some(job) = self.pipelines[pipeline].job(job).script_job() {
                *expected.entry(job.runner).or_default() += 1;
            }
        }
        for (runner, environments) in expected {
            self.context.runner(runner).executor.expect(environments);
        }
        self.step(pipeline, Input::Begin);
    }

    fn tell_beginning(&mut self, pipeline: PipelineIndex, opening: Opening) {
        let path = self.pipelines[pipeline].path();
        self.stream.emit(path, EventKind::RunStarted(opening.head));
        for text in opening.notices {
            self.stream.emit(path, EventKind::Notice { text });
        }
    }

    /// Attempts that have ended may still be taking their environments away.
    fn is_over(&mut self) -> bool {
        if !self.attempts.are_idle() {
            return false;
        }
        if self.pipelines.are_at_rest() {
            self.close_environments();
            return self.attempts.are_idle();
        }
        self.end_deadlock();
        false
    }

    /// Nobody asks any more for environments that were opened ahead.
    fn close_environments(&mut self) {
        for ahead in self.environments.take_all() {
            self.attempts.spawn(close(ahead));
        }
    }

    pub(in crate::run) fn wake(&mut self, wake: Wake) {
        match wake {
            Wake::Message(message) => self.take(message),
            Wake::Task(end) => self.task_ended(&end),
            Wake::Delay(id) => self.delay_over(id),
            Wake::Stop(steps) => steps.iter().for_each(|step| self.stop_all(step)),
            Wake::Tick => self.tick(),
        }
    }

    /// Feeds a scheduler and does what it asks for.
    pub(in crate::run) fn step(&mut self, pipeline: PipelineIndex, input: Input) {
        let actions = self.pipelines[pipeline].step(input);
        self.carry_out(pipeline, actions);
    }

    pub(in crate::run) fn delay_over(&mut self, id: AttemptId) {
        let AttemptId { job, attempt, .. } = id;
        self.step(id.pipeline, Input::DelayOver { job, attempt });
    }

    fn take(&mut self, message: Message) {
        match message {
            Message::Phase(id, phase) => {
                if phase == Phase::Script {
                    self.attempts.script_begins(id);
                }
                let pipeline = &self.pipelines[id.pipeline];
                let phase = EventKind::JobPhase {
                    job: pipeline.name(id.job).to_owned(),
                    attempt: id.attempt,
                    phase,
                };
                self.stream.emit(pipeline.path(), phase);
            }
            Message::Log(id, lines) => {
                let pipeline = &self.pipelines[id.pipeline];
                let name = pipeline.name(id.job);
                self.stream
                    .emit_log(pipeline.path(), name, id.attempt, &lines);
                if self.attempts.spoke(id) {
                    self.look_ahead(id.pipeline);
                }
            }
            Message::Event(kind) => self.stream.emit(&[], kind),
            Message::Ended(id, end) => self.attempt_ended(id, *end),
            Message::Child(id, child) => self.child_made(id, *child),
        }
    }

    /// A task that ended well has sent its end. One that did not is an error of ours, which fails
    /// its job and nothing else.
    fn task_ended(&mut self, end: &TaskEnd) {
        let Some(id) = end.id.filter(|_| end.broke_off) else {
            return;
        };
        // What it said before comes first.
        self.take_all();
        let text = "internal error of pipe; please report it with the output of this run";
        let failure = Failure::new(FailureReason::RunnerSystemFailure, text);
        self.attempt_ended(id, End::of(Verdict::Failed(failure)));
    }

    fn tick(&mut self) {
        if self.environments.are_put_off() && self.attempts.are_up() {
            for pipeline in self.pipelines.all() {
                self.look_ahead(pipeline);
            }
        }
        for notice in self.silences.notices() {
            self.stream.emit(&[], notice);
        }
        self.stream.tick();
    }

    /// Takes in what has been sent so far.
    pub(in crate::run) fn take_all(&mut self) {
        while let Ok(message) = self.messages.receiver.try_recv() {
            self.take(message);
        }
    }

    /// The end of a run none of whose jobs may begin: this machine lacks an image.
    fn not_begun(mut self, lacking: &[Lack]) -> RunResult {
        if self.stopping.signal().is_none() {
            self.tell_what_is_lacking(lacking);
        }
        self.finish()
    }

    fn finish(mut self) -> RunResult {
        self.pulls.end();
        self.take_all();
        result::tell_who_waits(&self.pipelines, &mut self.stream);
        // What the record still holds back may fail to be written.
        self.stream.tick();
        let is_recorded = !self.stream.record_failed();
        let result = result::of(&self.pipelines, self.stopping.signal(), is_recorded);
        self.stream
            .emit(&[], EventKind::RunFinished(result.clone()));
        self.stream.finish();
        result
    }
}
