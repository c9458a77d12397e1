//! Making the container of an attempt, with its files in place: over volumes that all jobs share,
//! or, where the daemon can't lay volumes over each other, filled with all of it.

use std::path::PathBuf;
use std::sync::Arc;

use bollard::Docker;
use bollard::models::SystemVersion;
use tokio::sync::{OnceCell, Semaphore};

use super::super::cancel::unless_asked;
use super::super::owned::Owner;
use super::super::temp::temp_files;
use super::super::trees::Trees;
use super::super::{ArtifactRef, Cx, EnvSpec, ExecError, Fault, Image, TreeRef, TreeSpec, Turn};
use super::connect::Endpoint;
use super::container::Container;
use super::create::Common;
use super::images::Images;
use super::job_network::JobNetwork;
use super::kept_networks::KeptNetworks;
use super::layers::{Layers, Site, token};
use super::log_fifos::LogFifos;
use super::mounts::Mounts;
use super::overlays::Overlays;
use super::patience::Patience;
use super::run::Waiting;
use super::services::Services;
use super::settings::DockerSettings;
use super::upload::{self, Content};
use super::workspace::{Volumes, Workspaces};
use super::{connect, create, host_builds, mounts, overlays, ownership};

/// One daemon, and what is made on it.
pub(super) struct Containers {
    pub(super) endpoint: Endpoint,
    daemon: OnceCell<(Docker, SystemVersion)>,
    pub(super) patience: Patience,
    starts: Arc<Semaphore>,
    pub(super) workspaces: Workspaces,
    pub(super) overlays: Overlays,
    tried_out: OnceCell<()>,
    labels_files: OnceCell<bool>,
    pub(super) logs: LogFifos,
    /// The trees as files, for a daemon without overlays.
    flat: Trees,
    pub(super) images: Images,
    pub(super) settings: DockerSettings,
    pub(super) networks: Arc<KeptNetworks>,
}

/// What is to be made for an attempt, and where.
pub(super) struct Plan<'a> {
    pub(super) site: Site,
    pub(super) spec: &'a EnvSpec,
    pub(super) image: &'a Image,
    /// Its turn, where that is still to come.
    pub(super) turn: Option<Turn>,
    cx: &'a Cx,
}

/// What a new container gets of the job's files.
pub(super) enum Files {
    /// What its volumes do not have.
    Beside(Vec<ArtifactRef>),
    /// All of them.
    All(Content),
}

/// The container of an attempt.
pub(super) struct Made {
    pub(super) container: Container,
    /// Its shell, where that was started meanwhile.
    pub(super) waiting: Option<Waiting>,
}

