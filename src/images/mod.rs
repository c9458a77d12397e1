//! Images without a daemon: where they are kept, how they get there, and what a sandbox runs on.
//!
//! Layer 4. An [`ImageStore`] holds the images of one user. [`ImageStore::open`] gives the
//! folders of an image's layers, which overlayfs can lay over each other, and what the image says
//! of its containers; nothing of it goes while it is held. Only Linux has such a store.
//!
//! What an image holds is hostile input. Archives are unpacked below one folder, whatever names
//! they use, and within [`Limits`](layer::Limits) (design chapter 8).

mod config;
mod error;
pub mod layer;
mod name;
mod open_image;
mod platform;
mod store;

pub use config::ImageConfig;
pub use error::ImageError;
pub use name::ImageName;
pub use open_image::OpenImage;
pub use platform::Platform;
pub use store::ImageStore;
