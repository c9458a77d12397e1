//! `only` and `except` as types.

use std::sync::Arc;

use crate::expr::Condition;
use crate::source::Span;

/// `only` or `except` (configuration reference 6.9).
#[derive(Debug, Clone)]
pub struct Policy {
    /// Where it was written; `None` for the implicit `only`.
    pub span: Option<Span>,
    /// `refs`.
    pub refs: Option<Vec<RefPattern>>,
    /// `variables`.
    pub variables: Option<Vec<PolicyCondition>>,
    /// `changes`.
    pub changes: Option<Vec<Arc<str>>>,
    /// `kubernetes: active`.
    pub kubernetes: bool,
}

/// One entry of `variables`.
#[derive(Debug, Clone)]
pub struct PolicyCondition {
    /// As written.
    pub text: Arc<str>,
    /// As parsed.
    pub condition: Arc<Condition>,
}

/// One entry of `refs`.
#[derive(Debug, Clone)]
pub struct RefPattern {
    /// The text before any `@`.
    pub pattern: Arc<str>,
    /// The project after `@`.
    pub project: Option<Arc<str>>,
}
