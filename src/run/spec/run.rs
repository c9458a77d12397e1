//! A run and its pipelines: everything is decided, nothing is YAML any more.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::event::RunStarted;
use crate::exec::{Cancel, Owner, TreeSpec};
use crate::run::runner::Runner;
use crate::sched::Options;
use crate::types::Sources;

use super::job::JobRun;
use super::person::Person;

/// A run: a pipeline, and those that its trigger jobs make.
pub struct RunSpec {
    /// The root pipeline.
    pub pipeline: PipelineSpec,
    /// What holds for all of them.
    pub settings: RunSettings,
}

/// What holds for all pipelines of a run.
pub struct RunSettings {
    /// Labels of everything that is made.
    pub owner: Owner,
    /// Who takes the jobs of all pipelines.
    pub runners: Vec<Runner>,
    /// `--no-delay`: delayed jobs start at once.
    pub no_delay: bool,
    /// How many jobs of all runners run at once; at least one does.
    pub slots: usize,
    /// The tar file for the artifacts of an attempt of a job, in a folder that exists.
    pub artifacts: ArtifactPlaces,
    /// Bytes that the artifacts of an attempt may take on disk; `None` for no limit.
    pub artifacts_limit: Option<u64>,
    /// Who gets a shell, where the attempts have a `login`.
    pub person: Option<Arc<dyn Person>>,
    /// `--offline`: no image is brought, and a run with missing ones does not begin.
    pub offline: bool,
}

/// One pipeline of a run.
pub struct PipelineSpec {
    /// Its first event; says all that a reporter may want to know before the first job.
    pub head: RunStarted,
    /// `CI_JOB_ID` of the first attempt; the following ones are there for all others (see
    /// [`JobRun::attempts`]).
    pub first_job_id: u64,
    /// Names of the stages in their order.
    pub stages: Vec<String>,
    /// The jobs; a [`JobIndex`](crate::sched::JobIndex) is a place in this list.
    pub jobs: Vec<JobRun>,
    /// `auto_cancel`, `--keep-going`.
    pub options: Options,
    /// How long each job took before, where that is known: the longest path goes first.
    pub durations: Vec<Option<Duration>>,
    /// The project's files for each of the [`Sources`] that jobs ask for.
    pub trees: Vec<(Sources, TreeSpec)>,
    /// What to tell before the first job, one line each.
    pub notices: Vec<String>,
    /// Values that no event may show.
    pub secrets: Vec<String>,
    /// False when something that GitLab would do was left out already.
    pub complete: bool,
}

/// The tar file for the artifacts of an attempt of a job, in the pipeline to which the trigger
/// jobs of those names lead.
pub type ArtifactPlaces = Box<dyn Fn(&[String], &str, u32) -> PathBuf + Send + Sync>;

/// What the person at the terminal asks for; fed from signals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Interrupt {
    /// Once: cancel all jobs, `after_script` still runs. Twice: kill.
    pub level: Cancel,
    /// The signal behind it, for the exit code.
    pub signal: u8,
}

/// Why a run did not begin.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The jobs make no pipeline.
    #[error(transparent)]
    Spec(#[from] crate::sched::SpecError),
    /// Images are missing and none may be brought.
    #[error("{}", missing(.images))]
    MissingImages {
        /// As messages name them.
        images: Vec<String>,
        /// What to do about it.
        help: String,
    },
    /// A signal came first.
    #[error("stopped before the first job")]
    Interrupted(
        /// The signal.
        u8,
    ),
    /// An executor could not say what it has, or could not take the project's files.
    #[error(transparent)]
    Executor(#[from] crate::exec::ExecError),
}

impl RunError {
    /// What to do about it, where there is something.
    pub fn help(&self) -> Option<&str> {
        match self {
            Self::MissingImages { help, .. } => Some(help),
            Self::Executor(error) => error.help.as_deref(),
            Self::Spec(_) | Self::Interrupted(_) => None,
        }
    }
}

fn missing(images: &[String]) -> String {
    match images {
        [name] => format!("image {name} is not on this machine"),
        names => format!(
            "{} images are not on this machine: {}",
            names.len(),
            names.join(", ")
        ),
    }
}
