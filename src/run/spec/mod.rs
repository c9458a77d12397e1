//! What a run is told: the run, its pipelines, their jobs, and what an attempt of one runs.

mod child;
mod job;
mod person;
mod report_files;
mod run;
mod scripts;

pub use child::{ChildPipeline, Succeeded, Trigger, TriggerContext};
pub use job::{EarlyFailure, JobRun, Received, ScriptJob, Work};
pub use person::{Person, Seat};
pub use report_files::ReportFiles;
pub(super) use report_files::ReportFormat;
pub use run::{ArtifactPlaces, Interrupt, PipelineSpec, RunError, RunSettings, RunSpec};
pub use scripts::{
    AfterScript, AttemptContext, AttemptScripts, EarlierSuccess, Expand, JobEnvironment,
    JobSettings, Refusal,
};
