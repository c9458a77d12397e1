//! From a configuration to a plan, in GitLab's order: workflow, jobs, needs, emptiness
//! (configuration reference 11.2, 11.3).

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::config::{
    ClauseFacts, Compared, Config, FileProvider, ForeignNeed, Given, JobConfig, MAX_FINDINGS,
    NeedConfig, NeedTarget, OnJobFailure,
};
use crate::diag::Diagnostic;
use crate::types::When;

use super::environment::environment;
use super::facts::PipelineFacts;
use super::job_errors::{absent_need, grown, too_many_needs, unexpandable};
use super::model::{Environment, Job, LeftOut, Need, Plan};
use super::policy::PolicyFacts;
use super::reason::{LeftOutReason, NoPipeline};
use super::rules::{self, Decision, Excluded, Verdict};
use super::scope::{Scope, Scopes};

/// Needs that one job may have, after parallel jobs were expanded.
const MAX_NEEDS: usize = 50;

/// What GitLab would make of the configuration for this event.
#[derive(Debug)]
pub struct Outcome {
    /// The pipeline; without jobs where it is not created.
    pub plan: Plan,
    /// Why it is not created.
    pub reason: Option<NoPipeline>,
    /// Errors that only show while the jobs are made.
    pub diagnostics: Vec<Diagnostic>,
}

/// Decides which jobs there are.
pub fn build(config: &Config, facts: &PipelineFacts, files: &dyn FileProvider) -> Outcome {
    let mut builder = Builder {
        config,
        facts,
        files,
        scopes: Scopes::new(facts, &config.variables),
        compared: Compared::default(),
        plan: Plan {
            name: None,
            stages: config.stages.clone(),
            jobs: Vec::new(),
            left_out: Vec::new(),
            cancel_on_failure: false,
        },
    };
    let (reason, diagnostics) = builder.run();
    let mut plan = builder.plan;
    if reason.is_some() || !diagnostics.is_empty() {
        plan.jobs.clear();
    }
    Outcome {
        plan,
        reason,
        diagnostics,
    }
}

/// Commit messages with one of these skip the pipeline (configuration reference 1).
fn skips_ci(facts: &PipelineFacts) -> bool {
    let message = facts.commit.message.to_lowercase();
    facts.source.brings_commits()
        && [
            "ci skip", "skip ci", "ci-skip", "ci_skip", "skip-ci", "skip_ci",
        ]
        .iter()
        .any(|words| message.contains(&format!("[{words}]")))
}

struct Builder<'a> {
    config: &'a Config,
    facts: &'a PipelineFacts,
    files: &'a dyn FileProvider,
    scopes: Scopes<'a>,
    compared: Compared,
    plan: Plan,
}

/// What became of one job, before its stage is known to have any.
enum Seed {
    /// With what is wrong with its variables.
    In(Box<(Job, Option<Diagnostic>)>),
    Out,
    Failed(Diagnostic),
}

