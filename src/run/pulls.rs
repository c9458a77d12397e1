//! Pulls ahead of the jobs that want their images; they end with the run.

use std::sync::Arc;

use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::exec::Cancel;

use super::context::RunContext;
use super::job::ScriptJob;

/// The pulls of a run, and how they are stopped.
pub(super) struct Pulls {
    ahead: JoinSet<()>,
    cancel: watch::Sender<Cancel>,
}

impl Pulls {
    /// None yet; `cancel` stops them all, also those that jobs wait for.
    pub(super) fn new(cancel: watch::Sender<Cancel>) -> Self {
        Self {
            ahead: JoinSet::new(),
            cancel,
        }
    }

    /// Brings the images of a job ahead of it.
    pub(super) fn prefetch(&mut self, job: &Arc<ScriptJob>, context: &Arc<RunContext>) {
        for image in job.images() {
            let (runner, image, context) = (job.runner, image.clone(), Arc::clone(context));
            self.ahead.spawn(async move {
                // Its failure is told by the jobs that want it.
                let _ = context.bring(runner, &image).await;
            });
        }
    }

    /// Stops them.
    pub(super) fn stop(&self, level: Cancel) {
        let _ = self.cancel.send(level);
    }

    /// Nobody wants the images any more.
    pub(super) fn end(&mut self) {
        self.ahead.abort_all();
    }
}
