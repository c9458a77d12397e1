//! What decided about a job, which way it came, and which other ref or event would have it.

use std::sync::Arc;

use crate::config::{JobConfig, Step};
use crate::diag::Diagnostic;
use crate::foreign::Command;
use crate::plan::{Explanation, Job, LeftOut};

use super::elsewhere;
use super::failure::{Failure, FailureKind};
use super::pipeline::Pipeline;
use super::request::PipelineRequest;
use super::selection;
use super::workspace::Workspace;

/// All there is to say about one job of a valid configuration.
pub struct JobExplanation<'p> {
    /// Its configuration.
    pub config: Arc<JobConfig>,
    /// How many jobs `parallel` makes of it.
    pub instances: usize,
    /// The job, where the pipeline has it.
    pub job: Option<&'p Job>,
    /// Why not, where its own rules leave it out.
    pub left_out: Option<&'p LeftOut>,
    /// What was tried.
    pub evidence: Explanation,
    /// The entries of `include` that brought its file, and the templates that it extends.
    pub way: Vec<Step>,
    /// Of a job that is left out: options of a ref or event that has it.
    pub elsewhere: Option<Command>,
}

/// Explains the job of that name; of a parallel one the first instance. `request` is what the
/// pipeline was made for.
pub fn explain_job<'p>(
    workspace: &Workspace,
    pipeline: &'p Pipeline,
    request: &PipelineRequest,
    name: &str,
) -> Result<JobExplanation<'p>, Failure> {
    let fail = |kind: FailureKind, diagnostic: Diagnostic| {
        Failure::new(kind, diagnostic).within(&pipeline.loaded.sources)
    };
    let unknown = || {
        fail(
            FailureKind::Usage,
            selection::unknown_job(workspace, pipeline, name),
        )
    };
    let config = pipeline.loaded.config.as_ref().ok_or_else(unknown)?;
    let of_name = |name_of: fn(&JobConfig) -> &Arc<str>| {
        let mut jobs = config.jobs.iter();
        jobs.find(|job| **name_of(job) == *name)
    };
    let job = of_name(|job| &job.name)
        .or_else(|| of_name(|job| &job.base_name))
        .ok_or_else(unknown)?;
    let evidence = pipeline
        .explain(workspace, config, job)
        .map_err(|diagnostic| fail(FailureKind::Invalid, diagnostic))?;
    let plan = pipeline.outcome.as_ref().map(|outcome| &outcome.plan);
    let present = plan.and_then(|plan| plan.jobs.iter().find(|one| one.name() == &*job.name));
    let elsewhere = match present {
        Some(_) => None,
        None => elsewhere::options(workspace, pipeline, request, job),
    };
    Ok(JobExplanation {
        instances: (config.jobs.iter())
            .filter(|one| one.base_name == job.base_name)
            .count(),
        job: present,
        left_out: plan.and_then(|plan| {
            let mut left_out = plan.left_out.iter();
            left_out.find(|one| one.name == job.name)
        }),
        evidence,
        way: way(pipeline, job),
        elsewhere,
        config: Arc::clone(job),
    })
}

/// How the job came to be what it is: by which files, from which templates.
fn way(pipeline: &Pipeline, job: &JobConfig) -> Vec<Step> {
    let Some(document) = &pipeline.loaded.document else {
        return Vec::new();
    };
    let mut way = document.trail.included(job.span);
    way.extend(document.trail.templates(&job.base_name));
    way
}
