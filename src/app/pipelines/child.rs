//! The child pipeline of a trigger job, made when the job begins (configuration reference 6.25).

use std::collections::HashMap;
use std::sync::Arc;

use crate::config::Start;
use crate::diag::{self, Code, Diagnostic, Severity};
use crate::plan::{self, Chosen, Job, NoPipeline, PipelineFacts, Plan};
use crate::record::LastArtifacts;
use crate::run::{ChildPipeline, PipelineSpec, Received, Refusal, Succeeded, TriggerContext};
use crate::source::SourceMap;
use crate::types::FailureReason;

use super::super::assignment::Assignment;
use super::super::facts::now;
use super::super::failure::{Failure, FailureKind};
use super::super::jobs::PipelineContext;
use super::super::pipeline::Pipeline;
use super::super::projects::is_here;
use super::super::tree_files::{KeptFiles, TreeFiles};
use super::basis::Basis;

/// What GitLab's documentation advises where the parent is a merge request pipeline.
const RULES_OF_CHILD: &str = "give the jobs of its file `rules`, or the file itself: `workflow: {rules: [{if: '$CI_PIPELINE_SOURCE == \"parent_pipeline\"'}]}`";

/// The child that the job at a place of its parent makes.
pub(super) struct Child {
    pub(super) basis: Arc<Basis>,
    pub(super) parent: Arc<PipelineContext>,
    /// What the parent was read from.
    pub(super) sources: Arc<SourceMap>,
    pub(super) at: usize,
}

impl ChildPipeline for Child {
    fn make(&self, attempt: &TriggerContext) -> Result<PipelineSpec, Refusal> {
        self.spec(attempt)
            .map_err(|failure| refusal("the child pipeline", &failure))
    }
}

impl Child {
    fn job(&self) -> &Job {
        &self.parent.plan.jobs[self.at]
    }

    fn spec(&self, attempt: &TriggerContext) -> Result<PipelineSpec, Failure> {
        let pipeline = self.pipeline(attempt)?;
        let mut chosen = chosen(&self.basis, &pipeline, &self.parent, self.job())?;
        let received = self.of_parent(&mut chosen.plan, &pipeline.facts, attempt);
        let warnings = warnings(&self.basis, &pipeline, &chosen.plan);
        let complete = chosen.lacks_nothing();
        let (facts, plan) = (pipeline.facts, chosen.plan);
        let sources = Arc::new(pipeline.loaded.sources);
        let (key_digests, commit_paths) = self.basis.facts_of_tree(&plan);
        let runners = self.parent.runners.runners().to_vec();
        let context = Arc::new(PipelineContext {
            runners: Assignment::new(runners, &plan, self.parent.default_image.as_deref()),
            received,
            passed: HashMap::new(),
            last_artifacts: LastArtifacts::default(),
            key_digests,
            commit_paths: Some(commit_paths),
            facts,
            plan,
            pipeline_id: self.basis.place.state.take_pipeline_id()?,
            root_job: Some(self.parent.root_job_of(self.job()).to_owned()),
            default_image: self.parent.default_image.clone(),
            permissions: self.parent.permissions.clone(),
            caches: self.parent.caches.clone(),
            resources_of: self.parent.resources_of.clone(),
            shell_on: None,
            clock: self.parent.clock,
        });
        let imaged = context.check_images();
        imaged.map_err(|failure| failure.within(&sources))?;
        let mut spec = self.basis.spec(&context, &sources)?;
        spec.notices
            .splice(0..0, warnings.lines().map(str::to_owned));
        spec.complete = complete;
        Ok(spec)
    }

    /// Reads its configuration, and decides which jobs there are.
    fn pipeline(&self, attempt: &TriggerContext) -> Result<Pipeline, Failure> {
        let Self {
            basis,
            parent,
            sources,
            ..
        } = self;
        let given = plan::handed_down(
            &parent.plan,
            self.job(),
            &parent.facts,
            parent.pipeline_id,
            &attempt.dotenv,
        );
        let iid = basis.record.take_iid()?;
        let facts = parent.facts.of_child(given, now(), iid);
        let kept = attempt.artifacts.iter();
        let kept = kept.map(|(job, kept)| {
            let name = self.parent.plan.jobs[job.0].name().to_owned();
            (name, kept.tar.clone())
        });
        let workspace = basis.workspace();
        let files =
            TreeFiles::new(&workspace, basis.changes.clone()).with_kept(KeptFiles(kept.collect()));
        let start = Start::Child {
            includes: self.job().child_includes(),
            sources,
        };
        Ok(Pipeline::read(facts, &files, start, &[]))
    }

