//! What a command means: from a request to a pipeline, from a pipeline to a run.
//!
//! ```text
//! request ─▶ workspace ─▶ pipeline ─▶ choice of jobs ─▶ launch ─▶ run
//! ```
//!
//! `fetch` brings what a pipeline includes from elsewhere.
//! `past` reads what is on record, `retry` makes a request of it again, `clean` ends what is kept.
//!
//! Layer 7. Requests are plain values, results are values or a [`Failure`]: neither clap nor a
//! terminal nor an exit code is known here. A second front end would begin at this layer.

mod asks_origin;
mod assignment;
mod children;
mod clean;
mod docker_settings;
mod early;
mod elsewhere;
mod explain;
mod facts;
mod failure;
mod fetch;
pub mod folders;
#[cfg(target_os = "linux")]
mod images;
mod interruptible;
mod jobs;
mod kinds_of_ref;
mod launch;
mod lint;
mod past;
mod pipeline;
mod pipelines;
mod place;
mod projects;
mod reap;
mod recorded;
mod request;
mod resumed;
mod retry;
mod runners;
mod selection;
mod server_lint;
mod server_variables;
mod setting_files;
mod settings;
mod shell;
mod tree_files;
mod trees;
mod variables;
mod without_needs;
mod workspace;

pub use assignment::{Assignment, runners};
pub use clean::{Storage, Stored, StoredKind};
pub use early::begin_early;
pub use explain::{JobExplanation, explain_job};
pub use facts::{History, now};
pub use failure::{Failure, FailureKind};
pub use fetch::{Came, Fetch, Fetched};
#[cfg(target_os = "linux")]
pub use images::{
    ImageRequest, Images, list_images, remove_all_images, remove_images, short, stored_image_names,
};
pub use jobs::{KeyDigests, Permissions, PipelineContext, images};
pub use kinds_of_ref::{KindOfRef, kinds_of_ref};
pub use launch::Launch;
pub use lint::{LintOptions, Linted, lint};
pub use past::{KeptByJob, PastAttempts, PastRuns};
pub use pipeline::{Pipeline, kind_of_errors};
pub use request::{LaunchOptions, PipelineRequest, RefRequest, RunRequest, WorkspaceRequest};
pub use retry::{GivenAgain, Retry};
pub use runners::{docker, sandboxes};
pub use selection::{choose, unknown_job};
pub use server_lint::Comparison;
pub use server_variables::ServerVariables;
pub use settings::{REPOSITORY_SETTINGS, read_settings, settings_here, users_settings};
pub use workspace::Workspace;
