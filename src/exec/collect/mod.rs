//! Which files a job's artifacts are, and the archive they go into; shared by all executors.
//!
//! Globs are matched by `expr::glob::ArtifactGlobs`. Symbolic links are never followed and `.git`
//! is never taken (runtime reference 16.1, 16.2).

mod archive;
mod holes;
#[cfg(target_os = "linux")]
mod listing;
mod naming;
mod pack;
mod selection;
mod walk;

pub(super) use archive::{Archive, begin, cannot_pack, keep, place, store};
#[cfg(target_os = "linux")]
pub(super) use listing::listed;
pub(super) use pack::{Pack, Packed, is_kept};
pub(super) use selection::Selection;
pub(super) use walk::{collect, stream};
