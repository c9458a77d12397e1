//! Stopping a run before its end: once lets jobs clean up, twice kills.

use std::future::pending;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use crate::event::EventKind;
use crate::exec::Cancel;
use crate::sched::Input;

use super::dispatch::Dispatcher;
use crate::run::bounded_call::GRACE;
use crate::run::ids::{AttemptId, PipelineIndex};
use crate::run::message::{End, Verdict};
use crate::run::spec::Interrupt;

/// After being killed, attempts have this long to end and to take their environments away.
const KILL_BUDGET: Duration = Duration::from_secs(GRACE.as_secs() + 8);

/// How far stopping has come.
pub(in crate::run) struct Stopping {
    interrupt: watch::Receiver<Interrupt>,
    /// The signal that ends the run.
    signal: Option<u8>,
    killed: bool,
    /// When the attempts that still run are given up.
    overdue: Option<Instant>,
}

/// A step of stopping.
pub(in crate::run) enum Step {
    /// All jobs are canceled, by that signal.
    Cancel(u8),
    /// They are killed.
    Kill,
    /// What even that did not end is left behind.
    GiveUp,
}

impl Stopping {
    pub(in crate::run) fn new(interrupt: watch::Receiver<Interrupt>) -> Self {
        Self {
            interrupt,
            signal: None,
            killed: false,
            overdue: None,
        }
    }

    /// Waits for the person at the terminal to ask: once cancels all jobs, twice kills. What is
    /// still there some time after that is given up.
    pub(in crate::run) async fn next(&mut self) -> Vec<Step> {
        let overdue = until(self.overdue);
        tokio::select! {
            biased;
            Ok(()) = self.interrupt.changed() => {}
            () = overdue => {
                self.overdue = None;
                return vec![Step::GiveUp];
            }
        }
        self.take()
    }

    /// The signal that ends the run.
    pub(in crate::run) fn signal(&self) -> Option<u8> {
        self.signal
    }

    fn take(&mut self) -> Vec<Step> {
        let Interrupt { level, signal } = *self.interrupt.borrow_and_update();
        let mut steps = Vec::new();
        if level >= Cancel::Graceful && self.signal.is_none() {
            self.signal = Some(signal);
            steps.push(Step::Cancel(signal));
        }
        if level == Cancel::Force && !self.killed {
            self.killed = true;
            self.overdue = Some(Instant::now() + KILL_BUDGET);
            steps.push(Step::Kill);
        }
        steps
    }
}

impl Dispatcher<'_> {
    pub(in crate::run) fn stop_all(&mut self, step: &Step) {
        match step {
            Step::Cancel(signal) => self.cancel_all(interrupt_in_words(*signal)),
            Step::Kill => {
                self.pulls.stop(Cancel::Force);
                self.attempts.kill();
            }
            Step::GiveUp => self.give_up(),
        }
    }

    fn cancel_all(&mut self, reason: &str) {
        let root = PipelineIndex::ROOT;
        if self.pipelines[root].cancel_for(reason) {
            let reason = reason.to_owned();
            self.stream.emit(&[], EventKind::CancelBegun { reason });
        }
        self.pulls.stop(Cancel::Graceful);
        self.step(root, Input::Cancel);
        self.cancel_below(root, reason);
    }

    /// The next start removes what is left behind.
    fn give_up(&mut self) {
        let left = self.attempts.abandon();
        self.tell_left_behind(&left);
        for id in self.attempts.all() {
            self.attempt_ended(id, End::of(Verdict::Killed));
        }
    }

    /// Names the environments that could not be taken away.
    fn tell_left_behind(&mut self, ids: &[AttemptId]) {
        for id in ids {
            let pipeline = &self.pipelines[id.pipeline];
            let Some(job) = pipeline.job(id.job).script_job() else {
                continue;
            };
            let executor = &self.context.runner(job.runner).executor;
            let owner = &self.context.owner;
            let name = executor.environment_name(owner, &pipeline.label(id.job), id.attempt);
            let text = format!("{name} was not taken away in time: the next run removes it");
            self.stream.emit(&[], EventKind::Notice { text });
        }
    }
}

async fn until(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at).await,
        None => pending().await,
    }
}

fn interrupt_in_words(signal: u8) -> &'static str {
    match signal {
        2 => "interrupted",
        15 => "terminated",
        _ => "stopped by a signal",
    }
}
