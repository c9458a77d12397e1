//! What a trigger job does: it makes a pipeline, and may wait for it.

use std::fmt;
use std::sync::Arc;

use crate::exec::ArtifactRef;
use crate::sched::JobIndex;

use super::run::PipelineSpec;
use super::scripts::Refusal;

/// The work of a trigger job.
#[derive(Clone)]
pub struct Trigger {
    /// Makes the child.
    pub child: Arc<dyn ChildPipeline>,
    /// `strategy: depend`: the trigger job ends as the child does. Without it, it succeeds as soon
    /// as the child has begun (runtime reference 6.12).
    pub depends: bool,
    /// Whether the pipeline is one of another project: it is no child, and begins a level of its own
    /// (runtime reference 6.12).
    pub of_other_project: bool,
}

impl fmt::Debug for Trigger {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = formatter.debug_struct("Trigger");
        shown.field("depends", &self.depends);
        shown.finish_non_exhaustive()
    }
}

/// Makes the child pipeline of one trigger job, from what only the run knows.
pub trait ChildPipeline: Send + Sync {
    /// The child of one attempt. May read files and take its time. Every script job of it names
    /// one of the runners of the run. The error fails the trigger job; of its message the first line
    /// says why, and what follows goes to the log.
    fn make(&self, attempt: &TriggerContext) -> Result<PipelineSpec, Refusal>;
}

impl<F: Fn(&TriggerContext) -> Result<PipelineSpec, Refusal> + Send + Sync> ChildPipeline for F {
    fn make(&self, attempt: &TriggerContext) -> Result<PipelineSpec, Refusal> {
        self(attempt)
    }
}

/// What is known when a trigger job begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TriggerContext {
    /// From 1.
    pub attempt: u32,
    /// `CI_JOB_ID` of the trigger job.
    pub job_id: u64,
    /// Names of the trigger jobs that lead to the child, this one the last.
    pub path: Vec<String>,
    /// What the jobs in front of it have kept, by their place in the pipeline.
    pub artifacts: Vec<(JobIndex, ArtifactRef)>,
    /// Variables of their dotenv reports; later ones win.
    pub dotenv: Vec<(String, String)>,
    /// What jobs of the child may ask for by `needs:pipeline:job`.
    pub succeeded: Vec<Succeeded>,
}

/// A script job that has succeeded, and what it hands to those that need it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Succeeded {
    /// Its place in its pipeline.
    pub job: JobIndex,
    /// `None` where it has left none.
    pub artifacts: Option<ArtifactRef>,
    /// Variables of its dotenv report.
    pub dotenv: Vec<(String, String)>,
}
