//! Layers of builds directories on this machine's disk: each is unpacked once, and all jobs that
//! want it, of later runs too, lay it under what they write.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use tokio::sync::OnceCell;

use super::super::super::ExecError;
use super::super::super::bridge::{ChunkReader, ChunkWriter, channel};
use super::super::super::keeps::Keeps;
use super::super::super::unpack::unpack_layer;
use super::kept::{Held, Unfinished, all, give_up, hold, sweep};
use crate::types::Digest;

/// Layers that are kept at most from runs before; what was not used for longest goes first.
const MOST: usize = 24;

/// What a layer holds, written as a tar stream.
type Content = Arc<dyn Fn(&mut ChunkWriter) -> io::Result<()> + Send + Sync>;

/// A layer that a job wants.
#[derive(Clone)]
pub(in super::super) struct Layer {
    /// Names the content: equal ids mean equal layers.
    pub(in super::super) id: String,
    /// Where it is: with those that outlive the run, or with the run.
    pub(in super::super) folder: PathBuf,
    /// What its files keep of owners.
    pub(in super::super) keeps: Keeps,
    pub(in super::super) content: Content,
    /// What is told where it can't be unpacked.
    pub(in super::super) trouble: &'static str,
}

/// Where layers are that outlive their run.
pub(in super::super) fn folder(base: &Path) -> PathBuf {
    base.join("layers")
}

/// The id of a layer that holds `content` below `folder`.
pub(in super::super) fn id(content: &str, folder: &Path) -> String {
    let mut digest = Digest::default();
    digest.add(content);
    digest.add(folder.as_os_str().as_encoded_bytes());
    let mut id = digest.finish();
    // Half of it tells layers apart.
    id.truncate(32);
    id
}

/// The layers that one run uses.
#[derive(Debug, Default)]
pub(in super::super) struct Layers {
    slots: Mutex<HashMap<String, Arc<OnceCell<PathBuf>>>>,
    /// They stay until this run ends.
    held: Arc<Mutex<Vec<Held>>>,
    /// Whether those that are too many are being removed.
    is_pruning: AtomicBool,
}

impl Layers {
    /// The folder with the content of a layer; the first who asks has it unpacked.
    pub(in super::super) async fn get(&self, layer: Layer) -> Result<PathBuf, ExecError> {
        let slot = {
            // The map is whole at any moment, even if another thread came to grief.
            let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(slots.entry(layer.id.clone()).or_default())
        };
        if let Some(path) = slot.get() {
            return Ok(path.clone());
        }
        let held = Arc::clone(&self.held);
        // Whoever stops waiting stops nobody else.
        let getting = tokio::spawn(async move {
            let found = || find_or_unpack(layer, &held);
            slot.get_or_try_init(found).await.cloned()
        });
        getting.await.unwrap_or_else(|error| {
            Err(ExecError::system("open", "unpacking a layer broke off").because(error))
        })
    }

    /// Makes a layer with what `fill` puts into its folder, unless it is there. Blocks.
    pub(in super::super) fn make(
        &self,
        layer: &Layer,
        fill: impl FnOnce(&Path) -> io::Result<()>,
    ) -> io::Result<()> {
        let place = layer.folder.join(&layer.id);
        if hold(&place).is_some() {
            return Ok(());
        }
        let made = Unfinished::begin(&layer.folder)?;
        fill(&made.content())?;
        let made = made.place(&place)?;
        // Whoever wants it finds it at its place.
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.push(made);
        Ok(())
    }

    /// Begins to remove layers of `folder` that are too many and that no run uses, and what was never
    /// finished; once in a run. That may take longer than all else: it is done beside its jobs, and the
    /// next run goes on with what is not done when this one ends.
    pub(in super::super) fn begin_pruning(&self, folder: &Path) {
        if !self.is_pruning.swap(true, Ordering::Relaxed) {
            let folder = folder.to_owned();
            let thread = thread::Builder::new().name("prune".to_owned());
            // Where the system gives no thread, the next run does it.
            let _ = thread.spawn(move || prune(&folder));
        }
    }

    /// Lets go of all.
    pub(in super::super) fn release(&self) {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        slots.clear();
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.clear();
    }
}

async fn find_or_unpack(layer: Layer, held: &Mutex<Vec<Held>>) -> Result<PathBuf, ExecError> {
    let place = layer.folder.join(&layer.id);
    let layer = if let Some(layer) = hold(&place) {
        layer
    } else {
        let unpacked = unpack(&layer, place).await;
        unpacked.map_err(|error| ExecError::file("open", layer.trouble, error))?
    };
    let content = layer.content();
    let mut held = held.lock().unwrap_or_else(PoisonError::into_inner);
    held.push(layer);
    Ok(content)
}

