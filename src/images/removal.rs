//! What the store holds, as a list, and taking it away.

use std::collections::HashSet;
use std::ffi::OsString;
use std::fs::{self, TryLockError};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::record::{ImageRecord, NameRecord};
use super::{ImageError, ImageName, ImageStore, Platform};

/// How long a removal waits for whoever adds or opens.
const PATIENCE: Duration = Duration::from_secs(3);
/// Digits of an id that stand for it.
const FEWEST_DIGITS: usize = 8;

/// An image of the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredImage {
    /// Its name in full; `None` where another image has it now and a run still uses this one.
    pub name: Option<String>,
    /// `sha256:…`.
    pub id: String,
    /// Of the manifest, where it came from a registry.
    pub digest: Option<String>,
    /// `linux/amd64`.
    pub platform: String,
    /// Of its files, those of layers that it shares included.
    pub bytes: u64,
    /// How many layers it has.
    pub layers: usize,
    /// When it came.
    pub arrived: Option<Timestamp>,
    /// Whether a run uses it.
    pub in_use: bool,
}

impl ImageStore {
    /// All images, a row for each name.
    pub fn list(&self) -> Vec<StoredImage> {
        let (names, images) = (self.names(), self.images());
        let mut rows: Vec<StoredImage> = (names.iter())
            .filter_map(|name| {
                let image = images.iter().find(|image| image.id == name.id)?;
                Some(self.row(image, Some(name)))
            })
            .collect();
        let is_named = |image: &&ImageRecord| names.iter().any(|name| name.id == image.id);
        let nameless = images.iter().filter(|image| !is_named(image));
        rows.extend(nameless.map(|image| self.row(image, None)));
        rows
    }

    fn row(&self, image: &ImageRecord, name: Option<&NameRecord>) -> StoredImage {
        let layers = image.chain.iter().filter_map(|chain| self.layer(chain));
        StoredImage {
            name: name.map(|name| name.name.clone()),
            id: image.id.clone(),
            digest: name.and_then(|name| name.digests.first().cloned()),
            platform: image.platform.clone(),
            bytes: layers.map(|layer| layer.bytes).sum(),
            layers: image.chain.len(),
            arrived: name.and_then(|name| name.arrived.parse().ok()),
            in_use: self.is_in_use(&image.id),
        }
    }

    /// Bytes of all layers, each once.
    pub fn bytes(&self) -> u64 {
        let mut chains: HashSet<String> = HashSet::new();
        for image in self.images() {
            chains.extend(image.chain);
        }
        let layers = chains.iter().filter_map(|chain| self.layer(chain));
        layers.map(|layer| layer.bytes).sum()
    }

    /// Removes the names that are meant (a name, or an id or its first digits), and with an image's
    /// last name the image. Gives the names that went.
    ///
    /// [`ImageError::NotHere`], [`ImageError::InUse`]: then nothing is removed.
    pub fn remove(
        &self,
        wanted: &[String],
        platform: Option<&Platform>,
    ) -> Result<Vec<String>, ImageError> {
        let _alone = self.alone()?;
        let names = self.names();
        let mut gone: Vec<&NameRecord> = Vec::new();
        for text in wanted {
            let before = gone.len();
            let is_meant = |record: &&NameRecord| {
                is_meant(text, record)
                    && platform.is_none_or(|platform| {
                        let of = record.platform.parse::<Platform>();
                        of.is_ok_and(|of| of.fits(platform))
                    })
            };
            for record in names.iter().filter(is_meant) {
                if !gone.contains(&record) {
                    gone.push(record);
                }
            }
            let again = |record: &&&NameRecord| is_meant(record);
            if gone.len() == before && !gone.iter().any(|record| again(&record)) {
                return Err(ImageError::NotHere { name: text.clone() });
            }
        }
        self.forget(&names, &gone)
    }

    /// Removes all images that no run uses; the names that went.
    pub fn remove_all(&self) -> Result<Vec<String>, ImageError> {
        let _alone = self.alone()?;
        let names = self.names();
        let gone = names.iter().filter(|name| !self.is_in_use(&name.id));
        let gone: Vec<&NameRecord> = gone.collect();
        self.forget(&names, &gone)
    }

