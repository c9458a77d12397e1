//! What a sandbox's files are made from: images, this machine, sources, and what of them is kept for
//! the next.

mod accounts;
pub(super) mod base;
pub(super) mod bases;
pub(super) mod brought;
pub(super) mod builds;
pub(super) mod copied_layers;
pub(super) mod entries;
pub(super) mod host;
pub(super) mod kept;
pub(super) mod layers;
pub(super) mod left;
pub(super) mod overlays;
