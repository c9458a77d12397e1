//! `artifacts` as a type.

use std::sync::Arc;

use crate::yaml::Value;

/// `artifacts` (configuration reference 6.18).
#[derive(Debug, Clone)]
pub struct Artifacts {
    /// `paths`, unexpanded.
    pub paths: Vec<Arc<str>>,
    /// `exclude`, unexpanded.
    pub exclude: Vec<Arc<str>>,
    /// `when`.
    pub when: ArtifactsWhen,
    /// `untracked`.
    pub untracked: bool,
    /// `reports:dotenv`, unexpanded.
    pub dotenv: Vec<Arc<str>>,
    /// `reports`, as written.
    pub reports: Option<Value>,
}

/// `artifacts:when`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ArtifactsWhen {
    /// Only of a job that succeeded.
    #[default]
    OnSuccess,
    /// Only of a job that failed.
    OnFailure,
    /// Both.
    Always,
}
