//! What dead runs left on the daemon.

use std::collections::HashMap;

use bollard::Docker;
use bollard::models::ContainerSummary;
use bollard::query_parameters::ListContainersOptionsBuilder;

use super::super::{ExecError, Reaped};
use super::container::remove;
use super::create::{JOB, OWNER, RUN};
use super::fault;
use super::patience::{LIMIT_AT_FIRST, Patience};

/// Removes containers that carry `owner` and belong to a run that is not alive. The daemon may be
/// shared: what carries another owner, or none, is never touched.
pub(super) async fn reap(
    docker: &Docker,
    owner: &str,
    alive: &(dyn for<'a> Fn(&'a str) -> bool + Send + Sync),
    patience: &Patience,
) -> Result<Reaped, ExecError> {
    let mut reaped = Reaped::default();
    let listing = owned(docker, owner);
    let listed = patience.answer_within(LIMIT_AT_FIRST, "list containers", listing);
    for container in listed.await? {
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
        let job = label(JOB).map_or("?", String::as_str);
        reaped
            .removed
            .push(format!("container of job `{job}` of run {run}"));
    }
    Ok(reaped)
}

async fn owned(docker: &Docker, owner: &str) -> Result<Vec<ContainerSummary>, ExecError> {
    let filters = HashMap::from([("label", vec![format!("{OWNER}={owner}")])]);
    let options = ListContainersOptionsBuilder::new()
        .all(true)
        .filters(&filters)
        .build();
    docker
        .list_containers(Some(options))
        .await
        .map_err(|error| fault::system("list containers", "leftovers can't be listed", error))
}
