//! Layers of project trees as volumes of the daemon, each filled once: through the archive API of
//! a container that is made for that and never started (design chapter 6).

use std::collections::HashMap;
use std::fmt::Write as _;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use bollard::Docker;
use bollard::models::{ContainerCreateBody, HostConfig, Mount, MountType, MountVolumeOptions};
use bollard::query_parameters::CreateContainerOptionsBuilder;
use tokio::sync::{OnceCell, RwLock, Semaphore};

use super::super::bridge::ChunkWriter;
use super::super::{ExecError, Fault, Owner};
use super::container::Container;
use super::create::{OWNER, RUN};
use super::layer_store::LayerStore;
use super::patience::Patience;
use super::volumes::{self, Volume};
use super::{fault, upload};
use crate::types::Digest;

/// Where the volume is in the container that fills it.
pub(super) const PLACE: &str = "/layer";

/// What a layer holds, written as a tar stream with all its entries below that folder.
pub(super) type Content = Arc<dyn Fn(&Path, &mut dyn io::Write) -> io::Result<()> + Send + Sync>;

/// A layer that a job wants.
#[derive(Clone)]
pub(super) struct Layer {
    /// Names the content: equal ids mean equal layers.
    pub(super) id: String,
    /// Whether later runs may want it too.
    pub(super) lasts: bool,
    pub(super) content: Content,
}

/// The id of a layer that holds `content` below `folder`.
pub(super) fn id(content: &str, folder: &Path) -> String {
    let mut digest = Digest::default();
    digest.add(content);
    digest.add(folder.as_os_str().as_encoded_bytes());
    let mut id = digest.finish();
    // Half of it tells layers apart, and a name of a volume has to be short.
    id.truncate(32);
    id
}

/// Where a layer is filled, and for whom.
#[derive(Clone)]
pub(super) struct Site {
    pub(super) docker: Docker,
    pub(super) patience: Patience,
    pub(super) starts: Arc<Semaphore>,
    pub(super) owner: Owner,
    /// Any image that is there: the container is never started.
    pub(super) image: String,
}

impl Site {
    /// The labels of what belongs to the run.
    pub(super) fn labels(&self) -> HashMap<String, String> {
        [(OWNER, &self.owner.owner), (RUN, &self.owner.run)]
            .map(|(name, value)| (name.to_owned(), value.clone()))
            .into()
    }

    /// A container of ours beside those of jobs.
    pub(super) async fn container(
        &self,
        name: Option<String>,
        body: ContainerCreateBody,
    ) -> Result<Container, ExecError> {
        let making = async {
            let options = name.map(|name| CreateContainerOptionsBuilder::new().name(&name).build());
            let made = self.docker.create_container(options, body).await;
            made.map_err(|error| fault::create(&self.image, &[], error))
        };
        let making = self.patience.answer("create container", Box::pin(making));
        Ok(Container::new(
            self.docker.clone(),
            making.await?.id,
            self.starts.clone(),
            self.patience.clone(),
        ))
    }
}

/// The layers that one run uses on its daemon.
#[derive(Clone)]
pub(super) struct Layers(Arc<Shared>);

struct Shared {
    volumes: Mutex<HashMap<String, Arc<Slot>>>,
    /// Those of earlier runs. Without it no layer outlives its run.
    store: Option<LayerStore>,
    /// Read-locked by each filling that is under way.
    filling: Arc<RwLock<()>>,
}

/// A layer that somebody has asked for.
#[derive(Default)]
struct Slot {
    volume: OnceCell<Volume>,
    /// Why this run can't have it, where another try would meet the same.
    failed: OnceCell<ExecError>,
    /// Whether the store has it.
    lasts: OnceCell<()>,
}

impl Layers {
    pub(super) fn new(store: Option<LayerStore>) -> Self {
        Self(Arc::new(Shared {
            volumes: Mutex::default(),
            store,
            filling: Arc::default(),
        }))
    }

    pub(super) fn store(&self) -> Option<&LayerStore> {
        self.0.store.as_ref()
    }

    /// The volume of a layer; the first who asks has it filled. Whoever stops waiting stops nobody
    /// else: what was begun is done in the background, or undone.
    pub(super) async fn get(&self, site: &Site, layer: Layer) -> Result<Volume, ExecError> {
        let slot = self.slot(&layer.id);
        if let Some(volume) = slot.volume.get() {
            return Ok(volume.clone());
        }
        let (shared, site) = (Arc::clone(&self.0), site.clone());
        let filling = Arc::clone(&shared.filling).read_owned().await;
        let getting = tokio::spawn(async move {
            let _filling = filling;
            let found = || shared.find_or_fill(&site, &layer, &slot);
            Box::pin(slot.volume.get_or_try_init(found)).await.cloned()
        });
        getting.await.unwrap_or_else(|error| {
            Err(ExecError::system("upload", "filling a volume broke off").because(error))
        })
    }

    /// Takes a volume over that has what a layer holds; whether it is a layer now, and no longer the
    /// caller's.
    pub(super) fn adopt(&self, id: &str, volume: Volume, lasts: bool) -> bool {
        let slot = self.slot(id);
        let name = volume.name.clone();
        if slot.volume.set(volume).is_err() {
            return false;
        }
        let store = self.store().filter(|_| lasts);
        // What can't be remembered goes with this run.
        if store.is_some_and(|store| store.keep(id, &name).is_ok()) {
            let _ = slot.lasts.set(());
        }
        true
    }

