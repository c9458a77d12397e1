//! A layer: from the tar of a registry to a folder for overlayfs.

mod form;
mod job;

pub use form::{LayerForm, Marks, Owners};
pub use job::{LayerError, LayerFolders, Limits, UnpackJob, Unpacked};
