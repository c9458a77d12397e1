//! What there is to unpack, as a plain value: it may be done in another process.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use serde::{Deserialize, Serialize};

use super::LayerForm;
use crate::foreign::{is_disk_full, system_words};

/// One layer that is to be unpacked.
///
/// It says everything, so that it can be done where the ids of a user namespace are: send it there
/// as JSON, call [`UnpackJob::run`], send [`Unpacked`] or [`LayerError`] back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnpackJob {
    /// The file that holds the tar: plain, gzip or zstd.
    pub archive: PathBuf,
    /// Where in that file it begins, and how long it is: a layer inside an archive of layers.
    pub part: Option<(u64, u64)>,
    /// `sha256:…` of these bytes, where they have a digest.
    pub digest: Option<String>,
    /// `sha256:…` of the tar itself, as the image's configuration has it. `None` for a tar that
    /// becomes an image only now.
    pub diff_id: Option<String>,
    /// The folder to unpack into; it does not exist yet, the one that it lies in does.
    pub into: PathBuf,
    /// The layers below, the lowest first: folders that the tar does not name have their modes and
    /// owners from there.
    pub below: Vec<PathBuf>,
    /// How to write it.
    pub form: LayerForm,
    /// What is too much.
    pub limits: Limits,
}

/// What a layer must not exceed. The defaults let every sound image pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Files, folders and links.
    pub entries: u64,
    /// Bytes of all files.
    pub bytes: u64,
    /// How many times as large as the archive the files may be, once they have `free_bytes`.
    pub ratio: u64,
    /// Bytes that no ratio is asked of.
    pub free_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            entries: 2_000_000,
            bytes: 64 << 30,
            ratio: 200,
            free_bytes: 1 << 30,
        }
    }
}

/// What was unpacked.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unpacked {
    /// `sha256:…` of the tar itself.
    pub diff_id: String,
    /// Files, folders and links.
    pub entries: u64,
    /// Bytes of all files.
    pub bytes: u64,
    /// Device nodes that were left out.
    pub devices: u64,
}

/// Why a layer can't be unpacked or removed, in words: it may come from another process.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[error("{message}")]
pub struct LayerError {
    /// One line, lower case.
    pub message: String,
    /// The disk is full, or the user's share of it.
    pub disk_full: bool,
}

impl LayerError {
    pub(super) fn saying(message: String) -> Self {
        Self {
            message,
            disk_full: false,
        }
    }

    /// That of the system.
    pub fn of(error: &io::Error) -> Self {
        Self {
            message: system_words(error),
            disk_full: is_disk_full(error),
        }
    }

    /// An error of the entry at `path`.
    pub(super) fn at(path: &[u8], error: &io::Error) -> Self {
        let path = String::from_utf8_lossy(path);
        Self {
            message: format!("`{path}`: {}", system_words(error)),
            disk_full: is_disk_full(error),
        }
    }
}

/// Writes and removes folders of layers, as whoever may. [`super::super::ImageStore`] has one that
/// works in this process; an engine with ranges of ids brings its own, for outside its user
/// namespace nobody can make or remove files of these ids.
pub trait LayerFolders: Send + Sync {
    /// How it writes layers.
    fn form(&self) -> LayerForm;

    /// Does the job. What it began and can't end may stay: the store removes it.
    /// Ends early, with an error, once `stop` is set.
    fn unpack(&self, job: &UnpackJob, stop: &AtomicBool) -> Result<Unpacked, LayerError>;

    /// Removes a folder with all that is in it.
    fn remove(&self, folder: &Path) -> Result<(), LayerError>;
}