    /// The volume of a layer that was taken over, in this run or in an earlier one.
    pub(super) async fn adopted(&self, site: &Site, id: &str) -> Result<Option<Volume>, ExecError> {
        let slot = self.slot(id);
        if let Some(volume) = slot.volume.get() {
            return Ok(Some(volume.clone()));
        }
        let Some(store) = self.store() else {
            return Ok(None);
        };
        let found = find_kept(site, store, id).await?;
        if let Some(volume) = &found {
            // Whoever was first found the same.
            let _ = (slot.lasts.set(()), slot.volume.set(volume.clone()));
        }
        Ok(found)
    }

    fn slot(&self, id: &str) -> Arc<Slot> {
        // The map is whole at any moment, even if another task came to grief.
        let mut volumes = (self.0.volumes.lock()).unwrap_or_else(PoisonError::into_inner);
        Arc::clone(volumes.entry(id.to_owned()).or_default())
    }

    /// Removes what no later run will want, once nothing is being filled any more.
    pub(super) async fn release(&self, docker: &Docker) -> Result<(), ExecError> {
        let _nothing_is_filled = self.0.filling.write().await;
        let slots: Vec<_> = {
            let mut volumes = self
                .0
                .volumes
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            volumes.drain().map(|(_, slot)| slot).collect()
        };
        for slot in slots.iter().filter(|slot| slot.lasts.get().is_none()) {
            if let Some(volume) = slot.volume.get() {
                volumes::remove(docker, &volume.name).await?;
            }
        }
        Ok(())
    }
}

impl Shared {
    async fn find_or_fill(
        &self,
        site: &Site,
        layer: &Layer,
        slot: &Slot,
    ) -> Result<Volume, ExecError> {
        if let Some(failed) = slot.failed.get() {
            return Err(failed.again());
        }
        let store = self.store.as_ref().filter(|_| layer.lasts);
        if let Some(store) = store
            && let Some(volume) = find_kept(site, store, &layer.id).await?
        {
            // Set once: only one task comes here.
            let _ = slot.lasts.set(());
            return Ok(volume);
        }
        let filled = Box::pin(fill(site, layer)).await;
        let volume = filled.inspect_err(|error| {
            if error.fault == Fault::Lasting {
                let _ = slot.failed.set(error.again());
            }
        })?;
        // What can't be remembered goes with this run.
        if store.is_some_and(|store| store.keep(&layer.id, &volume.name).is_ok()) {
            let _ = slot.lasts.set(());
        }
        Ok(volume)
    }
}

/// The volume of a layer of an earlier run, if the daemon still has it.
async fn find_kept(site: &Site, store: &LayerStore, id: &str) -> Result<Option<Volume>, ExecError> {
    let Some(name) = store.find(id) else {
        return Ok(None);
    };
    let finding = volumes::find(&site.docker, &name);
    let found = site.patience.answer("inspect volume", finding).await?;
    if found.is_none() {
        store.forget(id);
    }
    Ok(found)
}

/// A new volume with the content of `layer`. When it fails it has undone what it began.
async fn fill(site: &Site, layer: &Layer) -> Result<Volume, ExecError> {
    let name = format!("pipe-layer-{}-{}", &layer.id[..12], token()?);
    let making = volumes::make(&site.docker, name, site.labels(), HashMap::new());
    let volume = site.patience.answer("create volume", making).await?;
    let filled = Box::pin(fill_volume(site, &volume, layer)).await;
    if filled.is_err() {
        // The first error tells more than one of cleaning up.
        let _ = volumes::remove(&site.docker, &volume.name).await;
    }
    filled.map(|()| volume)
}

pub(super) async fn fill_volume(
    site: &Site,
    volume: &Volume,
    layer: &Layer,
) -> Result<(), ExecError> {
    let mut container = Box::pin(container(site, volume)).await?;
    let content = Arc::clone(&layer.content);
    // For the container's root: the daemon refuses links that lead out of what it unpacks into.
    let write = move |to: &mut ChunkWriter| content(Path::new(&PLACE[1..]), to);
    let filled = upload::send(&site.docker, &container.id, write).await;
    let removed = container.remove().await;
    filled.and(removed)
}

/// A container that is only there for its volume.
pub(super) async fn container(site: &Site, volume: &Volume) -> Result<Container, ExecError> {
    let body = ContainerCreateBody {
        image: Some(site.image.clone()),
        entrypoint: Some(vec!["/never-started".to_owned()]),
        labels: Some(site.labels()),
        host_config: Some(HostConfig {
            network_mode: Some("none".to_owned()),
            mounts: Some(vec![mount(&volume.name, PLACE)]),
            ..HostConfig::default()
        }),
        ..ContainerCreateBody::default()
    };
    site.container(None, body).await
}

/// A volume as a container has it. What the image has there stays where it is.
pub(super) fn mount(volume: &str, target: &str) -> Mount {
    Mount {
        typ: Some(MountType::VOLUME),
        source: Some(volume.to_owned()),
        target: Some(target.to_owned()),
        volume_options: Some(MountVolumeOptions {
            no_copy: Some(true),
            ..MountVolumeOptions::default()
        }),
        ..Mount::default()
    }
}

/// What makes a name nobody else's.
pub(super) fn token() -> Result<String, ExecError> {
    let mut bytes = [0; 6];
    getrandom::fill(&mut bytes).map_err(|error| {
        ExecError::system("create volume", "the system gives no random bytes").because(error)
    })?;
    let mut token = String::new();
    for byte in bytes {
        // Writing to a string can't fail.
        let _ = write!(token, "{byte:02x}");
    }
    Ok(token)
}
