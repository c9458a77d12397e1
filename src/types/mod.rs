//! Small values that several layers share: GitLab's words for states, reasons and refs, and
//! `pipe`'s exit codes.
//!
//! Layer 0. PURE: no I/O, no clock, no async. Nothing here knows YAML, plans or executors.

mod artifacts;
mod digest;
pub mod duration;
mod environment;
pub mod exit_code;
mod failure;
mod go_bool;
mod image_name;
mod job;
mod late;
mod origin;
#[cfg(test)]
mod origin_tests;
mod pull_policy;
mod reference;
mod slug;
mod sources;
mod status;
mod variable_level;
mod wildcard;

pub use artifacts::Artifacts;
pub use digest::Digest;
pub use environment::{ENVIRONMENT_TIERS, EnvironmentAction, EnvironmentNameFault};
pub use failure::FailureReason;
pub use go_bool::go_bool;
pub use image_name::is_image_name;
pub use job::{AllowFailure, Delay, KeepWhen, Retry, RetryWhen, When};
pub use late::Late;
pub use origin::{Origin, Service, project_path};
pub use pull_policy::PullPolicy;
pub use reference::{CommitFacts, PipelineSource, RefClass, RefKind, Reference, ZEROS};
pub use slug::{environment_slug, slug};
pub use sources::{Sources, SubmoduleStrategy, Submodules, Tags};
pub use status::Status;
pub use variable_level::VariableLevel;
pub use wildcard::wildcard_match;
