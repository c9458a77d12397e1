//! Which variables a phase sees, lowest precedence first (configuration reference 10.1, 10.4).

use std::sync::Arc;

use crate::config::{Inherit, JobConfig, YamlVariable};
use crate::expr::expand::{ExpandError, References, Unknown, Variable, Variables, expand, names};
use crate::types::wildcard_match;

use super::facts::{PipelineFacts, SettingVariable};
use super::model::Environment;
use super::predefined::{self, Pairs};

/// Variables of the include phase, with their expansions.
#[derive(Debug, Clone)]
pub struct IncludeScope {
    raw: Variables,
    nested: Variables,
}

impl IncludeScope {
    /// What includes see of a pipeline: no YAML variable, no job, no person.
    pub fn new(facts: &PipelineFacts) -> Self {
        let mut raw: Variables = variables(predefined::pipeline_variables(facts)).collect();
        raw.extend(settings(facts, None));
        raw.extend(given(facts));
        let nested = raw
            .sort_and_expand_all(References::KEYWORD)
            .unwrap_or_else(|_| raw.clone());
        Self { raw, nested }
    }

    /// The raw values, for conditions.
    pub fn lookup(&self) -> &Variables {
        &self.raw
    }

    /// A path of an include: unknown names vanish.
    pub fn path(&self, text: &str) -> String {
        expand(text, &self.nested, Unknown::Empty).into_owned()
    }

    /// `expand_vars` and globs: unknown names stay, values are inserted as they are.
    pub fn known(&self, text: &str) -> String {
        expand(text, &self.raw, Unknown::Keep).into_owned()
    }
}

/// The layers that all jobs of a pipeline share.
#[derive(Debug)]
pub(super) struct Scopes<'a> {
    facts: &'a PipelineFacts,
    predefined: Variables,
    root: Vec<YamlVariable>,
    workflow: Vec<YamlVariable>,
    root_layer: Variables,
    user: Variables,
    settings: Variables,
    given: Variables,
}

impl<'a> Scopes<'a> {
    pub(super) fn new(facts: &'a PipelineFacts, root: &[YamlVariable]) -> Self {
        let sealed = |mut layer: Variables| {
            layer.seal();
            layer
        };
        let mut predefined: Variables = variables(predefined::pipeline_variables(facts)).collect();
        predefined.extend(variables(predefined::late_pipeline_variables(facts)));
        Self {
            facts,
            predefined: sealed(predefined),
            root: root.to_vec(),
            workflow: Vec::new(),
            root_layer: sealed(root.iter().map(yaml).collect()),
            user: sealed(variables(predefined::user(facts)).collect()),
            settings: sealed(settings(facts, None).collect()),
            given: sealed(given(facts).collect()),
        }
    }

    /// Lays the variables of the matched workflow rule over the root ones.
    pub(super) fn add_workflow_rule(&mut self, more: &[YamlVariable]) {
        self.workflow = more.to_vec();
        self.root_layer.extend(more.iter().map(yaml));
        self.root_layer.seal();
    }

    /// What `workflow:rules` and `workflow:name` see.
    pub(super) fn workflow(&self) -> Variables {
        self.stack(
            &Variables::new(),
            &self.root_layer,
            &Variables::new(),
            &self.settings,
        )
    }

    /// What a job's rules see, or, with its rule's variables, its keywords.
    pub(super) fn job(
        &self,
        job: &JobConfig,
        environment: Option<&Environment>,
        when: crate::types::When,
        rule: &[YamlVariable],
    ) -> Variables {
        let own = variables(predefined::job(job, environment, when)).collect();
        let yaml_own = job.variables.iter().chain(rule).map(yaml).collect();
        let filtered;
        let root = match &job.inherit_variables {
            Inherit::All => &self.root_layer,
            inherit => {
                filtered = self.inherited(inherit).iter().map(yaml).collect();
                &filtered
            }
        };
        let scoped;
        let settings = match environment {
            Some(environment) if self.facts.settings.iter().any(|v| &*v.scope != "*") => {
                scoped = settings(self.facts, Some(&environment.name)).collect();
                &scoped
            }
            _ => &self.settings,
        };
        self.stack(&own, root, &yaml_own, settings)
    }

    /// The YAML variables of a job, each name once, in the order of first appearance.
    pub(super) fn yaml_variables(
        &self,
        job: &JobConfig,
        rule: &[YamlVariable],
    ) -> Vec<YamlVariable> {
        let mut all: Vec<YamlVariable> = Vec::new();
        let inherited = self.inherited(&job.inherit_variables);
        for variable in inherited.iter().chain(&job.variables).chain(rule) {
            match all.iter_mut().find(|other| other.key == variable.key) {
                Some(other) => *other = variable.clone(),
                None => all.push(variable.clone()),
            }
        }
        all
    }

