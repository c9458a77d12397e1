//! The files of a configuration as one document, and how each value came to its place.

use std::sync::Arc;

use crate::yaml::Mapping;

use super::trail::Trail;

/// The files as one, before and after `extends` and `!reference`.
#[derive(Debug, Clone)]
pub struct Document {
    /// All files merged, with `extends` and `!reference` as they are written.
    pub merged: Arc<Mapping>,
    /// The same with both applied.
    pub resolved: Arc<Mapping>,
    /// The ways of the values.
    pub trail: Trail,
}
