//! Images from registries.
//!
//! Whoever pulls says as whom: where credentials come from is not known here.

mod blobs;
mod fault;
mod image;
mod registry;

pub use image::PullOptions;
pub use registry::Login;