    fn forget(
        &self,
        names: &[NameRecord],
        gone: &[&NameRecord],
    ) -> Result<Vec<String>, ImageError> {
        let stays = |id: &str| {
            names
                .iter()
                .any(|name| name.id == id && !gone.contains(&name))
        };
        for record in gone {
            if !stays(&record.id) && self.is_in_use(&record.id) {
                let name = short(&record.name);
                return Err(ImageError::InUse { name });
            }
        }
        for record in gone {
            let path = self.name_path(&record.name, &record.platform);
            fs::remove_file(&path).map_err(ImageError::at("remove", path))?;
        }
        self.collect()?;
        Ok(gone.iter().map(|record| record.name.clone()).collect())
    }

    /// The lock that nobody shares.
    fn alone(&self) -> Result<fs::File, ImageError> {
        let lock = self.lock_file()?;
        let until = Instant::now() + PATIENCE;
        loop {
            match lock.try_lock() {
                Ok(()) => return Ok(lock),
                Err(TryLockError::WouldBlock) if Instant::now() < until => {
                    thread::sleep(Duration::from_millis(20));
                }
                Err(TryLockError::WouldBlock) => return Err(ImageError::Busy),
                Err(TryLockError::Error(error)) => {
                    return Err(ImageError::at("lock", self.lock_path())(error));
                }
            }
        }
    }

    /// Removes what nothing leads to, where nobody else is at work; else the next one does.
    pub(super) fn collect_if_alone(&self) -> Result<(), ImageError> {
        let lock = self.lock_file()?;
        match lock.try_lock() {
            Ok(()) => self.collect(),
            Err(_) => Ok(()),
        }
    }

    /// Removes images without a name that nobody uses, layers without an image, and what killed
    /// processes left. Only for whoever holds the lock alone.
    fn collect(&self) -> Result<(), ImageError> {
        let named: HashSet<String> = self.names().into_iter().map(|name| name.id).collect();
        let mut kept_layers: HashSet<OsString> = HashSet::new();
        for image in self.images() {
            if named.contains(&image.id) || self.is_in_use(&image.id) {
                let folders = image.chain.iter().map(|chain| self.layer_path(chain));
                kept_layers.extend(folders.filter_map(|path| Some(path.file_name()?.to_owned())));
                continue;
            }
            for path in [self.image_path(&image.id), self.blob_path(&image.id)] {
                let path = path.unwrap_or_default();
                match fs::remove_file(&path) {
                    Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                        return Err(ImageError::at("remove", path)(error));
                    }
                    _ => {}
                }
            }
        }
        let layers = self.folder.join("layers");
        let tmp = tempfile::tempdir_in(self.folder.join("tmp"));
        let tmp = tmp.map_err(ImageError::at("write", self.folder.join("tmp")))?;
        for entry in read(&layers)? {
            if !kept_layers.contains(&entry) {
                // Away at once, and then removed: half a layer never stands in its place.
                let (from, to) = (layers.join(&entry), tmp.path().join(&entry));
                fs::rename(&from, to).map_err(ImageError::at("remove", from))?;
            }
        }
        let _ = tmp.keep();
        self.sweep()
    }
}

fn read(folder: &Path) -> Result<Vec<OsString>, ImageError> {
    let entries = fs::read_dir(folder).map_err(ImageError::at("read", folder))?;
    Ok(entries.flatten().map(|entry| entry.file_name()).collect())
}

fn is_meant(text: &str, record: &NameRecord) -> bool {
    let digits = text.strip_prefix("sha256:").unwrap_or(text);
    let is_id = digits.len() >= FEWEST_DIGITS
        && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
        && record.id["sha256:".len()..].starts_with(digits);
    let name = ImageName::parse(text).map(ImageName::without_spare_tag);
    is_id || name.is_some_and(|name| name.means(&record.name, &record.digests))
}

/// A name as people write it.
fn short(name: &str) -> String {
    ImageName::parse(name).map_or_else(|| name.to_owned(), |name| name.short())
}
