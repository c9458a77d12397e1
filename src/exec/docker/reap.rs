//! What dead runs left on the daemon.

use std::collections::{BTreeSet, HashMap};

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
/// is never touched. Other runs go on meanwhile: what they take away themselves is not told.
pub(super) async fn reap(
    docker: &Docker,
    owner: &str,
    alive: &(dyn for<'a> Fn(&'a str) -> bool + Send + Sync),
    store: Option<&LayerStore>,
    patience: &Patience,
) -> Result<Reaped, ExecError> {
    // A layer that was kept is nobody's leftover, though another process gives it up now.
    let mut kept = store.map(LayerStore::volumes).unwrap_or_default();
    let mut found = Found::list(docker, owner, patience).await?;
    let given_up = store.map(LayerStore::give_up).unwrap_or_default();
    kept.extend(store.map(LayerStore::volumes).unwrap_or_default());
    let dead = found.dead_runs(alive, &kept);
    if !dead.is_empty() {
        // One that has ended since the list was made has taken its own away.
        found = Found::list(docker, owner, patience).await?;
    }
    let mut reaped = Reaped::default();
    let mut told = BTreeSet::new();
    for container in found.containers {
        let label = |name| label(&container, name);
        let (Some(id), Some(run)) = (&container.id, label(RUN)) else {
            continue;
        };
        if !dead.contains(run) {
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
    for (id, labels) in found.networks {
        let run = run_of(&labels);
        if !dead.contains(run) {
            continue;
        }
        patience
            .answer("remove network", networks::remove(docker, &id))
            .await?;
        if told.insert(run.to_owned()) {
            reaped.removed.push(format!("network of run {run}"));
        }
    }
    for (name, labels) in found.volumes {
        let run = run_of(&labels);
        let is_left = dead.contains(run) && is_of_one_run(&name, &labels, &kept);
        if !is_left && !given_up.contains(&name) {
            continue;
        }
        patience
            .answer("remove volume", volumes::remove(docker, &name))
            .await?;
        // Those of a job go without saying, as layers that are too many do.
        if is_left && told.insert(run.to_owned()) {
            reaped.removed.push(format!("volumes of run {run}"));
        }
    }
    Ok(reaped)
}

/// What carries an owner.
struct Found {
    containers: Vec<ContainerSummary>,
    networks: Vec<(String, Labels)>,
    volumes: Vec<(String, Labels)>,
}

type Labels = HashMap<String, String>;

impl Found {
    async fn list(docker: &Docker, owner: &str, patience: &Patience) -> Result<Self, ExecError> {
        let listing = async {
            tokio::try_join!(
                owned(docker, owner),
                networks::owned(docker, owner),
                volumes::owned(docker, owner)
            )
        };
        let listing = Box::pin(listing);
        let listed = patience.answer_within(LIMIT_AT_FIRST, "list containers", listing);
        let (containers, networks, volumes) = listed.await?;
        Ok(Self {
            containers,
            networks,
            volumes,
        })
    }

    /// Runs that are not alive and that something of it belongs to.
    fn dead_runs(&self, alive: &dyn Fn(&str) -> bool, kept: &[String]) -> BTreeSet<String> {
        let of_containers = self.containers.iter();
        let of_containers = of_containers.filter_map(|container| label(container, RUN));
        let of_containers = of_containers.map(String::as_str);
        let of_networks = self.networks.iter().map(|(_, labels)| run_of(labels));
        let volumes = self.volumes.iter();
        let volumes = volumes.filter(|(name, labels)| is_of_one_run(name, labels, kept));
        let runs = of_containers.chain(of_networks);
        let runs = runs.chain(volumes.map(|(_, labels)| run_of(labels)));
        runs.filter(|run| !alive(run)).map(str::to_owned).collect()
    }
}

fn label<'c>(container: &'c ContainerSummary, name: &str) -> Option<&'c String> {
    container.labels.as_ref()?.get(name)
}

fn run_of(labels: &Labels) -> &str {
    labels.get(RUN).map_or("", String::as_str)
}

/// Whether the volume goes with its run: it is no layer that is kept, and none of a job's folders that last.
fn is_of_one_run(name: &String, labels: &Labels, kept: &[String]) -> bool {
    !kept.contains(name) && !labels.contains_key(LASTING)
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

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use bollard::Docker;
    use bollard::models::ContainerCreateBody;
    use bollard::query_parameters::CreateContainerOptions;

    use super::super::super::Reach;
    use super::super::connect::Endpoint;
    use super::super::container;
    use super::super::create::{OWNER, RUN};
    use super::super::layer_store::LayerStore;
    use super::super::patience::Patience;
    use super::super::volumes;
    use super::reap;

    const US: &str = "tests of reaping";

    fn labels(run: &str) -> HashMap<String, String> {
        [(OWNER, US), (RUN, run)]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into()
    }

    async fn daemon() -> Docker {
        let host = std::env::var("DOCKER_HOST").ok();
        let endpoint = Endpoint::find(host.as_deref(), None, Reach::Local);
        endpoint
            .expect("a daemon")
            .connect()
            .await
            .expect("connects")
            .0
    }

    async fn make_volume(docker: &Docker, run: &str) -> String {
        let name = format!("pipe-test-reap-{run}-{}", std::process::id());
        volumes::make(docker, name.clone(), labels(run), HashMap::new())
            .await
            .expect("a volume");
        name
    }

    #[tokio::test]
    async fn what_another_process_takes_away_meanwhile_is_no_killed_runs_in_docker() {
        let docker = daemon().await;
        let body = ContainerCreateBody {
            image: Some("pipe-test-busybox:1".to_owned()),
            labels: Some(labels("lives")),
            ..ContainerCreateBody::default()
        };
        let made = docker
            .create_container(None::<CreateContainerOptions>, body)
            .await;
        let living = made.expect("a container").id;
        let layer = make_volume(&docker, "passed").await;
        let ending = make_volume(&docker, "ends").await;
        make_volume(&docker, "killed").await;
        let folder = tempfile::tempdir().expect("a folder");
        let store = || LayerStore::new(folder.path().to_owned());
        store().keep("l", &layer).expect("kept");
        // Asked for behind the first list.
        let is_alive = |run: &str| match run {
            "lives" => {
                store().give_up_all(std::slice::from_ref(&layer));
                true
            }
            "ends" => {
                let ending = ending.clone();
                let removing = std::thread::spawn(move || {
                    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
                    runtime
                        .block_on(async { volumes::remove(&daemon().await, &ending).await })
                        .expect("removes");
                });
                removing.join().expect("removes");
                false
            }
            _ => false,
        };
        let patience = Patience::default();
        let reaped = reap(&docker, US, &is_alive, Some(&store()), &patience).await;
        let left = volumes::owned(&docker, US).await.expect("a list");
        container::remove(&docker, &living).await.expect("removes");
        volumes::remove(&docker, &layer).await.expect("removes");
        assert_eq!(reaped.expect("reaps").removed, ["volumes of run killed"]);
        let left: Vec<&str> = left.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(left, [layer.as_str()], "it is the other's to remove");
    }
}
