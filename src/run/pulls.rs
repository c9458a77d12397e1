//! Pulls ahead of the jobs that want their images; they end with the run.

use std::sync::Arc;

use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::exec::Cancel;

use super::context::RunContext;
use super::images::{NotBrought, Wanted};
use super::spec::ScriptJob;

/// What was not brought, and why.
pub(super) type Lack = (Wanted, NotBrought);

/// The pulls of a run, and how they are stopped.
pub(super) struct Pulls {
    ahead: JoinSet<Result<(), Lack>>,
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
            self.begin((job.runner, image.clone()), context);
        }
    }

    /// Brings an image.
    pub(super) fn begin(&mut self, (runner, image): Wanted, context: &Arc<RunContext>) {
        let context = Arc::clone(context);
        // Its failure is told, and is that of the jobs that want it.
        self.ahead.spawn(async move {
            let brought = context.bring(runner, &image).await;
            brought.map_err(|error| ((runner, image), error))
        });
    }

    /// The end of one of those that were begun; `None` where there are no more.
    pub(super) async fn next_end(&mut self) -> Option<Result<(), Lack>> {
        // One that broke off has failed nothing yet: the jobs try again.
        Some(self.ahead.join_next().await?.unwrap_or(Ok(())))
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