/// Unpacks a layer beside its place, which it gets when it is whole.
async fn unpack(layer: &Layer, place: PathBuf) -> io::Result<Held> {
    let folder = layer.folder.clone();
    let made = tokio::task::spawn_blocking(move || Unfinished::begin(&folder)).await??;
    let (to, from) = channel();
    let content = Arc::clone(&layer.content);
    let writing = tokio::task::spawn_blocking(move || {
        let mut to = ChunkWriter::new(to);
        let written = content(&mut to);
        to.finish(written)
    });
    let (into, keeps) = (made.content(), layer.keeps);
    let reading =
        tokio::task::spawn_blocking(move || unpack_layer(ChunkReader::new(from), &into, keeps));
    let (written, read) = tokio::join!(writing, reading);
    // The reader's error says more: without it the writer has none but that nobody reads.
    read??;
    written??;
    tokio::task::spawn_blocking(move || made.place(&place)).await?
}

fn prune(folder: &Path) {
    sweep(folder);
    for place in all(folder).into_iter().skip(MOST) {
        // What can't be removed is tried again by the next run.
        let _ = give_up(&place);
    }
}

/// Removes all layers of `folder` that no run uses; their names.
pub(in super::super) fn remove_unused(folder: &Path) -> io::Result<Vec<String>> {
    let mut removed = sweep(folder);
    for place in all(folder) {
        if give_up(&place)? {
            removed.extend(name(&place));
        }
    }
    Ok(removed)
}

/// The names of all layers in `folder`.
pub(in super::super) fn names(folder: &Path) -> Vec<String> {
    all(folder).iter().filter_map(|place| name(place)).collect()
}

fn name(place: &Path) -> Option<String> {
    Some(place.file_name()?.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tar::EntryType;

    use super::super::super::super::relocate::append_empty;
    use super::{Keeps, Layer, Layers, names, prune, remove_unused};

    fn layer(folder: &Path, id: &str, counter: &Arc<AtomicUsize>) -> Layer {
        let counter = Arc::clone(counter);
        Layer {
            id: id.to_owned(),
            folder: folder.to_owned(),
            keeps: Keeps::Bits,
            content: Arc::new(move |to| {
                counter.fetch_add(1, Ordering::Relaxed);
                let mut tar = tar::Builder::new(to);
                append_empty(&mut tar, Path::new("file"), EntryType::Regular, 0o666)?;
                append_empty(&mut tar, Path::new("d/gone"), EntryType::Char, 0)?;
                tar.finish()
            }),
            trouble: "it can't be unpacked",
        }
    }

    #[tokio::test]
    async fn a_layer_is_unpacked_once_and_outlives_its_run() {
        let dir = tempfile::tempdir().expect("a folder");
        let folder = dir.path().join("layers");
        let counter = Arc::new(AtomicUsize::new(0));
        for _ in 0..2 {
            let layers = Layers::default();
            let wanted = || layers.get(layer(&folder, "one", &counter));
            let (first, second) = tokio::join!(wanted(), wanted());
            let (first, second) = (first.expect("unpacked"), second.expect("unpacked"));
            assert_eq!(first, second);
            assert!(first.join("file").is_file());
            let gone = rustix::fs::stat(first.join("d/gone")).expect("a mark");
            assert_eq!(gone.st_rdev, 0);
        }
        assert_eq!(counter.load(Ordering::Relaxed), 1);
    }

    #[tokio::test]
    async fn what_a_run_uses_is_not_removed() {
        let dir = tempfile::tempdir().expect("a folder");
        let folder = dir.path().join("layers");
        let counter = Arc::default();
        let layers = Layers::default();
        layers
            .get(layer(&folder, "used", &counter))
            .await
            .expect("unpacked");
        let others = Layers::default();
        for number in 0..30 {
            others
                .get(layer(&folder, &format!("n{number}"), &counter))
                .await
                .expect("unpacked");
        }
        prune(&folder);
        assert_eq!(names(&folder).len(), 31, "all are in use");
        others.release();
        prune(&folder);
        assert_eq!(
            names(&folder).len(),
            24 + usize::from(!names(&folder)[..24].contains(&"used".to_owned()))
        );
        let removed = remove_unused(&folder).expect("removed");
        assert!(!removed.contains(&"used".to_owned()));
        assert_eq!(names(&folder), ["used"]);
    }
}
