//! `workflow` as a type.

use std::sync::Arc;

use super::given::Given;
use super::rules::{AutoCancel, Rule};

/// `workflow` (configuration reference 5.5).
#[derive(Debug, Clone, Default)]
pub struct Workflow {
    /// Unexpanded `name`.
    pub name: Option<Arc<str>>,
    /// `rules`. Null always passes, and yet takes away the implicit `only`.
    pub rules: Given<Vec<Rule>>,
    /// `auto_cancel`.
    pub auto_cancel: AutoCancel,
}
