//! The environment comes up.

use std::time::Duration;

use futures_util::future::try_join_all;
use tokio::time::sleep;

use crate::exec::{ArtifactRef, Cancel, EnvSpec, EnvVariable, Image, Session, Workspace};
use crate::run::bounded_call::{Ending, Remote, Stop, asked};
use crate::run::message::{Failure, Verdict};
use crate::types::FailureReason;

use super::ahead::OpenedAhead;
use super::driver::Attempt;
use super::words::{out_of_time, vanished};

/// How often the environment is tried, and the pause between (runtime reference 1.1).
const OPEN_TRIES: u32 = 3;
const OPEN_PAUSE: Duration = Duration::from_secs(3);

impl Attempt<'_> {
    /// Takes the environment that was opened ahead, else brings the images and opens one. A system
    /// failure is tried again unless it lasts; an image that could not be pulled is not (runtime
    /// reference 1.1).
    pub(super) async fn prepare(&mut self) -> Result<Box<dyn Session>, Verdict> {
        match self.opened_ahead().await {
            OpenedAhead::Session(session) => return Ok(session),
            OpenedAhead::Stopped(verdict) => return Err(verdict),
            OpenedAhead::Nothing => {}
        }
        self.bring_images().await?;
        let mut tries = 1;
        loop {
            let failure = match self.open().await {
                Ok(session) => return Ok(session),
                Err(Verdict::Failed(failure)) => failure,
                Err(verdict) => return Err(verdict),
            };
            let is_system = failure.reason == FailureReason::RunnerSystemFailure;
            if !is_system || failure.lasts || tries == OPEN_TRIES {
                return Err(Verdict::Failed(failure));
            }
            if *self.order.cancel.borrow() >= Cancel::Graceful {
                return Err(self.stopped_before_script(Stop::Canceled));
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

    async fn bring_images(&mut self) -> Result<(), Verdict> {
        let services = self.scripts.services.iter().map(|service| &service.image);
        let images: Vec<Image> = self.image().into_iter().chain(services).cloned().collect();
        if images.is_empty() {
            return Ok(());
        }
        let bounds = self.bounds(Cancel::Graceful, None);
        let (cx, remote) = Remote::new();
        let (shared, runner) = (self.shared, self.job.runner);
        let work = async {
            let bringing = try_join_all(images.iter().map(|image| shared.bring(runner, image)));
            tokio::select! {
                brought = bringing => brought.map(drop).map_err(|error| error.failure),
                () = asked(&cx.cancel, Cancel::Graceful) => Err(vanished()),
            }
        };
        let Ending { result, stop } = bounds.run(&mut self.log, remote, work).await;
        match (result, stop) {
            (_, Some(stop)) => Err(self.stopped_before_script(stop)),
            (Some(Ok(())), None) => Ok(()),
            (Some(Err(failure)), None) => Err(Verdict::Failed(failure)),
            (None, None) => Err(Verdict::Killed),
        }
    }

    async fn open(&mut self) -> Result<Box<dyn Session>, Verdict> {
        let bounds = self.bounds(Cancel::Graceful, None);
        let spec = self.env_spec();
        let (cx, remote) = Remote::new();
        let (shared, executor, runner) = (self.shared, self.executor, self.job.runner);
        let work = async {
            let _permit = tokio::select! {
                permit = shared.start_turn(runner) => permit,
                () = asked(&cx.cancel, Cancel::Graceful) => return Err(vanished()),
            };
            let opened = executor.open(spec, &cx).await;
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
            job: self.order.name.clone(),
            attempt: self.order.id.attempt,
            image: self.image().cloned(),
            layout: self.layout.clone(),
            variables: self.variables(),
            services: self.scripts.services.clone(),
            workspace: Workspace {
                tree: self.order.tree.clone(),
                artifacts: self.laid_over(),
            },
            init: self.scripts.settings.init,
            owned_files: self.scripts.settings.owned_files,
            volumes_of: self.scripts.volumes_of.clone(),
        }
    }

    /// What goes over the project's files: artifacts replace what caches have (runtime reference
    /// 1.1).
    pub(super) fn laid_over(&self) -> Vec<ArtifactRef> {
        let caches = self.caches.iter();
        caches.chain(&self.order.artifacts).cloned().collect()
    }

    fn variables(&self) -> Vec<EnvVariable> {
        let secrets = &self.scripts.secrets;
        let given = self.scripts.variables.iter();
        let made = given.map(|(name, value)| EnvVariable {
            name: name.clone(),
            value: value.clone(),
            secret: secrets.contains(value),
        });
        made.collect()
    }

    pub(super) fn stopped_before_script(&self, stop: Stop) -> Verdict {
        match stop {
            Stop::Canceled | Stop::Killed => Verdict::Killed,
            Stop::Limit | Stop::Deadline => Verdict::JobTimedOut(out_of_time(self.job.timeout)),
        }
    }
}
