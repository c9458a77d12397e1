//! `needs` as a type.

use std::sync::Arc;

use crate::source::Span;
use crate::yaml::Value;

use super::parallel::Matrix;

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
        /// Which instances, until it is expanded.
        matrix: Option<Matrix>,
    },
    /// Something of another pipeline.
    Elsewhere(ForeignNeed),
}

/// A need on another pipeline.
#[derive(Debug, Clone)]
pub struct ForeignNeed {
    /// What is needed there.
    pub source: ForeignSource,
    /// `artifacts`.
    pub artifacts: bool,
    /// The entry as written, for those who print it.
    pub written: Value,
}

/// What is needed of another pipeline. No text is expanded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ForeignSource {
    /// A job of another pipeline of the same family.
    Pipeline {
        /// `pipeline`: its id.
        pipeline: Arc<str>,
        /// `job`.
        job: Arc<str>,
    },
    /// A job of the last pipeline of another project.
    Project {
        /// `project`.
        project: Arc<str>,
        /// `job`.
        job: Arc<str>,
        /// `ref`.
        reference: Arc<str>,
    },
    /// The status of another project's pipeline, which a trigger job takes as its own.
    Mirror {
        /// `pipeline`: the project.
        project: Arc<str>,
    },
}
