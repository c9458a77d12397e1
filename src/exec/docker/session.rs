//! One attempt of a job: its container from creation to removal.

use std::path::Path;
use std::time::Duration;

use async_trait::async_trait;

use super::super::cancel::unless_asked;
use super::super::{ArtifactRef, Cancel, Cx, ExecError, Exit, Globs, Layout, Script, Session};
use super::container::Container;
use super::download::Place;
use super::run::{self, Waiting};
use super::upload;

/// A container that is made and filled; each script starts it once more.
pub(super) struct DockerSession {
    container: Container,
    layout: Layout,
    /// The shell of a container that was started ahead of its script.
    waiting: Option<Waiting>,
    /// Whether a script has ended whose container may still be about to.
    ending: bool,
}

impl DockerSession {
    pub(super) fn new(container: Container, layout: Layout) -> Self {
        Self {
            container,
            layout,
            waiting: None,
            ending: false,
        }
    }

    async fn come_up(&mut self) -> Result<Waiting, ExecError> {
        self.settle().await?;
        run::start(&self.container).await
    }

    /// Waits until nothing of the last script runs any more, for what starts the container again
    /// or reads its files.
    async fn settle(&mut self) -> Result<(), ExecError> {
        if self.ending {
            let ended = run::exit_code(&self.container);
            self.container.patience.answer("wait", ended).await?;
            self.ending = false;
        }
        Ok(())
    }

    fn place(&self) -> Place<'_> {
        Place {
            docker: &self.container.docker,
            id: &self.container.id,
            project_dir: &self.layout.project_dir,
            patience: &self.container.patience,
        }
    }
}

#[async_trait]
impl Session for DockerSession {
    async fn start(&mut self, cx: &Cx) -> Result<(), ExecError> {
        if self.waiting.is_none() {
            let starting = self.come_up();
            self.waiting = Some(unless_asked(&cx.cancel, "start", starting).await?);
        }
        Ok(())
    }

    async fn add(&mut self, artifacts: &[ArtifactRef]) -> Result<(), ExecError> {
        if artifacts.is_empty() {
            return Ok(());
        }
        let tars = artifacts.iter().map(|kept| kept.tar.clone()).collect();
        let (docker, id) = (&self.container.docker, &self.container.id);
        upload::add(docker, id, &self.layout.project_dir, tars).await
    }

    async fn run(&mut self, script: &Script, cx: &Cx) -> Result<Exit, ExecError> {
        if *cx.cancel.borrow() != Cancel::Run {
            return Ok(Exit::Stopped);
        }
        let shell = match self.waiting.take() {
            Some(waiting) => waiting,
            None => self.come_up().await?,
        };
        self.ending = true;
        run::run(&self.container, shell, script, cx).await
    }

    async fn read(&mut self, path: &str, limit: u64) -> Result<Option<Vec<u8>>, ExecError> {
        self.settle().await?;
        self.place().read(path, limit).await
    }

    async fn collect(&mut self, globs: &Globs, into: &Path) -> Result<ArtifactRef, ExecError> {
        self.settle().await?;
        self.place().collect(globs, into).await
    }

    async fn close(&mut self, budget: Duration) -> Result<(), ExecError> {
        tokio::time::timeout(budget, self.container.remove())
            .await
            .unwrap_or_else(|late| {
                let message = format!(
                    "container `{}` was not removed in {} s",
                    self.container.id,
                    budget.as_secs()
                );
                Err(ExecError::system("remove container", message).because(late))
            })
    }
}
