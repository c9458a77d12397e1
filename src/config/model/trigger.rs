//! `trigger` as a type.

use std::sync::Arc;

use crate::source::{Span, SpannedText};
use crate::yaml::{Mapping, Value};

/// `trigger` (configuration reference 6.25). No text is expanded.
#[derive(Debug, Clone)]
pub struct TriggerConfig {
    /// Which pipeline is started.
    pub target: TriggerTarget,
    /// `strategy`; `None` where the job does not wait for the pipeline.
    pub strategy: Option<TriggerStrategy>,
    /// `forward`.
    pub forward: Forward,
    /// Where it was written.
    pub span: Span,
}

/// The pipeline that a trigger job starts.
#[derive(Debug, Clone)]
pub enum TriggerTarget {
    /// A child of this one, of these parts.
    Child(Vec<ChildInclude>),
    /// One of another project.
    Project(ProjectTrigger),
}

/// An entry of `trigger:include`.
#[derive(Debug, Clone)]
pub struct ChildInclude {
    /// The entry as written. It is for the child's include phase, as if it stood at the top level
    /// of a file.
    pub entry: Value,
    /// `artifact`: the file lies in what the job kept.
    pub artifact: Option<Arc<str>>,
    /// `job`.
    pub job: Option<SpannedText>,
}

/// `trigger` of another project.
#[derive(Debug, Clone)]
pub struct ProjectTrigger {
    /// `project`.
    pub project: Arc<str>,
    /// `branch`; `None` for the default branch.
    pub branch: Option<Arc<str>>,
    /// `inputs`, which may be of any type.
    pub inputs: Arc<Mapping>,
}

/// `trigger:strategy`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TriggerStrategy {
    /// The job ends as the pipeline does.
    Depend,
    /// The job has the pipeline's status all the time.
    Mirror,
}

/// `trigger:forward`: which variables go along.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Forward {
    /// Those of the job's YAML.
    pub yaml_variables: bool,
    /// Those that were given to this pipeline.
    pub pipeline_variables: bool,
}

impl Default for Forward {
    fn default() -> Self {
        Self {
            yaml_variables: true,
            pipeline_variables: false,
        }
    }
}
