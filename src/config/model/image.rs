//! `image` and `services` as types.

use std::sync::Arc;

use crate::source::Span;
use crate::types::PullPolicy;

use super::variables::YamlVariable;

/// `image`, or what a service has of it (configuration reference 6.3). No text is expanded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageConfig {
    /// `name`.
    pub name: Arc<str>,
    /// `entrypoint`; `None` for that of the image.
    pub entrypoint: Option<Vec<Arc<str>>>,
    /// `docker:platform`.
    pub platform: Option<Arc<str>>,
    /// `docker:user`.
    pub user: Option<Arc<str>>,
    /// `pull_policy`, in the order in which they are tried; empty for the runner's own.
    pub pull_policies: Vec<PullPolicy>,
    /// Where it was written.
    pub span: Span,
}

/// One of `services` (configuration reference 6.4). No text is expanded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceConfig {
    /// What it has in common with `image`.
    pub image: ImageConfig,
    /// The names of `alias`, which stand between commas or blanks; those made of the image's name
    /// come beside them.
    pub aliases: Vec<Arc<str>>,
    /// `command`; `None` for that of the image.
    pub command: Option<Vec<Arc<str>>>,
    /// `variables` for this service alone.
    pub variables: Vec<YamlVariable>,
}
