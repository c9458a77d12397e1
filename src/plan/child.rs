//! What a trigger job starts, and what it hands down (configuration reference 6.25).

use crate::config::{ForeignNeed, ForeignSource, TriggerTarget};
use crate::expr::expand::{Unknown, expand};
use crate::types::PipelineSource;

use super::facts::{GivenVariable, PipelineFacts};
use super::model::{Job, Plan};
use super::running;
use super::variables::levels;

/// The variables that the child is given, each name once: those of the job's YAML, then what its
/// own pipeline was given, as far as `trigger:forward` lets them through. References in them are
/// expanded once with all that the job knows. `dotenv` are the variables that it received.
pub fn handed_down(
    plan: &Plan,
    job: &Job,
    facts: &PipelineFacts,
    pipeline_id: u64,
    dotenv: &[(String, String)],
) -> Vec<GivenVariable> {
    let forward = job.config.trigger.as_ref().map(|trigger| trigger.forward);
    let forward = forward.unwrap_or_default();
    let yaml = job.variables.iter().map(|variable| GivenVariable {
        key: variable.key.to_string(),
        value: variable.value.to_string(),
        raw: variable.raw,
        masked: false,
    });
    let reported = dotenv.iter();
    let reported = reported.map(|(key, value)| GivenVariable::new(key, value));
    let given = reported.chain(facts.given.iter().cloned());
    let late = running::pipeline_ids(facts, pipeline_id);
    let known = levels(plan, job, facts, late, dotenv);
    let mut handed: Vec<GivenVariable> = Vec::new();
    for mut variable in yaml
        .filter(|_| forward.yaml_variables)
        .chain(given.filter(|_| forward.pipeline_variables))
    {
        if !variable.raw {
            let value = expand(&variable.value, &known, Unknown::Empty).into_owned();
            variable.value = value;
        }
        let mut secrets = facts.secrets().filter(|secret| !secret.is_empty());
        variable.masked |= secrets.any(|secret| variable.value.contains(secret));
        handed.retain(|other| other.key != variable.key);
        handed.push(variable);
    }
    handed
}

/// The pipeline of another project that a trigger job starts, its names expanded once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Triggered {
    /// `group/project`.
    pub project: String,
    /// `None` for the default branch.
    pub branch: Option<String>,
}

/// What the job starts in another project. `dotenv` are the variables that it received.
pub fn triggered(
    plan: &Plan,
    job: &Job,
    facts: &PipelineFacts,
    pipeline_id: u64,
    dotenv: &[(String, String)],
) -> Option<Triggered> {
    let TriggerTarget::Project(target) = &job.config.trigger.as_ref()?.target else {
        return None;
    };
    let late = running::pipeline_ids(facts, pipeline_id);
    let known = levels(plan, job, facts, late, dotenv);
    let expanded = |text: &str| expand(text, &known, Unknown::Empty).into_owned();
    let branch = target.branch.as_deref().map(expanded);
    Some(Triggered {
        project: expanded(&target.project).trim_matches('/').to_owned(),
        branch: branch.filter(|branch| !branch.is_empty()),
    })
}

/// Takes away the needs on jobs of the parent pipeline (`needs:pipeline:job`) that jobs of the child
/// have, as far as those have succeeded, whatever they have kept. Returns the names of these jobs by the
/// name of the job that receives.
pub fn take_from_parent(
    plan: &mut Plan,
    facts: &PipelineFacts,
    parent_id: u64,
    has_succeeded: &dyn Fn(&str) -> bool,
) -> Vec<(String, Vec<String>)> {
    let parent_id = parent_id.to_string();
    let of_parent = |plan: &Plan, job: &Job| -> Vec<usize> {
        let known = levels(plan, job, facts, Vec::new(), &[]);
        let is_met = |need: &ForeignNeed| match &need.source {
            ForeignSource::Pipeline { pipeline, job } => {
                let id = expand(pipeline, &known, Unknown::Empty);
                need.artifacts && *id == parent_id && has_succeeded(job)
            }
            ForeignSource::Project { .. } | ForeignSource::Mirror { .. } => false,
        };
        let needs = job.needs_elsewhere.iter().enumerate();
        needs
            .filter(|(_, need)| is_met(need))
            .map(|(at, _)| at)
            .collect()
    };
    let mut taken = Vec::new();
    for at in 0..plan.jobs.len() {
        if plan.jobs[at].needs_elsewhere.is_empty() {
            continue;
        }
        let met = of_parent(plan, &plan.jobs[at]);
        let job = &mut plan.jobs[at];
        let mut names = Vec::new();
        for need in met.into_iter().rev() {
            let need = job.needs_elsewhere.remove(need);
            if let ForeignSource::Pipeline { job, .. } = need.source {
                names.insert(0, job.to_string());
            }
        }
        if !names.is_empty() {
            taken.push((job.name().to_owned(), names));
        }
    }
    taken
}

impl PipelineFacts {
    /// What a child of this pipeline is made for: the same ref and commit, and what it is given.
    #[must_use]
    pub fn of_child(&self, given: Vec<GivenVariable>, created_at: String, iid: u64) -> Self {
        Self {
            source: PipelineSource::parent_pipeline(),
            given,
            created_at,
            iid,
            ..self.clone()
        }
    }
}
