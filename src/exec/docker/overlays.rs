//! Whether a daemon lays volumes over each other: tried out once, and remembered with its layers.
//! A daemon whose own folder is on an overlay file system, as in a container, can't do it.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use bollard::query_parameters::ContainerArchiveInfoOptionsBuilder;
use tar::{Builder, EntryType, Header};

use super::super::{ExecError, Fault};
use super::layer_store::LayerStore;
use super::layers::{self, Layer, PLACE, Site, token};
use super::volumes::{self, Volume};
use super::{fault, workspace};

/// Whether the daemon lays volumes over each other. Not known before it has done so once.
#[derive(Default)]
pub(super) struct Overlays(AtomicU8);

const WORKS: u8 = 1;
const REFUSED: u8 = 2;

impl Overlays {
    pub(super) fn are_refused(&self) -> bool {
        self.0.load(Ordering::Relaxed) == REFUSED
    }

    pub(super) fn work(&self) -> bool {
        self.0.load(Ordering::Relaxed) == WORKS
    }

    pub(super) fn are_unknown(&self) -> bool {
        !self.are_refused() && !self.work()
    }

    pub(super) fn found(&self, work: bool) {
        let state = if work { WORKS } else { REFUSED };
        self.0.store(state, Ordering::Relaxed);
    }
}

/// Whether it does. What is only remembered may be so no more.
pub(super) async fn work(site: &Site, store: Option<&LayerStore>) -> Result<bool, ExecError> {
    if store.is_some_and(LayerStore::has_overlays) {
        return Ok(true);
    }
    let mut made = Vec::new();
    let tried = Box::pin(try_out(site, &mut made)).await;
    for name in made.iter().rev() {
        // What stays is removed by the next run.
        let _ = volumes::remove(&site.docker, name).await;
    }
    match tried {
        Ok(()) => {
            if let Some(store) = store {
                store.remember_overlays("");
            }
            Ok(true)
        }
        Err(error) if error.fault == Fault::System => Ok(false),
        // The image is not there, or the daemon is gone: that says nothing about it.
        Err(error) => Err(error),
    }
}

/// Lays a volume with a whiteout below an empty one; names what it makes.
async fn try_out(site: &Site, made: &mut Vec<String>) -> Result<(), ExecError> {
    let name = format!("pipe-probe-{}", token()?);
    let mut parts: Vec<Volume> = Vec::new();
    for part in ["lower", "upper", "work"] {
        let name = format!("{name}-{part}");
        made.push(name.clone());
        let making = volumes::make(&site.docker, name, site.labels(), HashMap::new());
        parts.push(site.patience.answer("create volume", making).await?);
    }
    let layer = Layer {
        id: "probe".to_owned(),
        lasts: false,
        content: Arc::new(whiteout),
    };
    layers::fill_volume(site, &parts[0], &layer).await?;
    let options = workspace::options(&parts[..1], &parts[1], &parts[2])?;
    made.push(name.clone());
    let making = volumes::make(&site.docker, name, site.labels(), options);
    let overlay = site.patience.answer("create volume", making).await?;
    let mut container = layers::container(site, &overlay).await?;
    let options = ContainerArchiveInfoOptionsBuilder::new()
        .path(PLACE)
        .build();
    let looking = async {
        let info = site
            .docker
            .get_container_archive_info(&container.id, Some(options));
        info.await
            .map_err(|error| fault::system("upload", "the volumes can't be mounted", error))
    };
    let looked = site.patience.answer("upload", looking).await;
    let removed = container.remove().await;
    looked.and(removed)
}

fn whiteout(at: &Path, to: &mut dyn std::io::Write) -> std::io::Result<()> {
    let mut header = Header::new_gnu();
    header.set_entry_type(EntryType::Char);
    header.set_size(0);
    header.set_device_major(0)?;
    header.set_device_minor(0)?;
    let mut tar = Builder::new(to);
    tar.append_data(&mut header, at.join("gone"), std::io::empty())?;
    tar.finish()
}
