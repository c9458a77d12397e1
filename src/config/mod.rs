//! The GitLab configuration language: files → one checked, typed [`Config`].
//!
//! Layer 3. PURE: files arrive through [`FileProvider`]. The order of the steps is GitLab's and
//! observable (configuration reference 1): read, interpolate, include and merge, extend,
//! resolve `!reference`, check each keyword, expand `parallel`, check across jobs. What a
//! pipeline for one ref makes of it is the work of [`plan`](crate::plan).

mod budget;
mod changed_roots;
mod clauses;
mod component;
mod cross;
mod document;
mod doubts;
mod evidence;
mod expanded;
mod extends;
mod findings;
mod globals;
mod header;
mod include;
mod inputs;
mod interpolate;
mod jobs;
mod keywords;
mod load;
mod merge;
mod model;
mod own_project;
mod parallel;
mod provenance;
mod provider;
mod read;
mod reference;
mod request;
mod shape;
#[cfg(test)]
pub(crate) mod tests;
mod trail;

pub use changed_roots::changed_roots;
pub use clauses::{ClauseFacts, Compared, RuleError};
pub use doubts::{doubts, undefined_variables};
pub use evidence::{Matched, ReadValue, Seen, TriedClause, TriedRule, values_read};
pub use expanded::expanded;
pub use findings::{MAX_FINDINGS, collapse};
pub use include::{Outside, ProjectAt};
pub use inputs::{GivenInput, to_json};
pub use load::{Loaded, load};
pub use model::{
    CacheConfig, CacheKey, CacheKeyFiles, CachePolicy, ChildInclude, Clause, Config, DigestOf,
    Effect, EnvironmentConfig, ForeignNeed, ForeignSource, Given, ImageConfig, Inherit, JobConfig,
    NeedConfig, NeedTarget, OnJobFailure, Policy, ProjectTrigger, RefPattern, Rule, ServiceConfig,
    TriggerTarget, YamlVariable,
};
pub use provider::{BadRevision, Changes, FileProvider, KeptError, ReadError};
pub use request::{Request, Start};
pub use trail::Step;
