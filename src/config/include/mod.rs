//! `include`: files laid under the file that names them (configuration reference 4).
//!
//! A file is read where its home is: in the repository itself, in another project at a revision,
//! or nowhere (a remote file, a template). The home decides which files it may name in turn.

mod child;
mod errors;
mod files;
mod header;
mod home;
mod item;
mod outside;
mod reader;
mod unset;

pub use outside::{Outside, ProjectAt};
pub(super) use reader::Reader;
