//! What dead runs left on the daemon.

use std::collections::BTreeSet;

use bollard::Docker;
use bollard::models::ContainerSummary;
use bollard::query_parameters::ListContainersOptionsBuilder;

use super::super::{ExecError, Reaped};
use super::container::remove;
use super::create::{JOB, KEEPS, LASTING, RUN, SERVICE};
use super::layer_store::LayerStore;
use super::patience::{LIMIT_AT_FIRST, Patience};
use super::{create, fault, networks, volumes};

/// Removes containers, networks and volumes that carry `owner` and belong to a run that is not alive, and
/// layers that are kept no longer. The daemon may be shared: what carries another owner, or none,
/// is never touched.
pub(super) async fn reap(
    docker: &Docker,
    owner: &str,
    alive: &(dyn for<'a> Fn(&'a str) -> bool + Send + Sync),
    store: Option<&LayerStore>,
    patience: &Patience,
) -> Result<Reaped, ExecError> {
    let mut reaped = Reaped::default();
    let mut told = BTreeSet::new();
    let listing = async {
        tokio::try_join!(
            owned(docker, owner),
            networks::owned(docker, owner),
            volumes::owned(docker, owner)
        )
    };
    let listing = Box::pin(listing);
    let listed = patience.answer_within(LIMIT_AT_FIRST, "list containers", listing);
    let (containers, networks, found) = listed.await?;
    for container in containers {
        let label = |name| container.labels.as_ref().and_then(|all| all.get(name));
        let (Some(id), Some(run)) = (&container.id, label(RUN)) else {
            continue;
        };
        if alive(run) {
            continue;
        }
        patience
            .answer("remove container", remove(docker, id))
            .await?;
        // One without a job was only there to fill a volume, or to look at a service.
        if let Some(job) = label(JOB) {
            reaped.removed.push(match label(SERVICE) {
                Some(image) => format!("service `{image}` of job `{job}` of run {run}"),
                None => format!("container of job `{job}` of run {run}"),
            });
            told.insert(run.clone());
        } else if label(KEEPS).is_some() && told.insert(run.clone()) {
            reaped.removed.push(format!("network of run {run}"));
        }
    }
    for (id, labels) in networks {
        let run = labels.get(RUN).map_or("", String::as_str);
        if alive(run) {
            continue;
        }
        patience
            .answer("remove network", networks::remove(docker, &id))
            .await?;
        if told.insert(run.to_owned()) {
            reaped.removed.push(format!("network of run {run}"));
        }
    }
    let given_up = store.map(LayerStore::give_up).unwrap_or_default();
    let kept = store.map(LayerStore::volumes).unwrap_or_default();
    for (name, labels) in found {
        let run = labels.get(RUN).map_or("", String::as_str);
        let is_left = !alive(run) && !kept.contains(&name) && !labels.contains_key(LASTING);
        if !is_left && !given_up.contains(&name) {
            continue;
        }
        patience
            .answer("remove volume", volumes::remove(docker, &name))
            .await?;
        // Those of a job go without saying, as layers that are too many do.
        if !given_up.contains(&name) && told.insert(run.to_owned()) {
            reaped.removed.push(format!("volumes of run {run}"));
        }
    }
    Ok(reaped)
}

async fn owned(docker: &Docker, owner: &str) -> Result<Vec<ContainerSummary>, ExecError> {
    let filters = create::of_owner(owner);
    let options = ListContainersOptionsBuilder::new()
        .all(true)
        .filters(&filters)
        .build();
    docker
        .list_containers(Some(options))
        .await
        .map_err(|error| fault::system("list containers", "leftovers can't be listed", error))
}
