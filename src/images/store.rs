//! The images of one user, on disk.
//!
//! ```text
//! <root>/<uid>/<form>/
//!   lock                    shared by whoever adds or opens, alone for whoever removes
//!   blobs/<digits>          configurations, as their digests name them
//!   images/<digits>.json    an image that is complete; locked while it is in use
//!   names/<digits>.json     a name of an image
//!   layers/<digits>/        layer.json, and tree/: the folder for overlayfs
//!   tmp/                    what is on its way; it is of no use once nobody holds the lock
//! ```
//!
//! What is on its way gets its place by renaming, the layers first, the name last. So whatever
//! ends a process, there is never a name without all of its image.

use std::fs::{self, File, TryLockError};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use super::config::ConfigFile;
use super::layer::{Here, LayerFolders, LayerForm};
use super::record::{ImageRecord, LayerRecord, NameRecord};
use super::sha256::{digits, sha256};
use super::{ImageError, ImageName, OpenImage, Platform, files};

/// Digits of a layer's name that its folder has: mounts take a page of text in all.
const LAYER_DIGITS: usize = 32;
/// How often, and after which pauses, a lock is tried before somebody uses the image.
const ASKED_AGAIN: u32 = 3;
const MOMENT: Duration = Duration::from_millis(3);
/// The owner of files that a user namespace has no id for.
const NOBODY: u32 = 65534;

/// Who writes and removes layers of a form; `None` for this process.
pub type FoldersOf<'f> = &'f dyn Fn(LayerForm) -> Option<Arc<dyn LayerFolders>>;

/// The images of one user: content-addressed, shared by all runs, safe for several `pipe`s at
/// once.
#[derive(Clone)]
pub struct ImageStore {
    pub(super) folder: PathBuf,
    pub(super) folders: Arc<dyn LayerFolders>,
}

impl ImageStore {
    /// The store in `root` (`$XDG_CACHE_HOME/pipe/images`), of which each user has a part. Layers
    /// are written by this process.
    pub fn new(root: &Path) -> Result<Self, ImageError> {
        let own = of_user(root)?;
        let here = Here::probe(&own).map_err(ImageError::at("write", &own))?;
        Self::within(&own, Arc::new(here))
    }

    /// The same, with layers that `folders` writes: an engine that has ranges of ids.
    pub fn with_folders(root: &Path, folders: Arc<dyn LayerFolders>) -> Result<Self, ImageError> {
        Self::within(&of_user(root)?, folders)
    }

    /// The stores that are there in `root`, one for each form of layers. Nothing is made. `folders`
    /// writes and removes the layers of a form, where this process should not.
    pub fn existing(root: &Path, folders: FoldersOf<'_>) -> Vec<Self> {
        let own = own_folder(root);
        let forms = LayerForm::ALL.into_iter().map(|form| Self {
            folder: own.join(form.folder()),
            folders: folders(form).unwrap_or_else(|| Arc::new(Here::with_form(form))),
        });
        forms.filter(|store| store.lock_path().exists()).collect()
    }

    fn within(own: &Path, folders: Arc<dyn LayerFolders>) -> Result<Self, ImageError> {
        let folder = own.join(folders.form().folder());
        for part in ["blobs", "images", "names", "layers", "tmp"] {
            files::make(&folder.join(part))?;
        }
        let store = Self { folder, folders };
        store.lock_file()?;
        Ok(store)
    }

    /// The image of that name, which may also be its id (`sha256:…`), for `platform`, else for
    /// this machine. Nothing is fetched. Costs a few reads, so that each job may ask.
    ///
    /// [`ImageError::NotHere`] where the store has none.
    pub fn open(&self, name: &str, platform: Option<&Platform>) -> Result<OpenImage, ImageError> {
        let not_here = || ImageError::NotHere {
            name: name.to_owned(),
        };
        // Nothing is removed meanwhile.
        let lock = self.lock_file()?;
        lock.lock_shared()
            .map_err(ImageError::at("lock", self.lock_path()))?;
        let found = self.find(name, platform)?.ok_or_else(not_here)?;
        let path = self.image_path(&found.id).ok_or_else(not_here)?;
        let held = File::open(&path).map_err(|_| not_here())?;
        held.lock_shared().map_err(ImageError::at("lock", &path))?;
        let record: ImageRecord = files::read_json(&path).ok_or_else(not_here)?;
        let layers: Vec<PathBuf> = (record.chain.iter())
            .map(|chain| self.layer_path(chain).join("tree"))
            .collect();
        // A cache may lose what was not used for long; then it is to be brought again.
        if layers.is_empty() || !layers.iter().all(|layer| layer.is_dir()) {
            return Err(not_here());
        }
        let config = self.config(&record.id).ok_or_else(not_here)?;
        Ok(OpenImage {
            name: found.name,
            id: record.id,
            digest: found.digests.first().cloned(),
            platform: config.platform,
            config: config.config,
            layers,
            form: self.folders.form(),
            _held: held,
        })
    }

