//! The attempts under way, and how each is stopped.

use std::collections::HashMap;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::{self, JoinError, JoinSet};
use tokio::time::Instant;

use crate::exec::Cancel;

use super::ids::AttemptId;
use super::slots::Slot;

/// Attempts that have not ended, and all tasks of the run: also those of attempts that have ended
/// and clean up, and of environments that nobody wants any more.
#[derive(Default)]
pub(super) struct Attempts {
    running: HashMap<AttemptId, Running>,
    tasks: JoinSet<()>,
    by_task: HashMap<task::Id, AttemptId>,
}

/// An attempt that has not ended.
pub(super) struct Running {
    /// `None` for a trigger job.
    pub(super) slot: Option<Slot>,
    cancel: watch::Sender<Cancel>,
    up: Up,
}

/// How far the environment of an attempt has come up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Up {
    Not,
    /// Its script was handed over then.
    Since(Instant),
    /// Its script has said something, or it needs none.
    Surely,
}

/// After so long a script that says nothing runs all the same.
const SILENT_START: Duration = Duration::from_secs(1);

/// A task has ended: the attempt that it worked for, and whether it broke off by an error of ours.
pub(super) struct TaskEnd {
    pub(super) id: Option<AttemptId>,
    pub(super) broke_off: bool,
}

impl Attempts {
    /// Begins the attempt; `work` gets what stops it.
    pub(super) fn begin<F>(
        &mut self,
        id: AttemptId,
        slot: Option<Slot>,
        work: impl FnOnce(watch::Receiver<Cancel>) -> F,
    ) where
        F: Future<Output = ()> + Send + 'static,
    {
        let (cancel, receiver) = watch::channel(Cancel::Run);
        let up = if slot.is_none() { Up::Surely } else { Up::Not };
        let running = Running { slot, cancel, up };
        self.running.insert(id, running);
        let task = self.tasks.spawn(work(receiver));
        self.by_task.insert(task.id(), id);
    }

    /// Does something that the run waits for, beside the attempts.
    pub(super) fn spawn(&mut self, work: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn(work);
    }

    /// Notes that the script of an attempt was handed over.
    pub(super) fn script_begins(&mut self, id: AttemptId) {
        if let Some(running) = self.running.get_mut(&id) {
            running.up = Up::Since(Instant::now());
        }
    }

    /// Notes that an attempt has said something; whether that shows that it is up.
    pub(super) fn spoke(&mut self, id: AttemptId) -> bool {
        let Some(running) = self.running.get_mut(&id) else {
            return false;
        };
        let came_up = matches!(running.up, Up::Since(_));
        if came_up {
            running.up = Up::Surely;
        }
        came_up
    }

    /// Whether no environment of a job that is under way is still coming up.
    pub(super) fn are_up(&self) -> bool {
        let is_up = |running: &Running| match running.up {
            Up::Not => false,
            Up::Since(then) => then.elapsed() >= SILENT_START,
            Up::Surely => true,
        };
        self.running.values().all(is_up)
    }

    /// Forgets an attempt that has ended; `None` where it was not under way any more.
    pub(super) fn end(&mut self, id: AttemptId) -> Option<Running> {
        self.running.remove(&id)
    }

    /// Attempts of that job which are under way.
    pub(super) fn of_job(&self, job: AttemptId) -> Vec<AttemptId> {
        let ids = self.running.keys().copied();
        ids.filter(|id| id.is_same_job(job)).collect()
    }

    /// Every attempt that is under way, in the order of their pipelines.
    pub(super) fn all(&self) -> Vec<AttemptId> {
        let mut ids: Vec<AttemptId> = self.running.keys().copied().collect();
        ids.sort_unstable();
        ids
    }

    /// Asks an attempt to stop.
    pub(super) fn stop(&self, id: AttemptId) {
        if let Some(running) = self.running.get(&id) {
            running.cancel.send_replace(Cancel::Graceful);
        }
    }

    /// Kills them all.
    pub(super) fn kill(&self) {
        for running in self.running.values() {
            running.cancel.send_replace(Cancel::Force);
        }
    }

    /// Whether no task goes on.
    pub(super) fn are_idle(&self) -> bool {
        self.tasks.is_empty()
    }

    /// Waits for the end of a task; `None` where there is none.
    pub(super) async fn task_end(&mut self) -> Option<TaskEnd> {
        let end: Result<(task::Id, ()), JoinError> = self.tasks.join_next_with_id().await?;
        let (task, broke_off) = match end {
            Ok((task, ())) => (task, false),
            Err(error) => (error.id(), true),
        };
        let id = self.by_task.remove(&task);
        Some(TaskEnd { id, broke_off })
    }

    /// Gives all tasks up. The attempts whose environments may be left behind.
    pub(super) fn abandon(&mut self) -> Vec<AttemptId> {
        self.tasks.abort_all();
        let mut left: Vec<AttemptId> = self.by_task.values().copied().collect();
        left.sort_unstable();
        left
    }
}
