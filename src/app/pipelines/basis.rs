//! What all pipelines of a run are made from, and one of them as the run loop wants it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::event::{JobSummary, RunStarted, SourceMode};
use crate::foreign::Command;
use crate::plan::{Job, Outside, PipelineFacts, Plan};
use crate::record::{LiveRun, ProjectRecord};
use crate::repo::CommitPaths;
use crate::run::{ChildPipeline, JobRun, PipelineSpec};
use crate::sched::Options;
use crate::source::SourceMap;

use super::super::facts::now;
use super::super::failure::Failure;
use super::super::interruptible::Interruptible;
use super::super::jobs::{KeyDigests, PipelineContext, jobs};
use super::super::place::Place;
use super::super::tree_files::EventChanges;
use super::super::trees::Trees;
use super::super::workspace::Workspace;
use super::child::Child;
use super::downstream::Downstream;

/// What all pipelines of a run are made from. With it go the trees of their jobs.
pub(in super::super) struct Basis {
    /// Where the run is recorded.
    pub(in super::super) place: Arc<Place>,
    /// What is known of the project: that of the run, or the one whose pipeline was triggered.
    pub(in super::super) record: ProjectRecord,
    /// The pipelines of projects that lead to it, its own last; children do not count.
    pub(in super::super) upstream: Vec<Upstream>,
    /// The files that jobs see.
    pub(in super::super) trees: Trees,
    /// What may act outside, in children too.
    pub(in super::super) outside: Outside,
    /// What the event of the root changed, which is what children see as changed.
    pub(in super::super) changes: EventChanges,
    /// `--keep-going`, which children do too.
    pub(in super::super) keep_going: bool,
    /// What stops the making of a pipeline.
    pub(in super::super) interruptible: Interruptible,
    /// The checkout; one pipeline is made at a time.
    pub(in super::super) workspace: Mutex<Workspace>,
    /// Those of other projects that jobs have triggered. Their trees are wanted until the run ends.
    pub(in super::super) downstream: Mutex<Vec<Arc<Basis>>>,
}

/// A pipeline of a project, as far as a circle of projects is known by it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Upstream {
    project: String,
    reference: String,
    source: String,
}

impl Upstream {
    pub(in super::super) fn of(facts: &PipelineFacts) -> Self {
        Self {
            project: facts.project.path.clone(),
            reference: facts.reference.name.clone(),
            source: facts.source.as_str().to_owned(),
        }
    }
}

impl Basis {
    /// One pipeline. `sources` are what its configuration was read from.
    pub(in super::super) fn spec(
        self: &Arc<Self>,
        context: &Arc<PipelineContext>,
        sources: &Arc<SourceMap>,
    ) -> Result<PipelineSpec, Failure> {
        let plan = &context.plan;
        let jobs = jobs(context, &|at| -> Arc<dyn ChildPipeline> {
            let (basis, parent) = (Arc::clone(self), Arc::clone(context));
            if plan.jobs[at].other_project().is_some() {
                return Arc::new(Downstream { basis, parent, at });
            }
            Arc::new(Child {
                basis,
                parent,
                sources: Arc::clone(sources),
                at,
            })
        });
        let workspace = self.workspace();
        let reference = &context.facts.reference;
        let trees = self
            .trees
            .of_jobs(&workspace, reference, &jobs, &self.interruptible)?;
        let past = self.record.durations();
        let attempts = jobs.iter().map(JobRun::attempts).sum();
        Ok(PipelineSpec {
            head: head(&workspace, context, &self.place.live)?,
            first_job_id: self.place.state.take_job_ids(attempts)?.start,
            stages: plan.stages.iter().map(ToString::to_string).collect(),
            durations: plan
                .jobs
                .iter()
                .map(|job| past.get(job.name()).copied())
                .collect(),
            jobs,
            options: Options {
                auto_cancel_on_job_failure: plan.cancel_on_failure,
                keep_going: self.keep_going,
            },
            trees,
            notices: self.trees.lacking().into_iter().collect(),
            secrets: context.facts.secrets().map(str::to_owned).collect(),
            complete: true,
        })
    }

    /// What a plan's jobs need of the tree: the digests of its cache keys' files, and the commit's
    /// paths.
    pub(super) fn facts_of_tree(&self, plan: &Plan) -> (KeyDigests, CommitPaths) {
        let workspace = self.workspace();
        let tree = &workspace.tree;
        let digests = KeyDigests::of(plan, &workspace.repository, tree);
        (digests, tree.commit_paths())
    }

    pub(super) fn workspace(&self) -> MutexGuard<'_, Workspace> {
        // Reading leaves nothing half done, so that a panic elsewhere spoils nothing.
        self.workspace
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

fn head(
    workspace: &Workspace,
    context: &PipelineContext,
    live: &LiveRun,
) -> Result<RunStarted, Failure> {
    let state = workspace.tree.state()?;
    let facts = &context.facts;
    Ok(RunStarted {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        at: now(),
        run: live.id().to_owned(),
        ref_name: facts.reference.name.clone(),
        ref_kind: facts.reference.kind.as_str().to_owned(),
        source: facts.source.as_str().to_owned(),
        sha: facts.commit.sha.clone(),
        mode: SourceMode::WorkTree {
            uncommitted: state.uncommitted(),
            untracked: state.untracked.len(),
        },
        jobs: context
            .plan
            .jobs
            .iter()
            .map(|job| JobSummary {
                name: job.name().to_owned(),
                stage: job.config.stage.to_string(),
                held: job
                    .held
                    .as_ref()
                    .map(|why| format!("{why}; {}", release_command(job, facts))),
            })
            .collect(),
    })
}

fn release_command(job: &Job, facts: &PipelineFacts) -> Command {
    Command::new("pipe run").with(&job.release_option(facts))
}
