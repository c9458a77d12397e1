//! Files and folders of the store: for the user alone, and whole or not at all.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::ImageError;

/// Makes a folder, and those above it, for the user alone.
pub(super) fn make(path: &Path) -> Result<(), ImageError> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.map_err(ImageError::at("make", path))
}

/// Writes a file that appears whole or not at all.
pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<(), ImageError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let written = tempfile::NamedTempFile::new_in(folder).and_then(|mut file| {
        file.write_all(bytes)?;
        file.as_file().sync_data()?;
        file.persist(path).map_err(|error| error.error)
    });
    written.map(drop).map_err(ImageError::at("write", path))
}

/// The same, of a value.
pub(super) fn write_json(path: &Path, value: &impl Serialize) -> Result<(), ImageError> {
    let bytes = serde_json::to_vec(value).map_err(io::Error::other);
    write(path, &bytes.map_err(ImageError::at("write", path))?)
}

/// Reads a value; `None` where there is none, or what there is was not written by this version.
pub(super) fn read_json<T: DeserializeOwned>(path: &Path) -> Option<T> {
    serde_json::from_slice(&fs::read(path).ok()?).ok()
}

/// Opens a file to lock it, made where it is missing.
pub(super) fn open_lock(path: &Path) -> Result<File, ImageError> {
    let mut options = OpenOptions::new();
    let options = options.create(true).truncate(false).read(true).write(true);
    let file = options.mode(0o600).open(path);
    file.map_err(ImageError::at("open", path))
}
