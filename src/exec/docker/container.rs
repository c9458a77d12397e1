//! A container that never outlives its owner.

use std::sync::Arc;

use bollard::Docker;
use bollard::query_parameters::RemoveContainerOptionsBuilder;
use futures_util::future::join_all;
use tokio::sync::Semaphore;

use super::super::{EnvVariable, ExecError};
use super::kept_networks::KeptNetwork;
use super::log_fifo::LogFifo;
use super::patience::Patience;
use super::services::Services;
use super::{fault, volumes};

/// The container of one attempt. Dropping it removes the container in the background; that is for
/// panics and dropped futures, the usual way is [`Container::remove`].
pub(super) struct Container {
    pub(super) docker: Docker,
    /// Empty until it is made.
    pub(super) id: String,
    /// Slots for starts on this daemon.
    pub(super) starts: Arc<Semaphore>,
    pub(super) patience: Patience,
    /// Volumes that are its own, in the order in which they can be removed.
    pub(super) volumes: Vec<String>,
    /// The keys of the user's settings that are part of it.
    pub(super) asked: Vec<&'static str>,
    /// The variables that its shell begins with, as far as they are known.
    pub(super) given: Vec<EnvVariable>,
    /// The network that it has from others and leaves to others.
    pub(super) network: Option<KeptNetwork>,
    /// Where its log comes, where the daemon need not carry it.
    pub(super) log: Option<LogFifo>,
    /// What goes with it.
    pub(super) services: Option<Box<Services>>,
    /// Those that show what this one has changed, and are never started.
    pub(super) beside: Vec<Container>,
    /// Whether nothing runs in it, and nothing of it is mounted.
    pub(super) ended: bool,
    /// Whether it is removed; what goes with it may be there.
    is_removed: bool,
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
            asked: Vec::new(),
            given: Vec::new(),
            network: None,
            log: None,
            services: None,
            beside: Vec::new(),
            ended: false,
            is_removed: false,
            gone: false,
        }
    }

    /// The ids of it and of its services, as far as they are not removed.
    pub(super) fn left(&self) -> Vec<&str> {
        let itself = (!self.is_removed && !self.gone).then_some(&*self.id);
        let services = self.services.iter().flat_map(|services| services.left());
        itself.into_iter().chain(services).collect()
    }

    /// Kills and removes it with all that goes with it. Safe to repeat.
    pub(super) async fn remove(&mut self) -> Result<(), ExecError> {
        if self.gone {
            return Ok(());
        }
        // Services share its volumes, and all of them the network.
        if let Some(mut services) = self.services.take() {
            let (own, others) = tokio::join!(self.remove_first(), services.remove());
            let network = match &others {
                Ok(()) => services.remove_network().await,
                Err(_) => Ok(()),
            };
            // What is not gone is tried again.
            if own.is_err() || others.is_err() || network.is_err() {
                self.services = Some(services);
            }
            own.and(others).and(network)?;
        } else if self.ended {
            return self.remove_ended().await;
        } else {
            self.remove_itself().await?;
            self.leave_network();
        }
        self.remove_beside().await?;
        self.remove_volumes(&self.volumes).await?;
        self.is_gone();
        Ok(())
    }

    /// The same for one that nothing goes with and that has ended. The daemon does not know that its
    /// first volume lies over the others, which can go at once.
    async fn remove_ended(&mut self) -> Result<(), ExecError> {
        self.leave_network();
        let (first, others) = self.volumes.split_at(self.volumes.len().min(1));
        let itself = async {
            self.remove_itself().await?;
            self.remove_volumes(first).await
        };
        let below = async {
            self.remove_beside().await?;
            self.remove_volumes(others).await
        };
        let (itself, below) = tokio::join!(itself, below);
        itself.and(below)?;
        self.is_gone();
        Ok(())
    }

    /// Kills and removes it before what goes with it. Safe to repeat.
    pub(super) async fn remove_first(&mut self) -> Result<(), ExecError> {
        if !self.is_removed {
            self.remove_itself().await?;
            self.is_removed = true;
        }
        Ok(())
    }

    /// Kills and removes one that nothing goes with. Safe to repeat.
    pub(super) async fn remove_alone(&mut self) -> Result<(), ExecError> {
        if !self.gone {
            self.remove_itself().await?;
            self.gone = true;
        }
        Ok(())
    }

    async fn remove_itself(&self) -> Result<(), ExecError> {
        if self.id.is_empty() {
            return Ok(());
        }
        let removing = remove(&self.docker, &self.id);
        self.patience.answer("remove container", removing).await
    }

    /// Leaves the network to others, for nothing in the container runs any more.
    pub(super) fn leave_network(&mut self) {
        if let Some(network) = self.network.take() {
            network.give_back();
        }
    }

    fn is_gone(&mut self) {
        self.gone = true;
        for beside in &mut self.beside {
            beside.gone = true;
        }
    }

    async fn remove_beside(&self) -> Result<(), ExecError> {
        let removing = self.beside.iter().map(Self::remove_itself);
        join_all(removing).await.into_iter().collect()
    }

    async fn remove_volumes(&self, names: &[String]) -> Result<(), ExecError> {
        let removing = remove_volumes(&self.docker, names);
        self.patience.answer("remove volume", removing).await
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
            let services = self.services.take();
            let beside = self.beside.iter_mut();
            let mut ids: Vec<_> = beside.map(|one| std::mem::take(&mut one.id)).collect();
            ids.push(id);
            runtime.spawn(async move {
                for id in ids.iter().filter(|id| !id.is_empty()) {
                    remove(&docker, id).await?;
                }
                if let Some(mut services) = services {
                    services.remove().await?;
                    services.remove_network().await?;
                }
                remove_volumes(&docker, &volumes).await
            });
        }
    }
}

async fn remove_volumes(docker: &Docker, names: &[String]) -> Result<(), ExecError> {
    let removing = names.iter().map(|name| volumes::remove(docker, name));
    join_all(removing).await.into_iter().collect()
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
