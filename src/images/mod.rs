//! Images without a daemon: where they are kept, how they get there, and what a sandbox runs on.
//!
//! Layer 4. An [`ImageStore`] holds the images of one user. [`ImageStore::open`] gives the
//! folders of an image's layers, which overlayfs can lay over each other, and what the image says
//! of its containers; nothing of it goes while it is held. [`ImageStore::arrival`] brings images:
//! from archives and from registries. Only Linux has such a store.
//!
//! What an image holds is hostile input. Archives are unpacked below one folder, whatever names
//! they use, and within [`Limits`](layer::Limits) (design chapter 8).
#![allow(
    dead_code,
    unused_imports,
    reason = "the engine that runs images comes to it"
)]

mod arrival;
mod config;
mod error;
mod files;
mod import;
pub mod layer;
mod manifest;
mod name;
mod open_image;
mod platform;
mod pull;
mod record;
mod removal;
mod sha256;
mod store;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

pub use arrival::{Arrival, Arrived, OnProgress, Progress};
pub use config::ImageConfig;
pub use error::ImageError;
pub use import::ImportOptions;
pub use name::ImageName;
pub use open_image::OpenImage;
pub use platform::Platform;
pub use pull::{Login, PullOptions};
pub use removal::StoredImage;
pub use store::ImageStore;
