//! Which variables a phase sees, lowest precedence first (configuration reference 10.1, 10.4).

use std::borrow::Cow;
use std::cell::{Cell, OnceCell};
use std::collections::HashMap;
use std::sync::Arc;

use crate::config::{Inherit, JobConfig, YamlVariable};
use crate::expr::expand::{
    References, Unknown, Value, Variable, VariableOrigin, Variables, expand,
};
use crate::types::wildcard_match;

use super::facts::{PipelineFacts, SettingVariable};
use super::model::Environment;
use super::predefined;

/// Bytes that expansion may make for all jobs of a pipeline.
const MAX_EXPANDED: u64 = 256 << 20;
/// How often a text counts that stays in the plan.
const KEPT: u64 = 16;

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
    /// Bytes that expansion has made so far.
    expanded: Cell<u64>,
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
            expanded: Cell::new(0),
        }
    }

    /// Whether the jobs so far let variables grow beyond all measure.
    pub(super) fn is_exhausted(&self) -> bool {
        self.expanded.get() > MAX_EXPANDED
    }

    /// Lays the variables of the matched workflow rule over the root ones.
    pub(super) fn add_workflow_rule(&mut self, more: &[YamlVariable]) {
        self.workflow = more.to_vec();
        self.root_layer.extend(more.iter().map(yaml));
        self.root_layer.seal();
    }

    /// What `workflow:rules` and `workflow:name` see.
    pub(super) fn workflow(&self) -> Scope<'_> {
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
    ) -> Scope<'_> {
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
        let inherited = self.inherited(&job.inherit_variables);
        let levels = || inherited.iter().chain(&job.variables).chain(rule);
        let mut all: Vec<YamlVariable> = Vec::new();
        let mut places: HashMap<&str, usize> = HashMap::new();
        for variable in levels() {
            if let Some(at) = places.get(&*variable.key) {
                all[*at] = variable.clone();
            } else {
                places.insert(&variable.key, all.len());
                all.push(variable.clone());
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
    ) -> Scope<'_> {
        let mut stack = self.predefined.clone();
        for layer in [own, root, yaml, &self.user, settings, &self.given] {
            stack.append(layer);
        }
        Scope {
            raw: stack,
            nested: OnceCell::new(),
            expanded: &self.expanded,
        }
    }
}

/// The variables that one job or the workflow sees, with the expansions of its keywords.
#[derive(Debug)]
pub(super) struct Scope<'s> {
    raw: Variables,
    /// The values expanded, made when the first keyword needs them; `None` where they can't be.
    nested: OnceCell<Option<Variables>>,
    expanded: &'s Cell<u64>,
}

impl Scope<'_> {
    /// The raw values, for conditions.
    pub(super) fn raw(&self) -> &Variables {
        &self.raw
    }

    fn nested(&self) -> Option<&Variables> {
        let expand = || {
            let expanded = self.raw.sort_and_expand_all(References::KEYWORD).ok()?;
            let made = expanded.iter().filter(|variable| !variable.raw);
            self.count(made.map(|variable| variable.value.size() as u64).sum());
            Some(expanded)
        };
        self.nested.get_or_init(expand).as_ref()
    }

    fn count(&self, bytes: u64) {
        self.expanded.set(self.expanded.get().saturating_add(bytes));
    }

    /// A text that stays in the plan.
    fn kept(&self, text: Cow<'_, str>) -> String {
        self.count(text.len() as u64 * KEPT);
        text.into_owned()
    }

    /// A keyword's text with nested expansion; unknown names vanish. Values of a circle stay as
    /// they are.
    pub(super) fn keyword(&self, text: &str) -> String {
        if !may_refer(text) {
            return text.to_owned();
        }
        self.kept(match self.nested() {
            Some(values) => values.expand_nested(text, References::KEYWORD),
            None => expand(text, &self.raw, Unknown::Empty),
        })
    }

    /// Paths of `changes` and `exists`: nested values, unknown names stay.
    pub(super) fn glob(&self, text: &str) -> String {
        if !may_refer(text) {
            return text.to_owned();
        }
        let values = self.nested().unwrap_or(&self.raw);
        let text = expand(text, values, Unknown::Keep);
        self.count(text.len() as u64);
        text.into_owned()
    }

    /// Tags: one pass over raw values, unknown names stay.
    pub(super) fn tag(&self, text: &str) -> String {
        self.kept(expand(text, &self.raw, Unknown::Keep))
    }
}

fn may_refer(text: &str) -> bool {
    text.contains(['$', '%'])
}

fn variables<V: Into<Value>>(pairs: Vec<(&'static str, V)>) -> impl Iterator<Item = Variable> {
    let pairs = pairs.into_iter();
    pairs.map(|(key, value)| Variable::new(key, value))
}

/// A YAML variable as a variable.
pub(super) fn yaml(variable: &YamlVariable) -> Variable {
    Variable {
        raw: variable.raw,
        origin: VariableOrigin::Yaml(variable.level, variable.span),
        ..Variable::new(Arc::clone(&variable.key), Arc::clone(&variable.value))
    }
}

/// Those of a person or a trigger job; GitLab keeps them from services as it does the project's own.
pub(super) fn given(facts: &PipelineFacts) -> impl Iterator<Item = Variable> + '_ {
    facts.given.iter().map(|given| Variable {
        raw: given.raw,
        masked: given.masked,
        private: true,
        origin: VariableOrigin::Given,
        ..Variable::new(given.key.as_str(), given.value.as_str())
    })
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
    fitting.sort_by_key(|variable| (variable.place.level, specificity(&variable.scope)));
    fitting.into_iter().map(|variable| Variable {
        key: Arc::clone(&variable.key),
        value: Arc::clone(&variable.value).into(),
        raw: variable.raw,
        file: variable.file,
        masked: variable.masked,
        private: true,
        origin: VariableOrigin::Setting(Arc::clone(&variable.place)),
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
