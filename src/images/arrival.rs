//! Images on their way into the store. What does not get there leaves nothing.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use jiff::Timestamp;

use super::config::ConfigFile;
use super::layer::{LayerError, Limits, UnpackJob, Unpacked};
use super::record::{ImageRecord, LayerRecord, NameRecord};
use super::{ImageError, ImageName, ImageStore, Platform, files};

/// How far something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Bytes so far and in all.
    Downloading(u64, u64),
    /// Layers so far and in all.
    Unpacking(usize, usize),
}

/// Is told how far it is.
pub type OnProgress<'a> = &'a (dyn Fn(Progress) + Send + Sync);

/// Where the tar of a layer lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LayerSource {
    pub(super) archive: PathBuf,
    pub(super) part: Option<(u64, u64)>,
    /// Of these bytes.
    pub(super) digest: Option<String>,
}

/// An image that came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrived {
    /// The name in full, where it has one.
    pub name: String,
    /// `sha256:…`.
    pub id: String,
    /// Of the manifest, where it came with one.
    pub digest: Option<String>,
    /// What it is made for.
    pub platform: Platform,
    /// Layers that had to be unpacked, and all.
    pub new_layers: usize,
    /// All layers.
    pub layers: usize,
    /// Device nodes that were left out.
    pub devices: u64,
}

/// Images on their way: complete ones get their place in [`Arrival::finish`], together. Dropped
/// before that, or killed, it is as if nothing had come: what is left in `tmp` goes with the next
/// arrival or removal.
pub struct Arrival<'s> {
    store: &'s ImageStore,
    /// Shared: nothing is removed from the store meanwhile.
    _lock: File,
    folder: PathBuf,
    limits: Limits,
    fresh: HashMap<String, (PathBuf, LayerRecord)>,
    images: Vec<ConfigFile>,
    names: Vec<NameRecord>,
}

impl ImageStore {
    /// Begins to bring images.
    pub fn arrival(&self) -> Result<Arrival<'_>, ImageError> {
        let lock = self.lock_file()?;
        let path = self.lock_path();
        if lock.try_lock().is_ok() {
            self.sweep()?;
        }
        // From alone to shared, should nobody else have come.
        lock.lock_shared().map_err(ImageError::at("lock", path))?;
        let tmp = self.folder.join("tmp");
        let folder = tempfile::tempdir_in(&tmp).map_err(ImageError::at("write", tmp))?;
        Ok(Arrival {
            store: self,
            _lock: lock,
            folder: folder.keep(),
            limits: Limits::default(),
            fresh: HashMap::new(),
            images: Vec::new(),
            names: Vec::new(),
        })
    }

    /// Removes what killed processes left. Only for whoever holds the lock alone.
    pub(super) fn sweep(&self) -> Result<(), ImageError> {
        let tmp = self.folder.join("tmp");
        let entries = fs::read_dir(&tmp).map_err(ImageError::at("read", &tmp))?;
        for entry in entries.flatten() {
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                let removed = self.folders.remove(&entry.path());
                removed.map_err(ImageError::Removal)?;
            } else {
                let path = entry.path();
                fs::remove_file(&path).map_err(ImageError::at("remove", path))?;
            }
        }
        Ok(())
    }
}

