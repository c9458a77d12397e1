//! A whole configuration: stages, variables, workflow, jobs.

use std::sync::Arc;

use crate::source::Span;

use super::job::JobConfig;
use super::variables::YamlVariable;
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
    /// `workflow`.
    pub workflow: Workflow,
    /// Visible jobs in file order, one per instance of `parallel`.
    pub jobs: Vec<Arc<JobConfig>>,
}
