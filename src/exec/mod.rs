//! Executors: where a job's scripts really run.
//!
//! Layer 5. An executor receives an environment and scripts, never a GitLab keyword. A script
//! that fails is a successful execution ([`Exit`]); an [`ExecError`] means that the machinery
//! failed. The same contract suite is run over every executor.

mod bridge;
mod cancel;
mod collect;
mod contract;
mod detector;
mod docker;
mod entry;
mod error;
mod file_work;
mod keeps;
mod kept_file;
mod names;
mod overlay_changes;
mod owned;
mod owned_folder;
mod ports;
mod registry;
mod relocate;
#[cfg(target_os = "linux")]
mod sandbox;
mod service_lines;
mod service_words;
mod shell;
mod shell_output;
mod temp;
mod terminal;
mod trees;
mod unpack;
mod user_volumes;
mod voice;

/// Test support: an executor that runs nothing, for the tests of the run loop.
#[cfg(test)]
pub(crate) mod fake;
#[cfg(test)]
mod suite;

pub use contract::{
    ArtifactRef, Brief, Cancel, Capabilities, Cx, EnvSpec, EnvVariable, Executor, Exit, Globs,
    Image, LayerContent, LayerSpec, Layout, Owner, Reaped, Script, ServiceSpec, Session, TarFile,
    Terminal, Traits, TreeRef, TreeSpec, Turn, Workspace, names_shell_file,
};
pub use docker::{DockerExecutor, DockerSettings, Endpoint, Reach, expect_docker};
pub use error::{ExecError, Fault};
pub use file_work::{Stop, stoppable};
pub use kept_file::{KeptFileError, kept_file};
pub use registry::{Found, JobLogins, Keyring, Login};
#[cfg(target_os = "linux")]
pub use sandbox::{
    SandboxExecutor, SandboxExtras, SandboxLimits, SandboxNetwork, SandboxSettings, enter_sandbox,
    expect_sandboxes, forget_sandbox_layers, image_store, image_stores, reap_sandboxes,
    sandbox_layers, sandbox_way_out,
};
pub use shell::{ShellExecutor, ShellSettings};
