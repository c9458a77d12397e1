//! The three glob languages of GitLab. Each pattern is compiled once and matched in time bounded
//! by its length and the path's.
//!
//! - [`Fnmatch`] of `changes` and `exists`: Ruby's `File.fnmatch` (configuration reference 8.4),
//! - [`IncludeGlob`] of `include:local` (configuration reference 4.2),
//! - [`ArtifactGlobs`] of `artifacts` and `cache`, [`ImageGlobs`] of a runner: doublestar (runtime
//!   reference 16.1, 9.1).
//!
//! Paths arrive as text, relative and with `/`; which files there are is not known here.

mod artifacts;
mod braces;
mod doublestar;
mod error;
mod fnmatch;
mod image;
mod include;
mod path;
mod roots;
mod rules;
mod segment;

pub use artifacts::ArtifactGlobs;
pub use error::GlobError;
pub use fnmatch::Fnmatch;
pub use image::ImageGlobs;
pub use include::IncludeGlob;
pub use roots::Roots;
pub use rules::{changes_match, exists_match};
