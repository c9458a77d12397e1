//! Stopping a run before its end.

use std::time::Duration;

use tokio::time::Instant;

use crate::event::EventKind;
use crate::exec::Cancel;
use crate::sched::Input;

use super::dispatcher::Dispatcher;
use super::ended::without_trace;
use super::message::{AttemptId, Verdict};
use super::spec::Interrupt;
use super::stage::GRACE;

/// After being killed, attempts have this long to end and to take their environments away.
const KILL_BUDGET: Duration = Duration::from_secs(GRACE.as_secs() + 8);

impl Dispatcher<'_> {
    /// The person at the terminal asks: once to cancel all jobs, twice to kill.
    pub(super) fn interrupted(&mut self) {
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

    /// Tells once that something is being canceled, and why.
    pub(super) fn cancel(&mut self, reason: String) {
        if self.cancel_reason.is_none() {
            self.stream.emit(EventKind::CancelBegun {
                reason: reason.clone(),
            });
            self.cancel_reason = Some(reason);
        }
    }

    /// What even killing did not end is left behind; the next start removes it.
    pub(super) fn give_up(&mut self) {
        self.overdue = None;
        self.tasks.abort_all();
        self.tell_left_behind();
        let left: Vec<AttemptId> = self.running.keys().copied().collect();
        for id in left {
            self.ended(id, without_trace(Verdict::Killed));
        }
    }

    /// Names the environments that could not be taken away.
    fn tell_left_behind(&mut self) {
        let mut ids: Vec<AttemptId> = self.by_task.values().copied().collect();
        ids.sort_by_key(|id| (id.job.0, id.attempt));
        for id in ids {
            let job = self.shared.job(id.job);
            let owner = &self.shared.owner;
            let name = (job.executor).environment_name(owner, &job.sched.name, id.attempt);
            let text = format!("{name} was not taken away in time: the next run removes it");
            self.stream.emit(EventKind::Notice { text });
        }
    }

    /// Why jobs are being canceled.
    pub(super) fn cancel_words(&self) -> String {
        self.cancel_reason
            .clone()
            .unwrap_or_else(|| "canceled".to_owned())
    }
}

fn interrupt_in_words(signal: u8) -> &'static str {
    match signal {
        2 => "interrupted",
        15 => "terminated",
        _ => "stopped by a signal",
    }
}
