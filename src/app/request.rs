//! What is asked for: which checkout, which pipeline, which run.

use std::path::PathBuf;

use crate::config::GivenInput;
use crate::plan::{Outside, Selection};
use crate::settings::Key;
use crate::types::PipelineSource;

/// Which checkout, and settings that are stronger than those of the files.
#[derive(Debug, Clone, Default)]
pub struct WorkspaceRequest {
    /// A folder in the checkout; the current one if `None`.
    pub folder: Option<PathBuf>,
    /// Settings given for this command alone.
    pub settings: Vec<(Key, String)>,
}

/// Which ref the pipeline is for. The files are those of the checkout in any case (design
/// chapter 2).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum RefRequest {
    /// What is checked out.
    #[default]
    CheckedOut,
    /// A branch.
    Branch(String),
    /// A tag.
    Tag(String),
    /// A merge request.
    MergeRequest {
        /// Its source; the branch checked out if `None`.
        source: Option<String>,
        /// Its target; the default branch if `None`.
        target: Option<String>,
    },
}

/// Which pipeline: ref, event, changed files, variables, inputs.
#[derive(Debug, Clone, Default)]
pub struct PipelineRequest {
    /// The ref.
    pub reference: RefRequest,
    /// The event; `push` if `None`. That of a merge request is its own.
    pub source: Option<PipelineSource>,
    /// Paths that count as changed, in place of what git says; none given if empty.
    pub changed: Vec<String>,
    /// Variables of the pipeline, stronger than all others.
    pub variables: Vec<(String, String)>,
    /// Values for the inputs of the pipeline's file; later ones win.
    pub inputs: Vec<GivenInput>,
}

/// How to run what was chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LaunchOptions {
    /// Bring nothing: a run with missing images does not begin.
    pub offline: bool,
    /// Delayed jobs start at once.
    pub no_delay: bool,
    /// What comes after a failed job runs all the same.
    pub keep_going: bool,
}

/// A run: which pipeline, which of its jobs, and how.
#[derive(Debug, Clone, Default)]
pub struct RunRequest {
    /// The pipeline.
    pub pipeline: PipelineRequest,
    /// Its jobs.
    pub selection: Selection,
    /// What may act outside.
    pub outside: Outside,
    /// How to run them.
    pub options: LaunchOptions,
    /// The run on record that this one goes on with: what passed there and is the same is kept.
    pub resumes: Option<String>,
    /// A person gets a shell in place of the scripts: `TERM`. Such a run leaves no record.
    pub shell_on: Option<String>,
}
