//! Each pipeline of a run as the run loop wants it: the root, the children of trigger jobs, and the
//! pipelines of other projects.

mod basis;
mod child;
mod downstream;

pub(super) use basis::{Basis, Upstream};
