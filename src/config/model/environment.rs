//! `environment` as a type.

use std::sync::Arc;

use crate::source::{Span, SpannedText};
use crate::types::EnvironmentAction;

/// `environment` (configuration reference 6.15). No text is expanded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvironmentConfig {
    /// `name`.
    pub name: Arc<str>,
    /// Where the name was written.
    pub name_span: Span,
    /// `url`.
    pub url: Option<Arc<str>>,
    /// `action`.
    pub action: EnvironmentAction,
    /// `on_stop`.
    pub on_stop: Option<SpannedText>,
    /// `deployment_tier`.
    pub tier: Option<SpannedText>,
    /// `auto_stop_in`.
    pub auto_stop_in: Option<Arc<str>>,
    /// `kubernetes`.
    pub kubernetes: Option<KubernetesConfig>,
    /// Where it was written.
    pub span: Span,
}

/// `environment:kubernetes`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KubernetesConfig {
    /// `agent`.
    pub agent: Option<Arc<str>>,
    /// `namespace`.
    pub namespace: Option<Arc<str>>,
    /// `flux_resource_path`.
    pub flux_resource_path: Option<Arc<str>>,
}
