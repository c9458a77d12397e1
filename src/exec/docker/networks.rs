//! Networks of the daemon: one for each job with services (runtime reference 8.1).

use std::collections::HashMap;
use std::time::Duration;

use bollard::Docker;
use bollard::models::NetworkCreateRequest;
use bollard::query_parameters::ListNetworksOptionsBuilder;

use super::super::ExecError;
use super::layers::Site;
use super::patience::Patience;
use super::{create, fault};

/// How often, and after which pause, a network is removed in the background: its containers may
/// still be about to go.
const TRIES: u32 = 40;
const PAUSE: Duration = Duration::from_millis(250);

/// A network that never outlives its owner. Dropping it removes it in the background; the usual
/// way is [`Network::remove`].
pub(super) struct Network {
    docker: Docker,
    patience: Patience,
    pub(super) id: String,
    gone: bool,
}

impl Network {
    /// A new bridge. Several networks may have one name; they are told apart by their ids.
    pub(super) async fn make(site: &Site, name: String) -> Result<Self, ExecError> {
        let request = NetworkCreateRequest {
            name,
            driver: Some("bridge".to_owned()),
            labels: Some(site.labels()),
            ..NetworkCreateRequest::default()
        };
        let making = async {
            let made = site.docker.create_network(request).await;
            made.map_err(|error| {
                fault::system("create network", "the network was not created", error)
            })
        };
        let made = site.patience.answer("create network", making).await?;
        Ok(Self {
            docker: site.docker.clone(),
            patience: site.patience.clone(),
            id: made.id,
            gone: false,
        })
    }

    /// Removes it, once its containers are gone. Safe to repeat.
    pub(super) async fn remove(&mut self) -> Result<(), ExecError> {
        if self.gone {
            return Ok(());
        }
        let removing = remove(&self.docker, &self.id);
        self.patience.answer("remove network", removing).await?;
        self.gone = true;
        Ok(())
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        if self.gone {
            return;
        }
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            let (docker, id) = (self.docker.clone(), std::mem::take(&mut self.id));
            runtime.spawn(async move {
                for _ in 0..TRIES {
                    if remove(&docker, &id).await.is_ok() {
                        return;
                    }
                    tokio::time::sleep(PAUSE).await;
                }
            });
        }
    }
}

/// Removes a network. One that is not there is fine.
pub(super) async fn remove(docker: &Docker, id: &str) -> Result<(), ExecError> {
    let removed = docker.remove_network(id).await;
    fault::removed("remove network", &format!("network `{id}`"), removed)
}

/// Ids and labels of the networks that carry `owner`.
pub(super) async fn owned(
    docker: &Docker,
    owner: &str,
) -> Result<Vec<(String, HashMap<String, String>)>, ExecError> {
    let filters = create::of_owner(owner);
    let options = ListNetworksOptionsBuilder::new().filters(&filters).build();
    let listed = docker.list_networks(Some(options)).await;
    let listed = listed
        .map_err(|error| fault::system("list networks", "leftovers can't be listed", error))?;
    let found = listed.into_iter();
    Ok(found
        .filter_map(|network| Some((network.id?, network.labels.unwrap_or_default())))
        .collect())
}
