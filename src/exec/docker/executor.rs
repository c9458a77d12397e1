//! The executor: one daemon, its containers and the trees published to it.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use super::super::cancel::{check, unless_asked};
use super::super::{
    Capabilities, Cx, EnvSpec, ExecError, Executor, Image, Layout, Owner, Reaped, Session, Traits,
    TreeRef, TreeSpec, Turn,
};
use super::connect::Endpoint;
use super::containers::Containers;
use super::host_builds::HostBuilds;
use super::layer_store::LayerStore;
use super::layers::{Layers, token};
use super::log_fifos::LogFifos;
use super::session::DockerSession;
use super::settings::DockerSettings;
use super::workspace::WORTH_A_LAYER;
use super::{connect, create, forget, image, reap};

/// Where jobs are built in a container (runtime reference 1.6).
const BUILDS_DIR: &str = "/builds";

/// Containers that start at once on one daemon (design chapter 3): it is no faster with more.
const STARTS: usize = 8;

/// Runs jobs in containers of one Docker daemon.
pub struct DockerExecutor {
    containers: Arc<Containers>,
    /// With the socket: where builds directories are on the daemon's host.
    host_builds: Option<HostBuilds>,
}

impl DockerExecutor {
    /// An executor on the daemon at `endpoint`. Nothing is asked of the daemon yet.
    pub fn new(endpoint: Endpoint, settings: DockerSettings) -> Self {
        Self::remembering(endpoint, settings, None, None)
    }

    /// The same, with layers of project trees that outlive a run, and logs that the daemon need not
    /// carry: which layers it has, and what it can do, is remembered in `folder`, which need not be
    /// there yet.
    pub fn keeping_layers_in(endpoint: Endpoint, settings: DockerSettings, folder: &Path) -> Self {
        let name = super::layers::id("daemon", &endpoint.socket);
        let folder = folder.join(name);
        let store = LayerStore::new(folder.clone());
        Self::remembering(endpoint, settings, Some(store), Some(folder))
    }

    /// The same as [`DockerExecutor::new`], with logs that the daemon need not carry.
    #[cfg(test)]
    pub(in super::super) fn with_log_fifos_in(
        endpoint: Endpoint,
        settings: DockerSettings,
        folder: &Path,
    ) -> Self {
        Self::remembering(endpoint, settings, None, Some(folder.to_owned()))
    }

    fn remembering(
        endpoint: Endpoint,
        settings: DockerSettings,
        store: Option<LayerStore>,
        logs: Option<PathBuf>,
    ) -> Self {
        let logs = LogFifos::new(logs, endpoint.clone());
        let layers = Layers::new(store);
        // Without random bytes the first volume fails, and says so.
        let token = settings.host_socket.then(|| token().unwrap_or_default());
        Self {
            host_builds: token.map(HostBuilds::new),
            containers: Arc::new(Containers::new(endpoint, settings, STARTS, layers, logs)),
        }
    }
}

impl DockerExecutor {
    async fn open_when(
        &self,
        spec: EnvSpec,
        turn: Option<Turn>,
        cx: &Cx,
    ) -> Result<Box<dyn Session>, ExecError> {
        check(&cx.cancel, "open")?;
        let made = self.containers.make(&spec, turn, cx).await?;
        let session = DockerSession::new(Arc::clone(&self.containers), made, spec);
        Ok(Box::new(session))
    }

    /// Writes an image of the daemon to `to`, as `docker save` does.
    pub async fn save_image(&self, name: &str, to: &mut dyn Write) -> Result<(), ExecError> {
        let daemon = self.containers.daemon().await?;
        image::save(&daemon.0, name, to).await
    }
}

