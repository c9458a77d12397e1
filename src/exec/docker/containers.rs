//! Making the container of an attempt, with its files in place: over volumes that all jobs share,
//! or, where the daemon can't lay volumes over each other, filled with all of it.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bollard::Docker;
use bollard::models::{ContainerCreateBody, SystemVersion};
use bollard::query_parameters::{
    ContainerArchiveInfoOptionsBuilder, CreateContainerOptionsBuilder,
};
use tokio::sync::{OnceCell, Semaphore};

use super::super::cancel::unless_asked;
use super::super::temp::temp_files;
use super::super::trees::Trees;
use super::super::{ArtifactRef, Cx, EnvSpec, ExecError, Fault, Image, TreeRef, TreeSpec};
use super::connect::Endpoint;
use super::container::Container;
use super::layers::{Layers, Site};
use super::patience::Patience;
use super::services::Services;
use super::upload::{self, Content};
use super::workspace::{Volumes, Workspaces};
use super::{create, fault, image};

/// One daemon, and what is made on it.
pub(super) struct Containers {
    endpoint: Endpoint,
    daemon: OnceCell<(Docker, SystemVersion)>,
    pub(super) patience: Patience,
    starts: Arc<Semaphore>,
    workspaces: Workspaces,
    overlays: Overlays,
    /// The trees as files, for a daemon without overlays.
    flat: Trees,
    /// Whether root is the user of an image, by its name.
    roots: Mutex<HashMap<String, bool>>,
}

/// Whether the daemon lays volumes over each other. Not known before it has done so once.
#[derive(Default)]
struct Overlays(AtomicU8);

const WORKS: u8 = 1;
const REFUSED: u8 = 2;

impl Overlays {
    fn are_refused(&self) -> bool {
        self.0.load(Ordering::Relaxed) == REFUSED
    }

    fn work(&self) -> bool {
        self.0.load(Ordering::Relaxed) == WORKS
    }

    fn found(&self, state: u8) {
        self.0.store(state, Ordering::Relaxed);
    }
}

impl Containers {
    pub(super) fn new(endpoint: Endpoint, starts: usize, layers: Layers) -> Self {
        Self {
            endpoint,
            daemon: OnceCell::new(),
            patience: Patience::default(),
            starts: Arc::new(Semaphore::new(starts)),
            workspaces: Workspaces::new(layers),
            overlays: Overlays::default(),
            flat: Trees::default(),
            roots: Mutex::default(),
        }
    }

    /// The connection, made once, and who is at its other end.
    pub(super) async fn daemon(&self) -> Result<&(Docker, SystemVersion), ExecError> {
        self.daemon
            .get_or_try_init(|| self.endpoint.connect())
            .await
    }

    pub(super) async fn docker(&self) -> Result<&Docker, ExecError> {
        Ok(&self.daemon().await?.0)
    }

    /// The connection, if anybody has asked for it.
    pub(super) fn known(&self) -> Option<&(Docker, SystemVersion)> {
        self.daemon.get()
    }

    pub(super) fn layers(&self) -> &Layers {
        &self.workspaces.layers
    }

    pub(super) fn publish(&self, tree: &TreeSpec) -> TreeRef {
        self.workspaces.publish(tree)
    }

    /// The container of an attempt. When it fails it has undone what it began.
    pub(super) async fn make(&self, spec: &EnvSpec, cx: &Cx) -> Result<Container, ExecError> {
        let Some(image) = &spec.image else {
            return Err(ExecError::user(
                "create container",
                "the job names no image",
            ));
        };
        create::check(spec)?;
        let mut container = self.place(spec, image, cx).await?;
        if let Some(services) = &mut container.services {
            let site = self.site(spec, image).await?;
            let waiting = services.wait(&site, cx);
            if let Err(error) = unless_asked(&cx.cancel, "wait for services", waiting).await {
                let _ = container.remove().await;
                return Err(error);
            }
        }
        Ok(container)
    }

