//! What all attempts of a run use and none of them changes.

use std::sync::Arc;

use tokio::sync::{Semaphore, SemaphorePermit, mpsc, watch};

use crate::exec::{Cancel, Image, Owner};

use super::images::{Images, NotBrought, Wanted};
use super::message::Message;
use super::runner::{Runner, RunnerIndex};
use super::spec::Person;

/// The same for every attempt; nothing in it changes but permits and cells.
pub(super) struct RunContext {
    pub(super) owner: Owner,
    /// Bytes that the artifacts of an attempt may take.
    pub(super) artifacts_limit: Option<u64>,
    /// Who gets a shell in place of a script.
    pub(super) person: Option<Arc<dyn Person>>,
    runners: Vec<Runner>,
    /// By runner; `None` where any number of environments may come up at once.
    starts: Vec<Option<Semaphore>>,
    images: Images,
}

/// What a run's context is made of.
pub(super) struct ContextParts {
    pub(super) owner: Owner,
    pub(super) artifacts_limit: Option<u64>,
    pub(super) runners: Vec<Runner>,
    pub(super) person: Option<Arc<dyn Person>>,
    pub(super) offline: bool,
    /// Cancels pulls.
    pub(super) cancel_pulls: watch::Receiver<Cancel>,
    pub(super) messages: mpsc::Sender<Message>,
}

impl RunContext {
    pub(super) fn new(parts: ContextParts) -> Self {
        let limit = |runner: &Runner| runner.executor.traits().starts.map(Semaphore::new);
        Self {
            owner: parts.owner,
            artifacts_limit: parts.artifacts_limit,
            person: parts.person,
            starts: parts.runners.iter().map(limit).collect(),
            runners: parts.runners,
            images: Images::new(parts.offline, parts.cancel_pulls, parts.messages),
        }
    }

    pub(super) fn runners(&self) -> &[Runner] {
        &self.runners
    }

    pub(super) fn runner(&self, at: RunnerIndex) -> &Runner {
        &self.runners[at.0]
    }

    /// Remembers images that are there.
    pub(super) fn know(&self, here: Vec<Wanted>) {
        self.images.know(here);
    }

    /// Makes sure that the runner has the image.
    pub(super) async fn bring(&self, runner: RunnerIndex, image: &Image) -> Result<(), NotBrought> {
        let executor = self.runner(runner).executor.as_ref();
        self.images.ensure(runner, executor, image).await
    }

    /// Waits until the runner may bring one more environment up; holds its turn with the result.
    pub(super) async fn start_turn(&self, runner: RunnerIndex) -> Option<SemaphorePermit<'_>> {
        let starts = self.starts[runner.0].as_ref()?;
        // The semaphore is never closed.
        starts.acquire().await.ok()
    }
}
