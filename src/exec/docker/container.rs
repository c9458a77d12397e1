//! A container that never outlives its owner.

use std::sync::Arc;

use bollard::Docker;
use bollard::query_parameters::RemoveContainerOptionsBuilder;
use tokio::sync::Semaphore;

use super::super::ExecError;
use super::patience::Patience;
use super::{fault, volumes};

/// The container of one attempt. Dropping it removes the container in the background; that is for
/// panics and dropped futures, the usual way is [`Container::remove`].
pub(super) struct Container {
    pub(super) docker: Docker,
    pub(super) id: String,
    /// Slots for starts on this daemon.
    pub(super) starts: Arc<Semaphore>,
    pub(super) patience: Patience,
    /// Volumes that are its own, in the order in which they can be removed.
    pub(super) volumes: Vec<String>,
    gone: bool,
}

impl Container {
    pub(super) fn new(
        docker: Docker,
        id: String,
        starts: Arc<Semaphore>,
        patience: Patience,
    ) -> Self {
        Self {
            docker,
            id,
            starts,
            patience,
            volumes: Vec::new(),
            gone: false,
        }
    }

    /// Kills and removes it with its volumes. Safe to repeat.
    pub(super) async fn remove(&mut self) -> Result<(), ExecError> {
        if self.gone {
            return Ok(());
        }
        let removing = remove(&self.docker, &self.id);
        self.patience.answer("remove container", removing).await?;
        self.remove_volumes().await
    }

    /// Removes its volumes where there is no container of them.
    pub(super) async fn remove_volumes(&mut self) -> Result<(), ExecError> {
        let removing = remove_volumes(&self.docker, &self.volumes);
        self.patience.answer("remove volume", removing).await?;
        self.gone = true;
        Ok(())
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        if self.gone {
            return;
        }
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            let (docker, id) = (self.docker.clone(), std::mem::take(&mut self.id));
            let volumes = std::mem::take(&mut self.volumes);
            runtime.spawn(async move {
                remove(&docker, &id).await?;
                remove_volumes(&docker, &volumes).await
            });
        }
    }
}

async fn remove_volumes(docker: &Docker, names: &[String]) -> Result<(), ExecError> {
    for name in names {
        volumes::remove(docker, name).await?;
    }
    Ok(())
}

/// Removes a container. One that is not there, or is being removed, is fine.
pub(super) async fn remove(docker: &Docker, id: &str) -> Result<(), ExecError> {
    let options = RemoveContainerOptionsBuilder::new()
        .force(true)
        .v(true)
        .build();
    match docker.remove_container(id, Some(options)).await {
        Ok(()) => Ok(()),
        Err(error) if matches!(fault::status(&error), Some(404 | 409)) => Ok(()),
        Err(error) => Err(fault::system(
            "remove container",
            &format!("container `{id}` was not removed"),
            error,
        )),
    }
}
