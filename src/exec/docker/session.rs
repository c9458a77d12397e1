//! One attempt of a job: its container from creation to removal.

use std::path::Path;
use std::time::Duration;

use async_trait::async_trait;

use super::super::{ArtifactRef, Cx, ExecError, Exit, Globs, Script, Session};
use super::container::Container;
use super::download::Place;
use super::run;

/// A container that is made and filled; each script starts it once more.
pub(super) struct DockerSession {
    container: Container,
    project_dir: String,
}

impl DockerSession {
    pub(super) fn new(container: Container, project_dir: String) -> Self {
        Self {
            container,
            project_dir,
        }
    }

    fn place(&self) -> Place<'_> {
        Place {
            docker: &self.container.docker,
            id: &self.container.id,
            project_dir: &self.project_dir,
        }
    }
}

#[async_trait]
impl Session for DockerSession {
    async fn run(&mut self, script: &Script, cx: &Cx) -> Result<Exit, ExecError> {
        run::run(&self.container, script, cx).await
    }

    async fn read(&mut self, path: &str, limit: u64) -> Result<Option<Vec<u8>>, ExecError> {
        self.place().read(path, limit).await
    }

    async fn collect(&mut self, globs: &Globs, into: &Path) -> Result<ArtifactRef, ExecError> {
        self.place().collect(globs, into).await
    }

    async fn close(&mut self, budget: Duration) -> Result<(), ExecError> {
        tokio::time::timeout(budget, self.container.remove())
            .await
            .unwrap_or_else(|late| {
                let message = format!(
                    "container `{}` was not removed in {} s: `pipe clean` removes it later",
                    self.container.id,
                    budget.as_secs()
                );
                Err(ExecError::system("remove container", message).because(late))
            })
    }
}
