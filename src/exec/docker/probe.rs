//! Where the sockets of a service are looked at: in the tables that the kernel keeps of its network,
//! without a connection that the service would see (runtime reference 8.4).

use std::collections::BTreeSet;
use std::time::Duration;

use bollard::container::{AttachContainerResults, LogOutput};
use bollard::models::{ContainerCreateBody, HostConfig, HostConfigLogConfig};
use bollard::query_parameters::{AttachContainerOptionsBuilder, StartContainerOptions};
use futures_util::StreamExt;

use super::super::ExecError;
use super::super::ports::listening;
use super::container::Container;
use super::fault;
use super::layers::Site;

/// How often a table is read.
const PAUSE: Duration = Duration::from_millis(50);

/// Prints both tables again and again, each time with an empty line behind them.
const WATCH: &str = "while :; do cat /proc/net/tcp /proc/net/tcp6 2>/dev/null; echo; \
                     sleep 0.2 2>/dev/null || sleep 1; done";

/// A look at one service's sockets.
pub(super) enum Probe {
    /// By a process of it, which this machine sees too.
    Process(i64),
    /// By a container of the job's image beside it, which certainly has a shell.
    Beside {
        watch: AttachContainerResults,
        text: Vec<u8>,
        /// Goes with the probe.
        container: Box<Container>,
    },
}

impl Probe {
    /// A probe of the container `id` whose first process is `pid`.
    pub(super) async fn new(site: &Site, id: &str, pid: i64) -> Result<Self, ExecError> {
        if is_process_of(id, pid).await {
            return Ok(Self::Process(pid));
        }
        Box::pin(Self::beside(site, id)).await
    }

    /// For a daemon whose processes are not of this machine.
    async fn beside(site: &Site, id: &str) -> Result<Self, ExecError> {
        let body = ContainerCreateBody {
            image: Some(site.image.clone()),
            entrypoint: Some(["sh", "-c", WATCH].map(str::to_owned).to_vec()),
            labels: Some(site.labels()),
            attach_stdout: Some(true),
            host_config: Some(HostConfig {
                network_mode: Some(format!("container:{id}")),
                log_config: Some(HostConfigLogConfig {
                    typ: Some("none".to_owned()),
                    config: None,
                }),
                ..HostConfig::default()
            }),
            ..ContainerCreateBody::default()
        };
        let container = Box::pin(site.container(None, body)).await?;
        let beginning = async {
            let options = AttachContainerOptionsBuilder::new()
                .stdout(true)
                .stream(true);
            let (docker, id) = (&site.docker, container.id.as_str());
            let watch = docker.attach_container(id, Some(options.build())).await;
            let watch = watch
                .map_err(|error| fault::system("attach", "the service can't be watched", error))?;
            let started = docker
                .start_container(id, None::<StartContainerOptions>)
                .await;
            started.map_err(|error| fault::start(&[], error))?;
            Ok(watch)
        };
        let watch = site.patience.answer("start container", beginning).await?;
        Ok(Self::Beside {
            watch,
            text: Vec::new(),
            container: Box::new(container),
        })
    }

    /// Nobody looks any more.
    pub(super) async fn leave(self) {
        if let Self::Beside { mut container, .. } = self {
            // It goes in the background where it does not go now.
            let _ = container.remove().await;
        }
    }

    /// The ports on which the service takes connections, after a moment; `None` where nothing can
    /// be seen of it any more.
    pub(super) async fn ports(&mut self) -> Option<BTreeSet<u16>> {
        match self {
            Self::Process(pid) => {
                tokio::time::sleep(PAUSE).await;
                let table = async |name: &str| {
                    tokio::fs::read_to_string(format!("/proc/{pid}/net/{name}")).await
                };
                let tables = [
                    table("tcp").await.ok()?,
                    table("tcp6").await.unwrap_or_default(),
                ];
                Some(listening(&tables.concat()))
            }
            Self::Beside { watch, text, .. } => loop {
                if let Some(end) = text.windows(2).position(|two| two == b"\n\n") {
                    let tables: Vec<u8> = text.drain(..end + 2).collect();
                    return Some(listening(&String::from_utf8_lossy(&tables)));
                }
                let Some(Ok(LogOutput::StdOut { message })) = watch.output.next().await else {
                    return None;
                };
                text.extend_from_slice(&message);
            },
        }
    }
}

/// Whether that process of this machine is one of the container, and its sockets can be seen: the
/// daemon may run elsewhere, and count others.
async fn is_process_of(id: &str, pid: i64) -> bool {
    if pid <= 0 {
        return false;
    }
    let groups = tokio::fs::read_to_string(format!("/proc/{pid}/cgroup")).await;
    let table = tokio::fs::metadata(format!("/proc/{pid}/net/tcp")).await;
    groups.is_ok_and(|groups| groups.contains(id)) && table.is_ok()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use bollard::models::ContainerCreateBody;
    use bollard::query_parameters::{CreateContainerOptions, StartContainerOptions};
    use tokio::sync::Semaphore;

    use super::super::super::{Owner, Reach};
    use super::super::connect::Endpoint;
    use super::super::container::Container;
    use super::super::layers::Site;
    use super::super::patience::Patience;
    use super::{Probe, is_process_of};

    const IMAGE: &str = "pipe-test-busybox:1";

    #[tokio::test]
    async fn a_container_beside_sees_the_ports_of_a_service_in_docker() {
        let host = std::env::var("DOCKER_HOST").ok();
        let endpoint = Endpoint::find(host.as_deref(), None, Reach::Local);
        let (docker, _) = endpoint
            .expect("a daemon")
            .connect()
            .await
            .expect("connects");
        let site = Site {
            docker: docker.clone(),
            patience: Patience::default(),
            starts: Arc::new(Semaphore::new(8)),
            owner: Owner {
                owner: "tests of probes".to_owned(),
                run: "probe".to_owned(),
            },
            image: IMAGE.to_owned(),
        };
        let body = ContainerCreateBody {
            image: Some(IMAGE.to_owned()),
            cmd: Some(
                ["sh", "-c", "sleep 1; exec httpd -f -p 8081"]
                    .map(str::to_owned)
                    .to_vec(),
            ),
            labels: Some(site.labels()),
            ..ContainerCreateBody::default()
        };
        let made = docker
            .create_container(None::<CreateContainerOptions>, body)
            .await;
        let id = made.expect("a container").id;
        let (starts, patience) = (site.starts.clone(), site.patience.clone());
        let mut service = Container::new(docker.clone(), id, starts, patience);
        let started = docker.start_container(&service.id, None::<StartContainerOptions>);
        started.await.expect("starts");
        let mut probe = Probe::beside(&site, &service.id).await.expect("a probe");
        let seeing = async {
            let mut seen = Vec::new();
            while !seen.contains(&8081) {
                seen.extend(probe.ports().await.expect("still there"));
            }
            seen
        };
        let seen = tokio::time::timeout(Duration::from_secs(20), seeing).await;
        assert_eq!(seen.expect("in time"), [8081]);
        probe.leave().await;
        service.remove().await.expect("removes");
    }

    #[tokio::test]
    async fn a_process_of_something_else_is_not_the_services() {
        let own = i64::from(std::process::id());
        assert!(!is_process_of("0123456789abcdef", own).await);
        assert!(!is_process_of("", 0).await);
    }
}
