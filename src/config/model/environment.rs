//! `environment` as a type.

use std::sync::Arc;

use crate::source::{Span, SpannedText};

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

/// `environment:action`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum EnvironmentAction {
    /// Deploys.
    #[default]
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

    /// Reads GitLab's word.
    pub fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "start" => Self::Start,
            "stop" => Self::Stop,
            "prepare" => Self::Prepare,
            "verify" => Self::Verify,
            "access" => Self::Access,
            _ => return None,
        })
    }
}
