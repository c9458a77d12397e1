//! An image in use: its layers stay where they are until it is dropped.

use std::fs::File;
use std::path::PathBuf;

use super::layer::LayerForm;
use super::{ImageConfig, Platform};

/// An image in use. While one of these lives, in whatever process, `pipe image rm` leaves its
/// layers alone; the kernel ends the hold of a process that was killed. Share one with an `Arc`
/// between the jobs of a run: each holds a file open.
#[derive(Debug)]
pub struct OpenImage {
    pub(super) name: String,
    pub(super) id: String,
    pub(super) digest: Option<String>,
    pub(super) platform: Platform,
    pub(super) config: ImageConfig,
    pub(super) layers: Vec<PathBuf>,
    pub(super) form: LayerForm,
    /// A shared lock on the image; it ends with the file.
    pub(super) _held: File,
}

impl OpenImage {
    /// The name that it was asked for by, in full: `docker.io/library/ruby:3.1`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// `sha256:…` of its configuration: equal ids are the same files and settings. What the
    /// digest of an attempt should hold (design chapter 8).
    pub fn id(&self) -> &str {
        &self.id
    }

    /// `sha256:…` of the manifest, as a registry names it. `None` where it did not come from one.
    pub fn digest(&self) -> Option<&str> {
        self.digest.as_deref()
    }

    /// What it was made for.
    pub fn platform(&self) -> &Platform {
        &self.platform
    }

    /// What it says of its containers.
    pub fn config(&self) -> &ImageConfig {
        &self.config
    }

    /// The folders of its layers, **the lowest first**: overlayfs wants `lowerdir=` the other way
    /// round. Each is absolute and has no `:` or `,` of ours in it, but those of the user's cache
    /// folder. At least one; never write into them, they are shared by all images and runs.
    pub fn layers(&self) -> &[PathBuf] {
        &self.layers
    }

    /// How owners and removed files are written in these folders: whether the overlay is mounted
    /// with `userxattr`, and whether the files have the image's owners.
    pub fn form(&self) -> LayerForm {
        self.form
    }
}
