//! A layer: from the tar of a registry to a folder for overlayfs.

mod below;
mod compression;
mod entry;
mod form;
mod here;
mod job;
mod meter;
mod place;
mod unpack;

pub(super) use compression::is_compressed;
pub use form::{LayerForm, Marks, Owners};
pub use here::Here;
pub use job::{LayerError, LayerFolders, Limits, UnpackJob, Unpacked};
pub(super) use meter::Meter;
pub(super) use unpack::plain;
