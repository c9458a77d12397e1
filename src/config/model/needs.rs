//! `needs` as a type.

use std::sync::Arc;

use crate::source::Span;
use crate::yaml::Value;

use super::parallel::Combination;

/// One entry of `needs` (configuration reference 6.10).
#[derive(Debug, Clone)]
pub struct NeedConfig {
    /// What is needed.
    pub target: NeedTarget,
    /// Whether its artifacts are taken.
    pub artifacts: bool,
    /// Where it was written.
    pub span: Span,
}

/// What a need points at.
#[derive(Debug, Clone)]
pub enum NeedTarget {
    /// A job of this pipeline.
    Job {
        /// Name; a base name of a parallel job until it is expanded.
        name: Arc<str>,
        /// May be absent.
        optional: bool,
        /// Combinations of `parallel:matrix`, in the order written.
        matrix: Option<Vec<Combination>>,
    },
    /// A job of another pipeline or project, or a mirrored pipeline: as written.
    External(Value),
}
