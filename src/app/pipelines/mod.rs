//! Each pipeline of a run as the run loop wants it: the root, and the children of trigger jobs.

mod basis;
mod child;

pub(super) use basis::Basis;