    /// The container with its files, and its services started.
    async fn place(&self, spec: &EnvSpec, image: &Image, cx: &Cx) -> Result<Container, ExecError> {
        if !self.overlays.are_refused()
            && let Some(container) = self.over_volumes(spec, image, cx).await?
        {
            return Ok(container);
        }
        self.filled(spec, image, cx).await
    }

    /// A container over volumes; `None` where the daemon can't do that.
    async fn over_volumes(
        &self,
        spec: &EnvSpec,
        image: &Image,
        cx: &Cx,
    ) -> Result<Option<Container>, ExecError> {
        let site = self.site(spec, image).await?;
        let name = create::name(&spec.owner, &spec.job, spec.attempt);
        let making = self.workspaces.make(&site, &name, spec);
        let (made, services) = tokio::join!(making, Services::network(&site, spec));
        let (volumes, rest) = match made {
            Ok(made) => made,
            Err(error) if error.fault == Fault::Unsupported => {
                self.overlays.found(REFUSED);
                return Ok(None);
            }
            Err(error) => return Err(error),
        };
        let made = self.create(&site, spec, image, volumes, services).await;
        let mut container = made?;
        let readying = async {
            if !self.overlays.work() {
                if !self.is_there(&container, &spec.layout.builds_dir).await? {
                    self.overlays.found(REFUSED);
                    return Ok(false);
                }
                self.overlays.found(WORKS);
            }
            let (docker, id) = (&site.docker, &container.id);
            if !self.runs_as_root(image).await? {
                upload::open_builds(docker, id, &spec.layout).await?;
            }
            if !rest.is_empty() {
                upload::add(docker, id, &spec.layout.project_dir, tars(&rest)).await?;
            }
            Ok(true)
        };
        match unless_asked(&cx.cancel, "upload", readying).await {
            Ok(true) => Ok(Some(container)),
            Ok(false) => {
                container.remove().await?;
                Ok(None)
            }
            Err(error) => {
                // The first error tells more than one of cleaning up.
                let _ = container.remove().await;
                Err(error)
            }
        }
    }

    /// A container of its own that everything is copied into.
    async fn filled(&self, spec: &EnvSpec, image: &Image, cx: &Cx) -> Result<Container, ExecError> {
        if let Some(tree) = &spec.workspace.tree {
            let tree = self.workspaces.tree(tree)?;
            self.flat.publish(&tree, cx).await?;
        }
        let content = Content {
            layout: spec.layout.clone(),
            temp_files: temp_files(spec),
            tars: self.flat.archives(&spec.workspace)?,
        };
        let site = self.site(spec, image).await?;
        let services = Services::network(&site, spec).await;
        let volumes = Volumes::default();
        let mut container = self.create(&site, spec, image, volumes, services).await?;
        let filling = upload::fill(&container.docker, &container.id, content);
        if let Err(error) = unless_asked(&cx.cancel, "upload", filling).await {
            let _ = container.remove().await;
            return Err(error);
        }
        Ok(container)
    }

    async fn site(&self, spec: &EnvSpec, image: &Image) -> Result<Site, ExecError> {
        Ok(Site {
            docker: self.docker().await?.clone(),
            patience: self.patience.clone(),
            starts: self.starts.clone(),
            owner: spec.owner.clone(),
            image: image.name.clone(),
        })
    }

