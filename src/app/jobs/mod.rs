//! From the jobs of a plan to the jobs of a run: executor, image, services, sources, scripts,
//! caches, artifacts.

mod caches;
mod context;
mod digest;
mod image;
mod job_run;
mod permissions;
mod refusal;
mod scripts;
mod services;
mod socket;
mod sources;
mod submodules;

pub use caches::KeyDigests;
pub use context::PipelineContext;
pub use job_run::images;
pub(super) use job_run::jobs;
pub use permissions::Permissions;
