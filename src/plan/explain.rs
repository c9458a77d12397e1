//! What decided about one job: the rules that were tried, the values they read, its variables.
//!
//! It goes the way of [`build`](super::build()), for one job, and keeps what it sees.

use std::sync::Arc;

use crate::config::{
    ClauseFacts, Compared, Config, FileProvider, Given, JobConfig, Rule, RuleError, TriedRule,
};
use crate::diag::Diagnostic;
use crate::expr::expand::{References, Value, Variable, Variables};
use crate::types::When;

use super::environment::environment;
use super::facts::PipelineFacts;
use super::policy::{PolicyFacts, TriedAspect};
use super::rules;
use super::scope::Scopes;

/// Everything that decided about one job.
#[derive(Debug, Clone)]
pub struct Explanation {
    /// The rules of the workflow that were tried; none where it has none.
    pub workflow: Vec<TriedRule>,
    /// The rules of the job that were tried, up to the first that matches.
    pub rules: Vec<TriedRule>,
    /// Those behind it, which nobody asked.
    pub untried: Vec<Rule>,
    /// What `only` and `except` say, of a job without `rules`.
    pub policies: Vec<TriedAspect>,
    /// The variables that are known when the pipeline is made, by their names.
    pub variables: Vec<ExplainedVariable>,
}

/// A variable of a job, with all that it beats.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExplainedVariable {
    /// The one that counts.
    pub variable: Variable,
    /// Its value with references followed, where that differs.
    pub expanded: Option<Value>,
    /// Those of the same name that it overrides, the strongest first.
    pub overrides: Vec<Variable>,
}

/// What decided about a job of the configuration. The error is one with which GitLab refuses the
/// pipeline.
pub fn explain(
    config: &Config,
    facts: &PipelineFacts,
    files: &dyn FileProvider,
    job: &Arc<JobConfig>,
) -> Result<Explanation, Diagnostic> {
    explained(config, facts, files, job).map_err(|error| error.0)
}

fn explained(
    config: &Config,
    facts: &PipelineFacts,
    files: &dyn FileProvider,
    job: &Arc<JobConfig>,
) -> Result<Explanation, RuleError> {
    let mut scopes = Scopes::new(facts, &config.variables);
    let compared = Compared::default();
    let workflow = {
        let scope = scopes.workflow();
        let clauses = ClauseFacts {
            lookup: scope.raw(),
            expand: &|text: &str| scope.glob(text),
            files,
            compared: &compared,
        };
        clauses.tried(config.workflow.rules.entries())?
    };
    if let Some(rule) = matched(&workflow) {
        scopes.add_workflow_rule(&rule.variables);
    }
    let seen = environment(job, job.when, &[], &scopes);
    let scope = scopes.job(job, seen.as_ref(), job.when, &[]);
    let expand = |text: &str| scope.glob(text);
    let clauses = ClauseFacts {
        lookup: scope.raw(),
        expand: &expand,
        files,
        compared: &compared,
    };
    let rules = clauses.tried(job.rules.entries())?;
    let untried = job.rules.entries()[rules.len()..].to_vec();
    let policies = if let Given::Set(_) = &job.rules {
        Vec::new()
    } else {
        let policies = PolicyFacts {
            pipeline: facts,
            lookup: scope.raw(),
            files,
            compared: &compared,
        };
        policies.tried(job.only.as_ref(), job.except.as_ref())
    };
    let rule = matched(&rules);
    let when = rule.and_then(|rule| rule.when).unwrap_or(job.when);
    let more = rule.map_or(&[][..], |rule| &rule.variables);
    let variables = {
        let environment = environment(job, when, more, &scopes);
        let scope = scopes.job(job, environment.as_ref(), when, more);
        explained_variables(scope.raw())
    };
    Ok(Explanation {
        workflow,
        rules,
        untried,
        policies,
        variables,
    })
}

/// Whether the workflow and its own rules let a job into a pipeline. What else can be wrong with
/// that pipeline is not looked at.
pub fn lets_in(
    config: &Config,
    facts: &PipelineFacts,
    files: &dyn FileProvider,
    job: &Arc<JobConfig>,
) -> bool {
    let Ok(explained) = explained(config, facts, files, job) else {
        return false;
    };
    let says_never = |rule: &Rule| rule.when == Some(When::Never);
    let workflow = match &config.workflow.rules {
        Given::Set(_) => matched(&explained.workflow).is_some_and(|rule| !says_never(rule)),
        _ => true,
    };
    let own = match &job.rules {
        Given::Set(_) => matched(&explained.rules)
            .is_some_and(|rule| rule.when.unwrap_or(job.when) != When::Never),
        _ => explained.policies.iter().all(TriedAspect::lets_in),
    };
    workflow && own
}

/// The rule that matched.
fn matched(tried: &[TriedRule]) -> Option<&Rule> {
    let last = tried.last().filter(|last| last.matches);
    last.map(|last| &last.rule)
}

fn explained_variables(all: &Variables) -> Vec<ExplainedVariable> {
    let expanded = all.sort_and_expand_all(References::JOB).ok();
    let mut explained: Vec<ExplainedVariable> = all
        .effective()
        .map(|variable| {
            let value = expanded.as_ref().and_then(|all| all.get(&variable.key));
            let value = value.map(|expanded| expanded.value.clone());
            let mut overrides: Vec<Variable> = all
                .iter()
                .filter(|other| other.key == variable.key && !std::ptr::eq(*other, variable))
                .cloned()
                .collect();
            overrides.reverse();
            ExplainedVariable {
                expanded: value.filter(|value| *value != variable.value),
                overrides,
                variable: variable.clone(),
            }
        })
        .collect();
    explained.sort_by(|a, b| a.variable.key.cmp(&b.variable.key));
    explained
}

impl Explanation {
    /// A rule in words, by its clauses.
    pub fn words(rule: &Rule) -> String {
        rules::described(rule)
    }
}
