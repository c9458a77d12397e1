//! A whole configuration: stages, variables, workflow, jobs.

use std::sync::Arc;

use crate::source::Span;

use super::super::prefilled::Prefilled;
use super::super::rules::Rule;
use super::job::JobConfig;

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

/// A variable as YAML gives it: always text, never a file (configuration reference 5.6).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct YamlVariable {
    /// Name.
    pub key: Arc<str>,
    /// Unexpanded value.
    pub value: Arc<str>,
    /// `expand: false`.
    pub raw: bool,
    /// Where it was written.
    pub span: Span,
}

/// `workflow` (configuration reference 5.5).
#[derive(Debug, Clone, Default)]
pub struct Workflow {
    /// Unexpanded `name`.
    pub name: Option<Arc<str>>,
    /// `None` without the key; `Some(None)` for `rules: null`, which always passes and yet takes
    /// away the implicit `only`.
    pub rules: Option<Option<Vec<Rule>>>,
    /// `auto_cancel`.
    pub auto_cancel: AutoCancel,
}

/// `auto_cancel`, of the workflow or of one of its rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AutoCancel {
    /// `on_job_failure`, where given.
    pub on_job_failure: Option<OnJobFailure>,
}

/// `auto_cancel:on_job_failure`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnJobFailure {
    /// A failed job stops nothing.
    None,
    /// A failed job cancels the pipeline.
    All,
}
