//! `environment` as a type.

use std::sync::Arc;

use crate::source::Span;
use crate::yaml::Value;

/// `environment` (configuration reference 6.15).
#[derive(Debug, Clone)]
pub struct EnvironmentConfig {
    /// Unexpanded name.
    pub name: Arc<str>,
    /// Unexpanded URL.
    pub url: Option<Arc<str>>,
    /// `action`.
    pub action: EnvironmentAction,
    /// `on_stop`.
    pub on_stop: Option<(Arc<str>, Span)>,
    /// `deployment_tier`, as written.
    pub tier: Option<Arc<str>>,
    /// Where it was written.
    pub span: Span,
    /// The mapping as GitLab keeps it.
    pub value: Value,
}

/// `environment:action`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EnvironmentAction {
    /// Deploys.
    Start,
    /// Takes the environment down.
    Stop,
    /// Only works with it.
    Prepare,
    /// Only works with it.
    Verify,
    /// Only works with it.
    Access,
}

impl EnvironmentAction {
    /// GitLab's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Stop => "stop",
            Self::Prepare => "prepare",
            Self::Verify => "verify",
            Self::Access => "access",
        }
    }
}