    /// What its jobs receive of jobs of the parent, as far as those have succeeded.
    fn of_parent(
        &self,
        plan: &mut Plan,
        facts: &PipelineFacts,
        attempt: &TriggerContext,
    ) -> HashMap<String, Received> {
        let succeeded: HashMap<&str, &Succeeded> = (attempt.succeeded.iter())
            .map(|one| (self.parent.plan.jobs[one.job.0].name(), one))
            .collect();
        let has_succeeded = |job: &str| succeeded.contains_key(job);
        let taken = plan::take_from_parent(plan, facts, self.parent.pipeline_id, &has_succeeded);
        let of = |names: Vec<String>| {
            let found = names.iter().filter_map(|name| succeeded.get(name.as_str()));
            let found: Vec<&Succeeded> = found.copied().collect();
            Received {
                artifacts: (found.iter().copied())
                    .filter_map(|one| one.artifacts.clone())
                    .collect(),
                dotenv: (found.iter().copied())
                    .flat_map(|one| one.dotenv.clone())
                    .collect(),
            }
        };
        taken
            .into_iter()
            .map(|(job, names)| (job, of(names)))
            .collect()
    }
}

/// All jobs of the pipeline that `trigger`, a job of `parent`, makes, if it can be run.
pub(super) fn chosen(
    basis: &Basis,
    pipeline: &Pipeline,
    parent: &PipelineContext,
    trigger: &Job,
) -> Result<Chosen, Failure> {
    let loaded = &pipeline.loaded;
    let outcome = match &pipeline.outcome {
        Some(outcome) if pipeline.is_valid() => outcome,
        _ => {
            let mut found = loaded.diagnostics.clone();
            found.retain(|diagnostic| diagnostic.severity == Severity::Error);
            return Err(Failure {
                kind: FailureKind::Invalid,
                diagnostics: found,
                sources: loaded.sources.clone(),
            });
        }
    };
    if let Some(reason) = &outcome.reason {
        let message = format!("it has nothing to run: {reason}");
        let mut diagnostic = Diagnostic::new(Code::NothingToRun, message).at(trigger.config.span);
        if *reason == NoPipeline::NoRules {
            diagnostic = diagnostic.help(RULES_OF_CHILD);
        }
        return Err(Failure::new(FailureKind::Nothing, diagnostic).within(&loaded.sources));
    }
    let chosen = plan::choose_all(&outcome.plan, &basis.outside);
    let refused = {
        let workspace = basis.workspace();
        let is_here = is_here(&workspace, &chosen.plan, &pipeline.facts);
        plan::refusals(&chosen.plan, &is_here)
    };
    match refused {
        None => Ok(chosen),
        Some(mut refused) => {
            let way = parent.exclusion(trigger);
            refused.help = vec![format!("leave the child pipeline out: `{way}`")];
            Err(Failure::new(FailureKind::Environment, refused).within(&loaded.sources))
        }
    }
}

/// One line each. What jobs lack of other pipelines is as in `plan`.
pub(super) fn warnings(basis: &Basis, pipeline: &Pipeline, plan: &Plan) -> String {
    let lacks = |diagnostic: &Diagnostic| diagnostic.code == Code::NeedElsewhere;
    let mut found = pipeline.loaded.diagnostics.clone();
    found.retain(|diagnostic| !lacks(diagnostic));
    let facts = &pipeline.facts;
    let all = plan::warnings(plan, facts, &is_here(&basis.workspace(), plan, facts));
    found.extend(all.into_iter().filter(lacks));
    diag::concise(&found, &pipeline.loaded.sources)
}

/// The first mistake in one line, then all of them for the log.
pub(super) fn refusal(what: &str, failure: &Failure) -> Refusal {
    let lines = diag::concise(&failure.diagnostics, &failure.sources);
    let first = lines.lines().next().unwrap_or_default();
    let all = diag::full(&failure.diagnostics, &failure.sources, false);
    Refusal {
        reason: FailureReason::DownstreamPipelineCreationFailed,
        message: format!("{what} can't be made: {first}\n{all}"),
        exit_code: None,
    }
}
