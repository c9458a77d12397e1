//! The executor: one daemon and the trees published to it.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bollard::Docker;
use bollard::models::SystemVersion;
use bollard::query_parameters::CreateContainerOptionsBuilder;
use tokio::sync::{OnceCell, Semaphore};

use super::super::cancel::{check, unless_asked};
use super::super::temp::temp_files;
use super::super::trees::Trees;
use super::super::{
    Capabilities, Cx, EnvSpec, ExecError, Executor, Image, Layout, Owner, Reaped, Session, Traits,
    TreeRef, TreeSpec,
};
use super::connect::Endpoint;
use super::container::Container;
use super::patience::Patience;
use super::session::DockerSession;
use super::upload::{Content, fill};
use super::{create, fault, image, reap};

/// Where jobs are built in a container (runtime reference 1.6).
const BUILDS_DIR: &str = "/builds";

/// Containers that start at once on one daemon (design chapter 3): it is no faster with more.
const STARTS: usize = 8;

/// Runs jobs in containers of one Docker daemon.
pub struct DockerExecutor {
    endpoint: Endpoint,
    daemon: OnceCell<(Docker, SystemVersion)>,
    trees: Trees,
    starts: Arc<Semaphore>,
    patience: Patience,
}

impl DockerExecutor {
    /// An executor on the daemon at `endpoint`. Nothing is asked of the daemon yet.
    pub fn new(endpoint: Endpoint) -> Self {
        Self {
            endpoint,
            daemon: OnceCell::new(),
            trees: Trees::default(),
            starts: Arc::new(Semaphore::new(STARTS)),
            patience: Patience::default(),
        }
    }

    /// The connection, made once, and who is at its other end.
    async fn daemon(&self) -> Result<&(Docker, SystemVersion), ExecError> {
        self.daemon
            .get_or_try_init(|| self.endpoint.connect())
            .await
    }

    async fn docker(&self) -> Result<&Docker, ExecError> {
        Ok(&self.daemon().await?.0)
    }

    async fn create(&self, spec: &EnvSpec) -> Result<Container, ExecError> {
        let Some(image) = &spec.image else {
            return Err(ExecError::user(
                "create container",
                "the job names no image",
            ));
        };
        create::check(spec)?;
        let docker = self.docker().await?;
        let mut options = CreateContainerOptionsBuilder::new();
        if let Some(platform) = &image.platform {
            options = options.platform(platform);
        }
        let name = create::name(&spec.owner, &spec.job, spec.attempt);
        let named = options.clone().name(&name).build();
        let body = create::body(spec, image);
        let making = async {
            let mut made = docker.create_container(Some(named), body.clone()).await;
            // Two pipelines of one run may have jobs of the same name: the labels tell them apart.
            if matches!(&made, Err(error) if fault::status(error) == Some(409)) {
                made = docker.create_container(Some(options.build()), body).await;
            }
            made.map_err(|error| fault::create(&image.name, error))
        };
        let making = self.patience.answer("create container", Box::pin(making));
        let made = making.await?;
        Ok(Container::new(
            docker.clone(),
            made.id,
            self.starts.clone(),
            self.patience.clone(),
        ))
    }
}

#[async_trait]
impl Executor for DockerExecutor {
    fn name(&self) -> &'static str {
        "docker"
    }

    fn traits(&self) -> Traits {
        Traits {
            images: true,
            services: false,
            disposable: true,
            moves_project_dir: true,
            opens_ahead: true,
            starts: Some(STARTS),
        }
    }

    fn layout(&self, project_path: &str, _job: &str, _attempt: u32) -> Layout {
        Layout {
            builds_dir: BUILDS_DIR.to_owned(),
            project_dir: format!("{BUILDS_DIR}/{project_path}"),
        }
    }

    async fn probe(&self, cx: &Cx) -> Result<Capabilities, ExecError> {
        let (_, version) = unless_asked(&cx.cancel, "connect", self.daemon()).await?;
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
            let docker = self.docker().await?;
            let looking = image::missing(docker, images);
            self.patience.answer(phase, looking).await
        };
        unless_asked(&cx.cancel, phase, looking).await
    }

    async fn pull(
        &self,
        image: &Image,
        progress: &(dyn for<'a> Fn(u64, u64) + Send + Sync),
        cx: &Cx,
    ) -> Result<(), ExecError> {
        let pulling = async { image::pull(self.docker().await?, image, progress).await };
        unless_asked(&cx.cancel, "pull image", pulling).await
    }

    async fn publish_tree(&self, tree: &TreeSpec, _cx: &Cx) -> Result<TreeRef, ExecError> {
        Ok(self.trees.publish(tree))
    }

    fn silent_for(&self) -> Option<Duration> {
        self.patience.silent_for()
    }

    fn environment_name(&self, owner: &Owner, job: &str, attempt: u32) -> String {
        format!("container `{}`", create::name(owner, job, attempt))
    }

    async fn open(&self, spec: EnvSpec, cx: &Cx) -> Result<Box<dyn Session>, ExecError> {
        check(&cx.cancel, "open")?;
        let content = Content {
            layout: spec.layout.clone(),
            temp_files: temp_files(&spec),
            tars: self.trees.archives(&spec.workspace)?,
        };
        // Never broken off: a container that the daemon makes meanwhile would have no owner.
        let mut container = self.create(&spec).await?;
        let filling = fill(&container.docker, &container.id, content);
        if let Err(error) = unless_asked(&cx.cancel, "upload", filling).await {
            // The first error tells more than one of cleaning up.
            let _ = container.remove().await;
            return Err(error);
        }
        Ok(Box::new(DockerSession::new(container, spec.layout)))
    }

    async fn reap(
        &self,
        owner: &str,
        alive: &(dyn for<'a> Fn(&'a str) -> bool + Send + Sync),
        cx: &Cx,
    ) -> Result<Reaped, ExecError> {
        let reaping =
            async { reap::reap(self.docker().await?, owner, alive, &self.patience).await };
        unless_asked(&cx.cancel, "reap", reaping).await
    }
}