    /// The container over `volumes`, which go with it, and its services, which are started. Never
    /// broken off: what the daemon makes meanwhile would have no owner.
    async fn create(
        &self,
        site: &Site,
        spec: &EnvSpec,
        image: &Image,
        volumes: Volumes,
        services: Result<Option<Services>, ExecError>,
    ) -> Result<Container, ExecError> {
        let (starts, patience) = (self.starts.clone(), self.patience.clone());
        let mut container = Container::new(site.docker.clone(), String::new(), starts, patience);
        container.volumes = volumes.names;
        let mut services = match services {
            Ok(services) => services,
            Err(error) => {
                let _ = container.remove().await;
                return Err(error);
            }
        };
        let network = services.as_ref().map(|services| services.id().to_owned());
        let body = create::body(spec, image, &volumes.overlay, network.as_deref());
        let making = self.create_itself(site, spec, image, body);
        let result = match &mut services {
            None => making.await.map(|id| container.id = id),
            Some(services) => {
                let starting = services.start(site, spec, &volumes.overlay);
                let (made, started) = tokio::join!(making, starting);
                made.map(|id| container.id = id).and(started)
            }
        };
        container.services = services.map(Box::new);
        if let Err(error) = result {
            let _ = container.remove().await;
            return Err(error);
        }
        Ok(container)
    }

    /// The id of a new container.
    async fn create_itself(
        &self,
        site: &Site,
        spec: &EnvSpec,
        image: &Image,
        body: ContainerCreateBody,
    ) -> Result<String, ExecError> {
        let mut options = CreateContainerOptionsBuilder::new();
        if let Some(platform) = &image.platform {
            options = options.platform(platform);
        }
        let name = create::name(&spec.owner, &spec.job, spec.attempt);
        let named = options.clone().name(&name).build();
        let docker = &site.docker;
        let making = async {
            let mut made = docker.create_container(Some(named), body.clone()).await;
            // Two pipelines of one run may have jobs of the same name: the labels tell them apart.
            if matches!(&made, Err(error) if fault::status(error) == Some(409)) {
                made = docker.create_container(Some(options.build()), body).await;
            }
            made.map_err(|error| fault::create(&image.name, error))
        };
        let making = self.patience.answer("create container", Box::pin(making));
        Ok(making.await?.id)
    }

    /// Whether the folder `path` of the container is there: its volumes can be mounted.
    async fn is_there(&self, container: &Container, path: &str) -> Result<bool, ExecError> {
        let options = ContainerArchiveInfoOptionsBuilder::new().path(path).build();
        let looking = async {
            let (docker, id) = (&container.docker, &container.id);
            match docker.get_container_archive_info(id, Some(options)).await {
                Ok(_) => Ok(true),
                Err(error) if fault::status(&error).is_some() => Ok(false),
                Err(error) => Err(fault::system(
                    "upload",
                    "the volumes can't be looked at",
                    error,
                )),
            }
        };
        self.patience.answer("upload", looking).await
    }

    /// Whether the job's processes begin as root. Anyone else may write only where that is open to
    /// all.
    async fn runs_as_root(&self, image: &Image) -> Result<bool, ExecError> {
        if let Some(user) = &image.user {
            return Ok(is_root(user));
        }
        let known = self.roots().get(&image.name).copied();
        if let Some(known) = known {
            return Ok(known);
        }
        let user = image::user(self.docker().await?, &image.name);
        let user = self.patience.answer("inspect image", user).await?;
        self.roots().insert(image.name.clone(), is_root(&user));
        Ok(is_root(&user))
    }

    fn roots(&self) -> std::sync::MutexGuard<'_, HashMap<String, bool>> {
        // The map is whole at any moment, even if another task came to grief.
        self.roots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The archives of artifacts.
pub(super) fn tars(artifacts: &[ArtifactRef]) -> Vec<PathBuf> {
    artifacts.iter().map(|kept| kept.tar.clone()).collect()
}

/// What an image's `USER` says of root: its name or number, with any group.
fn is_root(user: &str) -> bool {
    matches!(user.split(':').next(), None | Some("" | "root" | "0"))
}

#[cfg(test)]
mod tests {
    use super::is_root;

    #[test]
    fn who_is_root() {
        for (user, root) in [
            ("", true),
            ("0", true),
            ("root", true),
            ("root:root", true),
            ("0:1000", true),
            ("1000", false),
            ("node", false),
            ("1000:0", false),
        ] {
            assert_eq!(is_root(user), root, "{user}");
        }
    }
}