#[async_trait]
impl Executor for DockerExecutor {
    fn name(&self) -> &'static str {
        "docker"
    }

    fn traits(&self) -> Traits {
        Traits {
            own_image: None,
            images: true,
            services: true,
            disposable: true,
            moves_project_dir: true,
            // What is made again for one environment has a place already.
            opens_ahead: self.host_builds.is_none(),
            tells_layout: self.host_builds.is_some(),
            early_artifacts: Some(WORTH_A_LAYER),
            brings_by: "`docker pull`",
            starts: Some(STARTS),
        }
    }

    fn layout(&self, project_path: &str, job: &str, attempt: u32) -> Layout {
        let builds_dir = match &self.host_builds {
            None => BUILDS_DIR.to_owned(),
            Some(builds) => builds.builds_dir(job, attempt),
        };
        Layout {
            project_dir: format!("{builds_dir}/{project_path}"),
            builds_dir,
        }
    }

    async fn probe(&self, cx: &Cx) -> Result<Capabilities, ExecError> {
        let connecting = async {
            let daemon = self.containers.daemon().await?;
            if let Some(builds) = &self.host_builds {
                let asking = connect::root(&daemon.0);
                let root = self.containers.patience.answer("connect", asking).await?;
                builds.learn(&root);
            }
            Ok(daemon)
        };
        let (_, version) = unless_asked(&cx.cancel, "connect", connecting).await?;
        let text = |word: &Option<String>| word.clone().unwrap_or_else(|| "unknown".to_owned());
        Ok(Capabilities {
            description: format!(
                "Docker Engine {}, API {}, {}/{}",
                text(&version.version),
                text(&version.api_version),
                text(&version.os),
                text(&version.arch)
            ),
        })
    }

    async fn missing(&self, images: &[Image], cx: &Cx) -> Result<Vec<Image>, ExecError> {
        let phase = "inspect image";
        let looking = async {
            let docker = self.containers.docker().await?;
            let looking = image::missing(docker, images);
            self.containers.patience.answer(phase, looking).await
        };
        unless_asked(&cx.cancel, phase, looking).await
    }

    async fn pull(
        &self,
        image: &Image,
        progress: &(dyn for<'a> Fn(u64, u64) + Send + Sync),
        cx: &Cx,
    ) -> Result<(), ExecError> {
        let pulling = async {
            let docker = self.containers.docker().await?;
            let keyring = &self.containers.settings.keyring;
            let found = keyring.find(&image.name, &image.logins).await;
            for warning in found.warnings {
                let _ = cx.output.send(format!("{warning}\n").into_bytes()).await;
            }
            image::pull(docker, image, found.login, progress).await
        };
        unless_asked(&cx.cancel, "pull image", pulling).await
    }

    async fn publish_tree(&self, tree: &TreeSpec, _cx: &Cx) -> Result<TreeRef, ExecError> {
        Ok(self.containers.publish(tree))
    }

    fn silent_for(&self) -> Option<Duration> {
        self.containers.patience.silent_for()
    }

    fn environment_name(&self, owner: &Owner, job: &str, attempt: u32) -> String {
        format!("container `{}`", create::name(owner, job, attempt))
    }

    async fn open(&self, spec: EnvSpec, cx: &Cx) -> Result<Box<dyn Session>, ExecError> {
        self.open_when(spec, None, cx).await
    }

    async fn open_ahead(
        &self,
        spec: EnvSpec,
        turn: Turn,
        cx: &Cx,
    ) -> Result<Box<dyn Session>, ExecError> {
        self.open_when(spec, Some(turn), cx).await
    }

    fn expect(&self, environments: usize) {
        self.containers.networks.expect(environments);
    }

    async fn release(&self, budget: Duration) -> Result<(), ExecError> {
        let Some((docker, _)) = self.containers.known() else {
            return Ok(());
        };
        let releasing = async {
            let layers = self.containers.layers().release(docker);
            let (layers, networks) = tokio::join!(layers, self.containers.networks.release());
            layers.and(networks)
        };
        tokio::time::timeout(budget, releasing)
            .await
            .unwrap_or_else(|late| {
                let seconds = budget.as_secs();
                let message = format!("what the run has kept was not removed in {seconds} s");
                Err(ExecError::system("release", message).because(late))
            })
    }

    async fn reap(
        &self,
        owner: &str,
        alive: &(dyn for<'a> Fn(&'a str) -> bool + Send + Sync),
        cx: &Cx,
    ) -> Result<Reaped, ExecError> {
        let reaping = async {
            let store = self.containers.layers().store();
            let docker = self.containers.docker().await?;
            self.containers.logs.reap(owner, alive);
            reap::reap(docker, owner, alive, store, &self.containers.patience).await
        };
        unless_asked(&cx.cancel, "reap", reaping).await
    }

    async fn kept(&self, owner: &str, cx: &Cx) -> Result<Vec<String>, ExecError> {
        let Some(store) = self.containers.layers().store() else {
            return Ok(Vec::new());
        };
        // Where nothing is remembered, no daemon need be there.
        if store.volumes().is_empty() {
            return Ok(Vec::new());
        }
        let looking = async {
            let docker = self.containers.docker().await?;
            forget::kept(docker, owner, store, &self.containers.patience).await
        };
        unless_asked(&cx.cancel, "list volumes", looking).await
    }

    async fn forget(&self, owner: &str, cx: &Cx) -> Result<Vec<String>, ExecError> {
        let Some(store) = self.containers.layers().store() else {
            return Ok(Vec::new());
        };
        if store.volumes().is_empty() {
            return Ok(Vec::new());
        }
        let forgetting = async {
            let docker = self.containers.docker().await?;
            forget::forget(docker, owner, store, &self.containers.patience).await
        };
        unless_asked(&cx.cancel, "remove volume", forgetting).await
    }
}
