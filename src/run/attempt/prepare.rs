//! The environment comes up.

use std::time::Duration;

use tokio::sync::SemaphorePermit;
use tokio::time::sleep;

use crate::exec::{Cancel, EnvSpec, Image, Session, TreeRef, Workspace};
use crate::run::message::{Failure, Verdict};
use crate::run::shared::Shared;
use crate::run::spec::JobRun;
use crate::run::stage::{Ending, Remote, Stop, asked};
use crate::types::FailureReason;

use super::driver::Attempt;
use super::words::{out_of_time, vanished};

/// How often the environment is tried, and the pause between (runtime reference 1.1).
const OPEN_TRIES: u32 = 3;
const OPEN_PAUSE: Duration = Duration::from_secs(3);

impl Attempt<'_> {
    /// Takes the environment that was opened ahead, else brings the image and opens one; a system failure is tried again.
    pub(super) async fn prepare(&mut self) -> Result<Box<dyn Session>, Verdict> {
        if let Some(opened) = self.opened_ahead().await {
            return opened;
        }
        let mut tries = 1;
        loop {
            let failure = match self.open().await {
                Ok(session) => return Ok(session),
                Err(Verdict::Failed(failure)) => failure,
                Err(verdict) => return Err(verdict),
            };
            let is_system = failure.reason == FailureReason::RunnerSystemFailure;
            if !is_system || tries == OPEN_TRIES {
                return Err(Verdict::Failed(failure));
            }
            tries += 1;
            let text = format!("WARNING: {}; trying again in 3 s", failure.message);
            self.log.say(&text).await;
            let (_, remote) = Remote::new();
            let bounds = self.bounds(Cancel::Graceful, None);
            let pause = bounds.run(&mut self.log, remote, sleep(OPEN_PAUSE)).await;
            if let Some(stop) = pause.stop {
                return Err(self.stopped_before_script(stop));
            }
        }
    }

    async fn open(&mut self) -> Result<Box<dyn Session>, Verdict> {
        let bounds = self.bounds(Cancel::Graceful, None);
        let spec = self.env_spec();
        let (cx, remote) = Remote::new();
        let (shared, job, image) = (self.shared, self.job, self.image().cloned());
        let work = async {
            let _permit = tokio::select! {
                admitted = admit(shared, job, image.as_ref()) => admitted?,
                () = asked(&cx.cancel, Cancel::Graceful) => return Err(vanished()),
            };
            let opened = job.executor.open(spec, &cx).await;
            opened.map_err(|error| Failure::from(&error))
        };
        let Ending { result, stop } = bounds.run(&mut self.log, remote, work).await;
        match (result, stop) {
            // It came up in the very moment of being stopped.
            (Some(Ok(session)), Some(stop)) => {
                self.close(session).await;
                Err(self.stopped_before_script(stop))
            }
            (_, Some(stop)) => Err(self.stopped_before_script(stop)),
            (Some(Ok(session)), None) => Ok(session),
            (Some(Err(failure)), None) => Err(Verdict::Failed(failure)),
            (None, None) => Err(Verdict::Killed),
        }
    }

    pub(super) fn image(&self) -> Option<&Image> {
        self.scripts.image.as_ref().or(self.job.image.as_ref())
    }

    pub(super) fn env_spec(&self) -> EnvSpec {
        EnvSpec {
            owner: self.shared.owner.clone(),
            job: self.job.sched.name.clone(),
            attempt: self.order.id.attempt,
            image: self.image().cloned(),
            layout: self.layout.clone(),
            variables: self.scripts.variables.clone(),
            workspace: Workspace {
                tree: self.tree(),
                artifacts: self.order.artifacts.clone(),
            },
            init: self.scripts.settings.init,
        }
    }

    fn tree(&self) -> Option<TreeRef> {
        let sources = self.job.sources?;
        self.shared.trees.of(&self.job.executor, sources).cloned()
    }

    pub(super) fn stopped_before_script(&self, stop: Stop) -> Verdict {
        match stop {
            Stop::Canceled | Stop::Killed => Verdict::Killed,
            Stop::Limit | Stop::Deadline => Verdict::JobTimedOut(out_of_time(self.job.timeout)),
        }
    }
}

/// Waits for the image and for a turn to start a container; without an image there is none.
pub(super) async fn admit<'a>(
    shared: &'a Shared,
    job: &JobRun,
    image: Option<&Image>,
) -> Result<Option<SemaphorePermit<'a>>, Failure> {
    let Some(image) = image else {
        return Ok(None);
    };
    shared.images.ensure(&job.executor, image).await?;
    // The semaphore is never closed.
    Ok(shared.starts.acquire().await.ok())
}