    fn inherited(&self, inherit: &Inherit) -> Vec<YamlVariable> {
        self.root
            .iter()
            .chain(&self.workflow)
            .filter(|variable| inherit.takes(&variable.key))
            .cloned()
            .collect()
    }

    fn stack(
        &self,
        own: &Variables,
        root: &Variables,
        yaml: &Variables,
        settings: &Variables,
    ) -> Variables {
        let mut stack = self.predefined.clone();
        for layer in [own, root, yaml, &self.user, settings, &self.given] {
            stack.append(layer);
        }
        stack
    }
}

/// A keyword's text with nested expansion; unknown names vanish. Values of a circle stay as they
/// are.
pub(super) fn keyword(text: &str, scope: &Variables) -> String {
    nested(text, scope, References::KEYWORD)
}

/// Paths of `changes` and `exists`: nested values, unknown names stay.
pub(super) fn glob(text: &str, scope: &Variables) -> String {
    if !may_refer(text) {
        return text.to_owned();
    }
    let expanded = scope.sort_and_expand_all(References::KEYWORD);
    let values = expanded.as_ref().unwrap_or(scope);
    expand(text, values, Unknown::Keep).into_owned()
}

/// Tags: one pass over raw values, unknown names stay.
pub(super) fn tag(text: &str, scope: &Variables) -> String {
    expand(text, scope, Unknown::Keep).into_owned()
}

fn nested(text: &str, scope: &Variables, references: References) -> String {
    if !may_refer(text) {
        return text.to_owned();
    }
    match scope.sort_and_expand_all(references) {
        Ok(values) => values.expand_nested(text, references).into_owned(),
        Err(_) => expand(text, scope, Unknown::Empty).into_owned(),
    }
}

fn may_refer(text: &str) -> bool {
    text.contains(['$', '%'])
}

/// Names of variables that refer to each other in a circle. Only values with references can, so
/// most jobs are decided without sorting anything.
pub(super) fn cycle(scope: &Variables) -> Option<Vec<String>> {
    let referring: Variables = scope
        .effective()
        .filter(|variable| !variable.raw && names(&variable.value).next().is_some())
        .cloned()
        .collect();
    if referring.is_empty() {
        return None;
    }
    match referring.sort_and_expand_all(References::JOB) {
        Err(ExpandError::Circular(circles)) => circles.into_iter().next(),
        Ok(_) | Err(_) => None,
    }
}

fn variables(pairs: Pairs) -> impl Iterator<Item = Variable> {
    pairs
        .into_iter()
        .map(|(key, value)| Variable::new(key, value))
}

/// A YAML variable as a variable.
pub(super) fn yaml(variable: &YamlVariable) -> Variable {
    Variable {
        raw: variable.raw,
        ..Variable::new(Arc::clone(&variable.key), Arc::clone(&variable.value))
    }
}

fn given(facts: &PipelineFacts) -> impl Iterator<Item = Variable> + '_ {
    facts
        .given
        .iter()
        .map(|(key, value)| Variable::new(key.as_str(), value.as_str()))
}

/// The settings variables of this ref and environment, weakest first: the level decides, inside
/// one level the environment scope.
pub(super) fn settings<'a>(
    facts: &'a PipelineFacts,
    environment: Option<&'a str>,
) -> impl Iterator<Item = Variable> + 'a {
    let mut fitting: Vec<&SettingVariable> = facts
        .settings
        .iter()
        .filter(|variable| !variable.protected || facts.reference.protected)
        .filter(|variable| scope_fits(&variable.scope, environment))
        .collect();
    fitting.sort_by_key(|variable| (variable.level, specificity(&variable.scope)));
    fitting.into_iter().map(|variable| Variable {
        key: Arc::clone(&variable.key),
        value: Arc::clone(&variable.value),
        raw: variable.raw,
        file: variable.file,
        masked: variable.masked,
    })
}

fn scope_fits(scope: &str, environment: Option<&str>) -> bool {
    match environment {
        _ if scope == "*" => true,
        None => false,
        Some(environment) => wildcard_match(scope, environment),
    }
}

/// An exact scope beats a pattern, a longer pattern a shorter one.
fn specificity(scope: &str) -> (bool, usize) {
    (!scope.contains('*'), scope.len())
}
