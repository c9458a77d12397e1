//! `rules` of jobs, of the workflow and of includes as types.

use std::sync::Arc;

use crate::expr::Condition;
use crate::source::Span;
use crate::types::{Delay, When};

use super::needs::NeedConfig;
use super::variables::YamlVariable;

/// One rule (configuration reference 6.7). It matches when all its clauses are true, tested in the order written.
#[derive(Debug, Clone)]
pub struct Rule {
    /// Where it was written.
    pub span: Span,
    /// Whether `when` is all that it says.
    pub only_when: bool,
    /// `if`, `changes`, `exists`, in the order written; null ones are absent.
    pub clauses: Vec<Clause>,
    /// `when`.
    pub when: Option<When>,
    /// `start_in`.
    pub start_in: Option<Delay>,
    /// `allow_failure`.
    pub allow_failure: Option<bool>,
    /// `variables`.
    pub variables: Vec<YamlVariable>,
    /// `needs`.
    pub needs: Option<Vec<NeedConfig>>,
    /// `interruptible`.
    pub interruptible: Option<bool>,
    /// `auto_cancel` of a workflow rule.
    pub auto_cancel: AutoCancel,
}

/// A part of a rule that can be true or false.
#[derive(Debug, Clone)]
pub enum Clause {
    /// `if`.
    If {
        /// As parsed.
        condition: Arc<Condition>,
        /// As written.
        text: Arc<str>,
        /// Where it was written.
        span: Span,
    },
    /// `changes`.
    Changes(Changed),
    /// `exists`.
    Exists(Exists),
}

/// `changes` (configuration reference 8.1).
#[derive(Debug, Clone)]
pub struct Changed {
    /// Globs, unexpanded.
    pub paths: Vec<Arc<str>>,
    /// `compare_to`, unexpanded.
    pub compare_to: Option<Arc<str>>,
    /// Where it was written.
    pub span: Span,
}

/// `exists` (configuration reference 8.3).
#[derive(Debug, Clone)]
pub struct Exists {
    /// Globs, unexpanded.
    pub paths: Vec<Arc<str>>,
    /// Another project to look into.
    pub project: Option<Arc<str>>,
    /// The revision of it; its default branch unless said.
    pub reference: Option<Arc<str>>,
    /// Where it was written.
    pub span: Span,
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
