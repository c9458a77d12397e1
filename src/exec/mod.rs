//! Executors: where a job's scripts really run.
//!
//! Layer 5. An executor receives an environment and scripts, never a GitLab keyword. A script
//! that fails is a successful execution ([`Exit`]); an [`ExecError`] means that the machinery
//! failed. The same contract suite is run over every executor.

mod contract;
mod error;

pub use contract::{
    ArtifactRef, Cancel, Capabilities, Cx, EnvSpec, Executor, Exit, Globs, Image, Layout, Owner,
    Reaped, Script, Session, TreeRef, TreeSpec, Workspace,
};
pub use error::{ExecError, Fault};