impl Containers {
    pub(super) fn new(
        endpoint: Endpoint,
        settings: DockerSettings,
        starts: usize,
        layers: Layers,
        logs: LogFifos,
    ) -> Self {
        Self {
            settings,
            endpoint,
            daemon: OnceCell::new(),
            patience: Patience::default(),
            starts: Arc::new(Semaphore::new(starts)),
            workspaces: Workspaces::new(layers),
            overlays: Overlays::default(),
            tried_out: OnceCell::new(),
            labels_files: OnceCell::new(),
            logs,
            flat: Trees::default(),
            images: Images::default(),
            networks: Arc::default(),
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

    /// Whether a job's files may be nobody else's to read.
    pub(super) async fn labels_files(&self) -> Result<bool, ExecError> {
        let asking = || async {
            let asking = connect::labels_files(self.docker().await?);
            self.patience.answer("connect", asking).await
        };
        self.labels_files.get_or_try_init(asking).await.copied()
    }

    /// The container of an attempt, and what goes with it. When it fails it has undone what it began.
    /// `turn` is given where that is still to come.
    pub(super) async fn make(
        &self,
        spec: &EnvSpec,
        turn: Option<Turn>,
        cx: &Cx,
    ) -> Result<Made, ExecError> {
        let Some(image) = &spec.image else {
            return Err(ExecError::user(
                "create container",
                "the job names no image",
            ));
        };
        create::check(spec)?;
        let site = self.site(spec, image).await?;
        let image = Image {
            user: self.settings.user_of(image),
            ..image.clone()
        };
        let plan = Plan {
            site,
            spec,
            image: &image,
            turn,
            cx,
        };
        let mut made = match Box::pin(self.over_volumes(&plan)).await? {
            Some(made) => made,
            None => self.filled(&plan).await?,
        };
        if let Some(services) = &mut made.container.services {
            let waiting = services.wait(&plan.site, cx);
            if let Err(error) = unless_asked(&cx.cancel, "wait for services", waiting).await {
                let _ = made.container.remove().await;
                return Err(error);
            }
        }
        Ok(made)
    }

    pub(super) async fn site(&self, spec: &EnvSpec, image: &Image) -> Result<Site, ExecError> {
        Ok(Site {
            docker: self.docker().await?.clone(),
            patience: self.patience.clone(),
            starts: self.starts.clone(),
            owner: spec.owner.clone(),
            image: image.name.clone(),
        })
    }

    /// Whose the files of the job are; `None` for root's, and open to all.
    pub(super) async fn owner(&self, spec: &EnvSpec) -> Result<Option<Owner>, ExecError> {
        let Some(image) = spec.image.as_ref().filter(|_| spec.owned_files) else {
            return Ok(None);
        };
        let site = self.site(spec, image).await?;
        let image = Image {
            user: self.settings.user_of(image),
            ..image.clone()
        };
        let owner = ownership::owner(&site, &self.images, &image).await?;
        Ok(Some(owner))
    }

    /// A container over volumes; `None` where the daemon can't do that.
    async fn over_volumes(&self, plan: &Plan<'_>) -> Result<Option<Made>, ExecError> {
        let (site, spec) = (&plan.site, plan.spec);
        self.try_out(site).await?;
        if self.overlays.are_refused() {
            return Ok(None);
        }
        let owner = self.owner(spec).await?;
        let making = (self.workspaces).make(site, self.volume_name(spec)?, spec, owner);
        let network = JobNetwork::of(self, plan);
        // Known when it is asked for; what goes wrong is told there.
        let knowing = self.images.runs_as_root(site, plan.image);
        // Tried out meanwhile, where that is to be done.
        let logs = self.log_fifos_work(site);
        let (made, network, ..) = tokio::join!(making, network, knowing, logs);
        match made {
            Ok((volumes, rest)) => {
                let files = Files::Beside(rest);
                Box::pin(self.create(plan, volumes, network, files)).await
            }
            Err(error) if error.fault == Fault::Unsupported => {
                self.overlays.found(false);
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Finds out, once, whether the daemon lays volumes over each other.
    async fn try_out(&self, site: &Site) -> Result<(), ExecError> {
        let trying = || async {
            let store = self.layers().store();
            if !overlays::work(site, store).await? {
                self.overlays.found(false);
            } else if let (Some(store), Some(daemon)) = (store, self.endpoint.identity())
                && store.has_overlays_of(&daemon)
            {
                self.overlays.found(true);
            }
            Ok(())
        };
        Box::pin(self.tried_out.get_or_try_init(trying)).await?;
        Ok(())
    }

    /// A container of its own that everything is copied into.
    async fn filled(&self, plan: &Plan<'_>) -> Result<Made, ExecError> {
        let spec = plan.spec;
        if let Some(tree) = &spec.workspace.tree {
            let tree = self.workspaces.tree(tree)?;
            self.flat.publish(&tree, plan.cx).await?;
        }
        let files = Files::All(Content {
            layout: spec.layout.clone(),
            temp_files: temp_files(spec),
            tars: self.flat.archives(&spec.workspace)?,
            owner: self.owner(spec).await?,
        });
        let network = JobNetwork::of(self, plan).await;
        let volumes = if self.settings.host_socket {
            Volumes::plain(&plan.site, self.volume_name(spec)?).await?
        } else {
            Volumes::default()
        };
        let made = Box::pin(self.create(plan, volumes, network, files)).await?;
        made.ok_or_else(|| ExecError::system("upload", "the container takes no files"))
    }

    /// The container with its files over `volumes`, which go with it; beside that its services are
    /// started. `None` where the volumes can't be mounted.
    async fn create(
        &self,
        plan: &Plan<'_>,
        volumes: Volumes,
        network: Result<JobNetwork, ExecError>,
        files: Files,
    ) -> Result<Option<Made>, ExecError> {
        let Plan {
            site,
            spec,
            image,
            cx,
            ..
        } = plan;
        let (starts, patience) = (self.starts.clone(), self.patience.clone());
        let mut container = Container::new(site.docker.clone(), String::new(), starts, patience);
        container.volumes.clone_from(&volumes.names);
        container.asked = self.settings.asked();
        let mut services = match network {
            Ok(network) => {
                container.network = network.kept;
                network.services
            }
            Err(error) => {
                let _ = container.remove().await;
                return Err(error);
            }
        };
        let mounts = self.mounts(plan, &volumes).await;
        let mounts = match mounts {
            Ok(mounts) => mounts,
            Err(error) => {
                container.services = services.map(Box::new);
                let _ = container.remove().await;
                return Err(error);
            }
        };
        let network = services.as_ref().and_then(Services::id).map(str::to_owned);
        let kept = container
            .network
            .as_ref()
            .map(|network| network.mode.clone());
        let common = Common {
            settings: &self.settings,
            overlay: &volumes.overlay,
            binds: &mounts.binds,
            network: network.as_deref(),
            kept: kept.as_deref(),
        };
        let body = create::body(spec, image, common);
        container.log = self.log_fifo(plan).await;
        let own = async {
            // Never broken off: what the daemon makes meanwhile would have no owner.
            container.id = self.create_itself(plan, body, &mut container.log).await?;
            let readying = async {
                if !self.put(plan, &container.id, files).await? {
                    return Ok(None);
                }
                if !mounts.new.is_empty() {
                    upload::open_folders(&site.docker, &container.id, mounts.new).await?;
                }
                let begins_as_asked = self.images.begins_as_asked(site, image, &spec.variables);
                if begins_as_asked.await? {
                    container.given.clone_from(&spec.variables);
                }
                Box::pin(self.begin(plan, &container)).await
            };
            unless_asked(&cx.cancel, "upload", readying).await
        };
        let made = match &mut services {
            None => Box::pin(own).await,
            Some(services) => {
                let starting = services.start(site, spec, common);
                let (made, started) = tokio::join!(own, starting);
                made.and_then(|made| started.map(|()| made))
            }
        };
        container.services = services.map(Box::new);
        match made {
            Ok(Some(waiting)) => Ok(Some(Made { container, waiting })),
            Ok(None) => container.remove().await.map(|()| None),
            Err(error) => {
                // The first error tells more than one of cleaning up.
                let _ = container.remove().await;
                Err(error)
            }
        }
    }

    /// What nobody else's volume is called. With the socket, the builds directory says it.
    fn volume_name(&self, spec: &EnvSpec) -> Result<String, ExecError> {
        let of_host = host_builds::volume(&spec.layout.builds_dir);
        if let Some(name) = of_host.filter(|_| self.settings.host_socket) {
            return Ok(name);
        }
        let name = create::name(&spec.owner, &spec.job, spec.attempt);
        Ok(format!("{name}-{}", token()?))
    }

    /// What the user's runner mounts, where the builds directory is as the job was told.
    async fn mounts(&self, plan: &Plan<'_>, volumes: &Volumes) -> Result<Mounts, ExecError> {
        let builds = &plan.spec.layout.builds_dir;
        if self.settings.host_socket && volumes.place != *builds {
            let message = format!(
                "the daemon has the job's files in `{}`, not in `{builds}`",
                volumes.place
            );
            return Err(ExecError::system("create volume", message));
        }
        mounts::make(&plan.site, &self.settings, &self.endpoint.socket, plan.spec).await
    }
}

/// The archives of artifacts.
pub(super) fn tars(artifacts: &[ArtifactRef]) -> Vec<PathBuf> {
    artifacts.iter().map(|kept| kept.tar.clone()).collect()
}
