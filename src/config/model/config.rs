//! A whole configuration: stages, variables, workflow, jobs.

use std::sync::Arc;

use crate::source::Span;

use super::job::JobConfig;
use super::variables::{Prefilled, YamlVariable};
use super::workflow::Workflow;

/// A checked configuration, jobs expanded by `parallel`.
#[derive(Debug, Clone)]
pub struct Config {
    /// Stage names in order, `.pre` and `.post` included.
    pub stages: Vec<Arc<str>>,
    /// Where `stages` was written.
    pub stages_span: Option<Span>,
    /// Root `variables`.
    pub variables: Vec<YamlVariable>,
    /// Root variables with a description.
    pub prefilled: Vec<Prefilled>,
    /// `workflow`.
    pub workflow: Workflow,
    /// Visible jobs in file order, one per instance of `parallel`.
    pub jobs: Vec<Arc<JobConfig>>,
}