impl Builder<'_> {
    fn run(&mut self) -> (Option<NoPipeline>, Vec<Diagnostic>) {
        if skips_ci(self.facts) {
            return (Some(NoPipeline::SkippedByMessage), Vec::new());
        }
        match self.workflow() {
            Ok(None) => {}
            Ok(Some(reason)) => return (Some(reason), Vec::new()),
            Err(diagnostic) => return (None, vec![diagnostic]),
        }
        let diagnostics = self.jobs();
        if !diagnostics.is_empty() {
            return (None, diagnostics);
        }
        (self.empty(), Vec::new())
    }

    /// Whether the workflow lets the pipeline be; the reason if not.
    fn workflow(&mut self) -> Result<Option<NoPipeline>, Diagnostic> {
        let workflow = &self.config.workflow;
        let mut cancel = workflow.auto_cancel.on_job_failure;
        if let Given::Set(rules) = &workflow.rules {
            let scope = self.scopes.workflow();
            let rule = self
                .clauses(&scope, &|text| scope.glob(text))
                .first_match(rules)
                .map_err(|error| error.0)?;
            let Some(rule) = rule else {
                return Ok(Some(NoPipeline::NoWorkflowRule));
            };
            if rule.when == Some(When::Never) {
                return Ok(Some(NoPipeline::WorkflowSaysNever(rules::described(rule))));
            }
            cancel = rule.auto_cancel.on_job_failure.or(cancel);
            self.scopes.add_workflow_rule(&rule.variables);
        }
        self.plan.cancel_on_failure = cancel == Some(OnJobFailure::All);
        if let Some(name) = &workflow.name {
            let name = self.scopes.workflow().keyword(name);
            self.plan.name = Some(name.trim().to_owned()).filter(|name| !name.is_empty());
        }
        Ok(None)
    }

    fn clauses<'s>(
        &'s self,
        scope: &'s Scope<'_>,
        expand: &'s dyn Fn(&str) -> String,
    ) -> ClauseFacts<'s> {
        ClauseFacts {
            lookup: scope.raw(),
            expand,
            files: self.files,
            compared: &self.compared,
        }
    }

    /// Makes the jobs, stage by stage. Errors of a stage without any job are dropped, as on
    /// GitLab.
    fn jobs(&mut self) -> Vec<Diagnostic> {
        let mut errors = Vec::new();
        let mut by_stage: Vec<Vec<&Arc<JobConfig>>> = vec![Vec::new(); self.config.stages.len()];
        // Of a stage that is named twice the first place counts.
        let stages: HashMap<&str, usize> = (self.config.stages.iter().enumerate().rev())
            .map(|(at, name)| (&**name, at))
            .collect();
        for job in &self.config.jobs {
            if let Some(stage) = stages.get(&*job.stage) {
                by_stage[*stage].push(job);
            }
        }
        let mut present: HashSet<Arc<str>> = HashSet::new();
        for (stage, configs) in by_stage.into_iter().enumerate() {
            let mut failed = Vec::new();
            let mut jobs: Vec<(Job, Option<Diagnostic>)> = Vec::new();
            for config in configs {
                let seed = self.seed(config, stage);
                if let Some(diagnostic) = self.exhausted(config) {
                    return vec![diagnostic];
                }
                match seed {
                    Seed::In(made) => jobs.push(*made),
                    Seed::Out => {}
                    Seed::Failed(diagnostic) => failed.push(diagnostic),
                }
            }
            present.extend(jobs.iter().map(|(job, _)| Arc::clone(&job.config.name)));
            let wrong = jobs.iter_mut().flat_map(|(job, unexpandable)| {
                self.job_errors(job, unexpandable.take(), &present)
            });
            failed.extend(wrong.take(MAX_FINDINGS + 1));
            if !jobs.is_empty() {
                errors.append(&mut failed);
            }
            if errors.len() > MAX_FINDINGS {
                return errors;
            }
            self.plan.jobs.extend(jobs.into_iter().map(|(job, _)| job));
        }
        errors
    }

    /// What the jobs up to this one have used up. Unlike their own errors it ends everything.
    fn exhausted(&self, config: &JobConfig) -> Option<Diagnostic> {
        if self.scopes.is_exhausted() {
            return Some(grown(config));
        }
        let compared = self.compared.check().err()?;
        Some(compared.at(config.span).0)
    }

    fn seed(&mut self, config: &Arc<JobConfig>, stage: usize) -> Seed {
        let environment = environment(config, config.when, &[], &self.scopes);
        let scope = self
            .scopes
            .job(config, environment.as_ref(), config.when, &[]);
        let expand = |text: &str| scope.glob(text);
        let policies = PolicyFacts {
            pipeline: self.facts,
            lookup: scope.raw(),
            files: self.files,
            compared: &self.compared,
        };
        match rules::decide(config, &self.clauses(&scope, &expand), &policies) {
            Err(error) => {
                let mut diagnostic = error.0;
                diagnostic.message = format!("job `{}`: {}", config.name, diagnostic.message);
                Seed::Failed(diagnostic)
            }
            Ok(Verdict::Out(Excluded { reason, span })) => {
                self.plan.left_out.push(LeftOut {
                    name: Arc::clone(&config.name),
                    reason,
                    span,
                });
                Seed::Out
            }
            Ok(Verdict::In(decision)) => {
                let same = decision.variables.is_empty() && decision.when == config.when;
                let job = self.job(config, stage, environment, decision);
                let unexpandable = if same {
                    unexpandable(&job, &scope)
                } else {
                    unexpandable(&job, &self.scope_of(&job))
                };
                Seed::In(Box::new((job, unexpandable)))
            }
        }
    }

    fn job(
        &self,
        config: &Arc<JobConfig>,
        stage: usize,
        seen: Option<Environment>,
        decision: Decision,
    ) -> Job {
        // What its rules saw did not have the variables of the rule.
        let environment = if decision.variables.is_empty() {
            seen
        } else {
            environment(config, decision.when, &decision.variables, &self.scopes)
        };
        let referring = config.tags.iter().any(|tag| tag.contains(['$', '%']));
        let tags = if referring {
            let scope = self.scopes.job(
                config,
                environment.as_ref(),
                decision.when,
                &decision.variables,
            );
            config.tags.iter().map(|tag| scope.tag(tag)).collect()
        } else {
            config.tags.iter().map(ToString::to_string).collect()
        };
        let (needs, needs_elsewhere) = needs(decision.needs);
        Job {
            stage,
            when: decision.when,
            start_in: decision.start_in,
            allow_failure: decision.allow_failure,
            needs,
            needs_elsewhere,
            interruptible: decision.interruptible,
            tags,
            environment,
            variables: self.scopes.yaml_variables(config, &decision.variables),
            held: None,
            played: false,
            config: Arc::clone(config),
        }
    }

    /// Needs on jobs that are not there, too many needs, circles of variables.
    fn job_errors(
        &self,
        job: &Job,
        unexpandable: Option<Diagnostic>,
        present: &HashSet<Arc<str>>,
    ) -> Vec<Diagnostic> {
        let all = job.config.needs.as_deref().unwrap_or_default();
        if all.len() > MAX_NEEDS {
            return vec![too_many_needs(job, all.len(), MAX_NEEDS)];
        }
        // GitLab looks at the needs of the job itself, even where a rule replaced them.
        let (own, _) = needs(job.config.needs.clone());
        let mut errors: Vec<Diagnostic> = own
            .unwrap_or_default()
            .iter()
            .filter(|need| !need.optional && !present.contains(&need.job))
            .map(|need| absent_need(job, need, &self.plan.left_out))
            .collect();
        errors.extend(unexpandable);
        errors
    }

    /// What the keywords of a job see.
    fn scope_of(&self, job: &Job) -> Scope<'_> {
        let environment = job.environment.as_ref();
        self.scopes
            .job(&job.config, environment, job.when, &job.variables)
    }

    /// Why there is nothing to create (configuration reference 11.3).
    fn empty(&self) -> Option<NoPipeline> {
        if self.plan.jobs.is_empty() {
            let mut left_out = self.plan.left_out.iter().map(|job| &job.reason);
            let by_default = |reason| matches!(reason, &LeftOutReason::Only { implicit: true, .. });
            return Some(match left_out.len() {
                1.. if left_out.all(by_default) => NoPipeline::NoRules,
                _ => NoPipeline::NoJob,
            });
        }
        let only_edges = self
            .plan
            .jobs
            .iter()
            .all(|job| matches!(&*job.config.stage, ".pre" | ".post"));
        only_edges.then_some(NoPipeline::OnlyEdges)
    }
}

/// Needs on this pipeline, and those on others.
fn needs(needs: Option<Vec<NeedConfig>>) -> (Option<Vec<Need>>, Vec<ForeignNeed>) {
    let mut elsewhere = Vec::new();
    let own = needs.map(|needs| {
        needs
            .into_iter()
            .filter_map(|need| match need.target {
                NeedTarget::Job { name, optional, .. } => Some(Need {
                    job: name,
                    artifacts: need.artifacts,
                    optional,
                    span: need.span,
                }),
                NeedTarget::Elsewhere(need) => {
                    elsewhere.push(need);
                    None
                }
            })
            .collect()
    });
    (own, elsewhere)
}
