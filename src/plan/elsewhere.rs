//! What jobs need of other pipelines, none of which is on this machine (configuration reference
//! 6.10).

use crate::config::{ForeignNeed, ForeignSource};
use crate::diag::{Code, Diagnostic};
use crate::foreign::Command;
use crate::source::Span;
use crate::types::{FailureReason, PipelineSource};

use super::facts::PipelineFacts;
use super::model::{Job, Plan};

/// Something of another pipeline without which a job fails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lacking {
    /// In words: `artifacts of …`.
    pub what: String,
    /// GitLab's reason where it can't be had.
    pub reason: FailureReason,
    /// Where it was written.
    pub span: Span,
}

impl Job {
    /// What it needs of other pipelines. A need without artifacts asks for nothing.
    pub fn lacking(&self) -> impl Iterator<Item = Lacking> + '_ {
        self.needs_elsewhere.iter().filter_map(lacking)
    }

    /// Whether it fails whatever its script does: its environment can't be made, or something of
    /// another pipeline is not here.
    pub fn is_bound_to_fail(&self) -> bool {
        self.environment_fault().is_some() || self.lacking().next().is_some()
    }

    /// What to do where something is lacking.
    pub(super) fn ways_without(&self) -> Vec<String> {
        let mut ways = vec![format!("leave the job out: `{}`", exclusion(self.name()))];
        let artifacts =
            |lacking: Lacking| lacking.reason == FailureReason::MissingDependencyFailure;
        if self.lacking().all(artifacts) {
            let alone = Command::new("pipe run").option("--job", self.name());
            let alone = alone.words("--no-needs");
            ways.push(format!("or run it without what it needs: `{alone}`"));
        }
        ways
    }
}

/// The command that leaves a job of the root pipeline out.
pub fn exclusion(job: &str) -> Command {
    Command::new("pipe run").option("--exclude", job)
}

fn lacking(need: &ForeignNeed) -> Option<Lacking> {
    let span = need.written.span;
    let (job, place) = match &need.source {
        ForeignSource::Mirror { project } => {
            return Some(Lacking {
                what: format!("the status of the pipeline of `{project}`"),
                reason: FailureReason::UpstreamBridgeProjectNotFound,
                span,
            });
        }
        ForeignSource::Project {
            project,
            job,
            reference,
        } => (job, format!("project `{project}` at `{reference}`")),
        ForeignSource::Pipeline { pipeline, job } => (job, format!("pipeline `{pipeline}`")),
    };
    need.artifacts.then(|| Lacking {
        what: format!("artifacts of `{job}` of {place}"),
        reason: FailureReason::MissingDependencyFailure,
        span,
    })
}

/// Whether the pipeline's id is one that a parent can hand down.
fn may_be_of_parent(need: &ForeignNeed) -> bool {
    match &need.source {
        ForeignSource::Pipeline { pipeline, .. } => pipeline.contains('$'),
        ForeignSource::Project { .. } | ForeignSource::Mirror { .. } => false,
    }
}

/// A warning for each such need.
pub(super) fn warnings<'a>(
    plan: &'a Plan,
    facts: &'a PipelineFacts,
) -> impl Iterator<Item = Diagnostic> + 'a {
    let is_child = facts.source == PipelineSource::parent_pipeline();
    plan.jobs.iter().flat_map(move |job| {
        let needs = job.needs_elsewhere.iter();
        let lacking = needs.filter_map(|need| Some((need, lacking(need)?)));
        lacking.map(move |(need, lacking)| {
            let unless = if !is_child && may_be_of_parent(need) {
                ", unless it is one of a child of that pipeline"
            } else {
                ""
            };
            let message = format!(
                "job `{}` needs {}, which this machine does not have: in a run it fails (`{}`){unless}",
                job.name(),
                lacking.what,
                lacking.reason
            );
            let mut diagnostic = Diagnostic::new(Code::NeedElsewhere, message).at(lacking.span);
            diagnostic.help = job.ways_without();
            diagnostic
        })
    })
}

/// Takes away the needs for artifacts of other pipelines, for jobs that are to run without what
/// they need. Returns the jobs' names with what they now lack.
pub(super) fn drop_artifacts(plan: &mut Plan) -> Vec<(String, Vec<String>)> {
    let mut dropped = Vec::new();
    for job in &mut plan.jobs {
        let needs = std::mem::take(&mut job.needs_elsewhere);
        let mut whats = Vec::new();
        for need in needs {
            match lacking(&need) {
                Some(Lacking {
                    what,
                    reason: FailureReason::MissingDependencyFailure,
                    ..
                }) => whats.push(what),
                _ => job.needs_elsewhere.push(need),
            }
        }
        if !whats.is_empty() {
            dropped.push((job.name().to_owned(), whats));
        }
    }
    dropped
}
