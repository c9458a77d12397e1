//! Images from files: archives of `docker save`, OCI layouts, tars of a root file system.

mod docker_archive;
mod index;
mod layout;
mod source;

pub use source::ImportOptions;