impl Arrival<'_> {
    /// A file of its own, which goes with it.
    pub fn file(&self) -> Result<(File, PathBuf), ImageError> {
        let file = tempfile::NamedTempFile::new_in(&self.folder);
        let file = file.map_err(ImageError::at("write", &self.folder))?;
        let kept = file.keep().map_err(|error| error.error);
        kept.map_err(ImageError::at("write", &self.folder))
    }

    /// Other limits than the usual ones.
    #[cfg(test)]
    pub(super) fn limit(&mut self, limits: Limits) {
        self.limits = limits;
    }

    /// Whether the layer is here or on its way.
    pub(super) fn has(&self, chain: &str) -> bool {
        self.fresh.contains_key(chain) || self.store.layer(chain).is_some()
    }

    /// The folder of a layer that is here or on its way.
    fn tree(&self, chain: &str) -> PathBuf {
        match self.fresh.get(chain) {
            Some((folder, _)) => folder.join("tree"),
            None => self.store.layer_path(chain).join("tree"),
        }
    }

    /// Unpacks the layer at `index` of an image whose lower layers are there.
    pub(super) fn unpack(
        &mut self,
        of: &str,
        image: &ConfigFile,
        index: usize,
        source: &LayerSource,
        stop: &AtomicBool,
    ) -> Result<(), ImageError> {
        let Some((folder, job)) = self.job(image, index, source)? else {
            return Ok(());
        };
        let done = self.store.folders.unpack(&job, stop);
        let record = unpacked(of, done, stop)?;
        self.keep_layer(folder, record, &image.chain()[index])
    }

    /// The same, beside what else the caller waits for.
    pub(super) async fn unpack_aside(
        &mut self,
        of: &str,
        image: &ConfigFile,
        index: usize,
        source: &LayerSource,
        stop: &Arc<AtomicBool>,
    ) -> Result<(), ImageError> {
        let Some((folder, job)) = self.job(image, index, source)? else {
            return Ok(());
        };
        let (folders, stop) = (Arc::clone(&self.store.folders), Arc::clone(stop));
        let task = tokio::task::spawn_blocking({
            let stop = Arc::clone(&stop);
            move || folders.unpack(&job, &stop)
        });
        let done = task.await.map_err(io::Error::other);
        let done = done.map_err(ImageError::at("write", &folder))?;
        let record = unpacked(of, done, &stop)?;
        self.keep_layer(folder, record, &image.chain()[index])
    }

    /// Unpacks a tar that becomes the only layer of an image, and makes that image.
    pub(super) fn unpack_alone(
        &mut self,
        of: &str,
        platform: &Platform,
        source: &LayerSource,
        stop: &AtomicBool,
    ) -> Result<ConfigFile, ImageError> {
        let (folder, job) = self.job_over(Vec::new(), None, source)?;
        let record = unpacked(of, self.store.folders.unpack(&job, stop), stop)?;
        let image = ConfigFile::of_tar(&record.diff_id, platform)?;
        let chain = record.chain.clone();
        if !self.has(&chain) {
            self.keep_layer(folder, record, &chain)?;
        }
        Ok(image)
    }

    /// What there is to unpack for a layer that is not here, and the folder for it.
    fn job(
        &self,
        image: &ConfigFile,
        index: usize,
        source: &LayerSource,
    ) -> Result<Option<(PathBuf, UnpackJob)>, ImageError> {
        let chain = image.chain();
        if self.has(&chain[index]) {
            return Ok(None);
        }
        let below = chain[..index].iter().map(|chain| self.tree(chain));
        let diff_id = Some(image.diff_ids[index].clone());
        self.job_over(below.collect(), diff_id, source).map(Some)
    }

    fn job_over(
        &self,
        below: Vec<PathBuf>,
        diff_id: Option<String>,
        source: &LayerSource,
    ) -> Result<(PathBuf, UnpackJob), ImageError> {
        let folder = tempfile::tempdir_in(&self.folder);
        // Should it fail, all goes together, by who may remove it.
        let folder = folder
            .map_err(ImageError::at("write", &self.folder))?
            .keep();
        let job = UnpackJob {
            archive: source.archive.clone(),
            part: source.part,
            digest: source.digest.clone(),
            diff_id,
            into: folder.join("tree"),
            below,
            form: self.store.folders.form(),
            limits: self.limits,
        };
        Ok((folder, job))
    }

    fn keep_layer(
        &mut self,
        folder: PathBuf,
        record: LayerRecord,
        chain: &str,
    ) -> Result<(), ImageError> {
        let chain = chain.to_owned();
        let record = LayerRecord { chain, ..record };
        files::write_json(&folder.join("layer.json"), &record)?;
        self.fresh.insert(record.chain.clone(), (folder, record));
        Ok(())
    }

    /// Adds an image whose layers are all there, under these names.
    pub(super) fn add(
        &mut self,
        image: ConfigFile,
        names: &[ImageName],
        digests: &[String],
    ) -> Vec<Arrived> {
        let (id, chain) = (image.id(), image.chain());
        let fresh = chain.iter().filter_map(|chain| self.fresh.get(chain));
        let new_layers = fresh.clone().count();
        let devices = fresh.map(|(_, layer)| layer.devices).sum();
        let arrived = names.iter().map(|name| Arrived {
            name: name.to_string(),
            id: id.clone(),
            digest: digests.first().cloned(),
            platform: image.platform.clone(),
            new_layers,
            layers: chain.len(),
            devices,
        });
        let arrived: Vec<Arrived> = arrived.collect();
        self.names.extend(names.iter().map(|name| NameRecord {
            name: name.clone().without_spare_tag().to_string(),
            platform: image.platform.to_string(),
            id: id.clone(),
            digests: digests.to_vec(),
            arrived: Timestamp::now().to_string(),
        }));
        self.images.push(image);
        arrived
    }

    /// Gives everything its place, the names last.
    pub fn finish(mut self) -> Result<(), ImageError> {
        let store = self.store;
        if !self.fresh.is_empty() {
            // A power cut must not leave files that are empty: first all is on the disk.
            let folder = File::open(&self.folder).map_err(ImageError::at("read", &self.folder))?;
            let synced = rustix::fs::syncfs(folder).map_err(io::Error::from);
            synced.map_err(ImageError::at("write", &self.folder))?;
        }
        for (chain, (folder, _)) in std::mem::take(&mut self.fresh) {
            self.place(&folder, &chain)?;
        }
        for image in &self.images {
            let id = image.id();
            let (Some(blob), Some(path)) = (store.blob_path(&id), store.image_path(&id)) else {
                continue;
            };
            if !blob.exists() {
                files::write(&blob, &image.bytes)?;
            }
            // One that is there may be locked by whoever uses it.
            if !path.exists() {
                let record = ImageRecord {
                    id,
                    platform: image.platform.to_string(),
                    chain: image.chain(),
                };
                files::write_json(&path, &record)?;
            }
        }
        for name in &self.names {
            files::write_json(&store.name_path(&name.name, &name.platform), name)?;
        }
        drop(self);
        store.collect_if_alone()
    }

    /// Renames a layer to its place, unless another process was quicker.
    fn place(&self, folder: &Path, chain: &str) -> Result<(), ImageError> {
        let to = self.store.layer_path(chain);
        match fs::rename(folder, &to) {
            Ok(()) => Ok(()),
            Err(_) if self.store.layer(chain).is_some() => Ok(()),
            // What stands there is no layer that is complete: files may have been removed.
            Err(_) if to.exists() => {
                let removed = self.store.folders.remove(&to);
                removed.map_err(ImageError::Removal)?;
                fs::rename(folder, &to).map_err(ImageError::at("write", to))
            }
            Err(error) => Err(ImageError::at("write", to)(error)),
        }
    }
}

/// What is to be written down of a layer that stands alone.
fn unpacked(
    of: &str,
    done: Result<Unpacked, LayerError>,
    stop: &AtomicBool,
) -> Result<LayerRecord, ImageError> {
    let done = done.map_err(|source| {
        if stop.load(Ordering::Relaxed) {
            return ImageError::Stopped;
        }
        let of = of.to_owned();
        ImageError::Layer { of, source }
    })?;
    Ok(LayerRecord {
        chain: done.diff_id.clone(),
        diff_id: done.diff_id,
        bytes: done.bytes,
        entries: done.entries,
        devices: done.devices,
    })
}

impl Drop for Arrival<'_> {
    fn drop(&mut self) {
        // What can't be removed now is swept by the next one.
        let _ = self.store.folders.remove(&self.folder);
    }
}
