//! The typed configuration: what each keyword says, once it was checked.
//!
//! Readers of the rooms behind this one (`plan` and all later ones) see no YAML: each keyword that
//! they need has its type here, with the places that messages show.

mod artifacts;
mod cache;
mod config;
mod environment;
mod given;
mod image;
mod job;
mod needs;
mod outside;
mod parallel;
mod policy;
mod rules;
mod trigger;
mod variables;
mod workflow;

pub use artifacts::{ArtifactsConfig, CoverageReport, ReportsConfig};
pub use cache::{CacheConfig, CacheKey, CacheKeyFiles, CachePolicy, DigestOf};
pub use config::Config;
pub use environment::{EnvironmentConfig, KubernetesConfig};
pub use given::Given;
pub use image::{ImageConfig, ServiceConfig};
pub use job::{Effect, JobConfig, JobKind, KeywordUse};
pub use needs::{ForeignNeed, ForeignSource, NeedConfig, NeedTarget};
pub use outside::{
    IdTokenConfig, PagesConfig, ReleaseConfig, ReleaseLink, SecretConfig, SecretProvider,
};
pub(super) use parallel::{MAX_INSTANCES, ParallelConfig};
pub use parallel::{Matrix, MatrixInstance, MatrixMapping};
pub use policy::{Policy, PolicyCondition, RefPattern};
pub use rules::{AutoCancel, Changed, Clause, Exists, OnJobFailure, Rule};
pub use trigger::{
    ChildInclude, Forward, ProjectTrigger, TriggerConfig, TriggerStrategy, TriggerTarget,
};
pub use variables::{Inherit, Prefilled, YamlVariable};
pub use workflow::Workflow;