    /// The record of a name. A name with a digest is also one that was brought by a tag and had
    /// that digest then.
    fn find(
        &self,
        text: &str,
        platform: Option<&Platform>,
    ) -> Result<Option<NameRecord>, ImageError> {
        let wanted = platform.cloned().unwrap_or_else(Platform::here);
        if digits(text).is_some() {
            return Ok(self.names().into_iter().find(|record| record.id == text));
        }
        let name = ImageName::parse(text).ok_or_else(|| ImageError::Name {
            text: text.to_owned(),
        })?;
        let name = name.without_spare_tag();
        let exact = self.name_path(&name.to_string(), &wanted.to_string());
        if let Some(record) = files::read_json::<NameRecord>(&exact) {
            return Ok(Some(record));
        }
        let mut records = self.names();
        records.retain(|record| name.means(&record.name, &record.digests));
        let fits = |record: &NameRecord| {
            let platform = record.platform.parse::<Platform>();
            platform.is_ok_and(|platform| platform.fits(&wanted))
        };
        if let Some(at) = records.iter().position(fits) {
            return Ok(Some(records.swap_remove(at)));
        }
        // Whoever names no platform gets what there is.
        Ok(records.pop().filter(|_| platform.is_none()))
    }

    /// All names, in order.
    pub(super) fn names(&self) -> Vec<NameRecord> {
        let mut names: Vec<NameRecord> = json_files(&self.folder.join("names"))
            .filter_map(|path| files::read_json(&path))
            .collect();
        names.sort_by(|a, b| (&a.name, &a.platform).cmp(&(&b.name, &b.platform)));
        names
    }

    /// All images.
    pub(super) fn images(&self) -> Vec<ImageRecord> {
        json_files(&self.folder.join("images"))
            .filter_map(|path| files::read_json(&path))
            .collect()
    }

    /// The record of a layer that is here, if it is the one that is meant.
    pub(super) fn layer(&self, chain: &str) -> Option<LayerRecord> {
        let record: LayerRecord = files::read_json(&self.layer_path(chain).join("layer.json"))?;
        (record.chain == chain).then_some(record)
    }

    fn config(&self, id: &str) -> Option<ConfigFile> {
        let bytes = fs::read(self.blob_path(id)?).ok()?;
        ConfigFile::read(bytes).ok()
    }

    pub(super) fn blob_path(&self, id: &str) -> Option<PathBuf> {
        Some(self.folder.join("blobs").join(digits(id)?))
    }

    pub(super) fn image_path(&self, id: &str) -> Option<PathBuf> {
        let name = format!("{}.json", digits(id)?);
        Some(self.folder.join("images").join(name))
    }

    pub(super) fn layer_path(&self, chain: &str) -> PathBuf {
        let digits = digits(chain).unwrap_or_default();
        let short = digits.get(..LAYER_DIGITS).unwrap_or("none");
        self.folder.join("layers").join(short)
    }

    pub(super) fn name_path(&self, name: &str, platform: &str) -> PathBuf {
        let digest = sha256(format!("{name}\n{platform}"));
        let digits = digits(&digest).unwrap_or_default();
        self.folder.join("names").join(format!("{digits}.json"))
    }

    pub(super) fn lock_path(&self) -> PathBuf {
        self.folder.join("lock")
    }

    pub(super) fn lock_file(&self) -> Result<File, ImageError> {
        files::open_lock(&self.lock_path())
    }

    /// Whether somebody uses the image.
    pub(super) fn is_in_use(&self, id: &str) -> bool {
        let file = self.image_path(id).and_then(|path| File::open(path).ok());
        let is_locked = |file: &File| matches!(file.try_lock(), Err(TryLockError::WouldBlock));
        // Whoever asks the same holds the lock for a moment.
        file.is_some_and(|file| {
            (0..ASKED_AGAIN).all(|_| {
                let is_locked = is_locked(&file);
                if is_locked {
                    thread::sleep(MOMENT);
                }
                is_locked
            })
        })
    }
}

fn json_files(folder: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let paths = entries.map(|entry| entry.path());
    paths.filter(|path| path.extension().is_some_and(|kind| kind == "json"))
}

fn own_folder(root: &Path) -> PathBuf {
    root.join(rustix::process::geteuid().as_raw().to_string())
}

/// The user's part of the store, made where it is missing.
fn of_user(root: &Path) -> Result<PathBuf, ImageError> {
    let own = own_folder(root);
    files::make(&own)?;
    // Programs of an image keep their set-user-id bits: where root keeps them, nobody else may
    // put something in the way.
    if rustix::process::geteuid().is_root() {
        let own = fs::canonicalize(&own).map_err(ImageError::at("find", &own))?;
        for folder in own.ancestors() {
            let about = fs::metadata(folder).map_err(ImageError::at("read", folder))?;
            if ![0, NOBODY].contains(&about.uid()) {
                return Err(ImageError::ForeignFolder {
                    path: folder.to_owned(),
                });
            }
        }
    }
    Ok(own)
}
