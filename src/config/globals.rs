//! The top level but its jobs: `stages`, `variables`, `workflow`, `default` (configuration
//! reference 5).

use std::sync::Arc;

use crate::diag::{Code, Diagnostic};
use crate::expr::expand::YamlLevel;
use crate::source::Span;
use crate::yaml::{Entry, Mapping, Value};

use super::budget::Weight;
use super::jobs::{self, Class};
use super::keywords::{JOB, WORKFLOW, check_root_variables, read_variables, read_workflow};
use super::model::{Workflow, YamlVariable};
use super::read;
use super::shape::{Check, Scope, Shape, flatten};

/// Stages of a configuration that declares none.
static DEFAULT_STAGES: &[&str] = &["build", "test", "deploy"];

/// Everything of the document that is no job.
pub(super) struct Globals {
    pub(super) stages: Vec<Arc<str>>,
    pub(super) stages_span: Option<Span>,
    pub(super) variables: Vec<YamlVariable>,
    pub(super) workflow: Workflow,
    pub(super) defaults: Mapping,
}

impl Globals {
    pub(super) fn read(document: &Mapping, found: &mut Vec<Diagnostic>) -> Self {
        let (stages, stages_span) = stages(document, found);
        if let Some(variables) = read::get(document, "variables") {
            let mut check = Check::new("", found);
            check.within("variables", |check| check_root_variables(variables, check));
        }
        Self {
            stages,
            stages_span,
            variables: read_variables(document, YamlLevel::Root),
            workflow: workflow(document, found),
            defaults: defaults(document, found),
        }
    }

    /// What a job inherits that takes all variables: the root ones and those of the largest rule
    /// of the workflow.
    pub(super) fn inherited(&self) -> Weight {
        let texts = |variables: &[YamlVariable]| {
            let text = |variable: &YamlVariable| (variable.key.len() + variable.value.len()) as u64;
            Weight {
                values: variables.len() as u64,
                text: variables.iter().map(text).sum(),
                levels: 0,
            }
        };
        let rules = self.workflow.rules.entries().iter();
        let largest = rules
            .map(|rule| texts(&rule.variables))
            .max_by_key(|weight| weight.values);
        texts(&self.variables).and(largest.unwrap_or_default())
    }
}

/// `stages` between `.pre` and `.post` (configuration reference 5.1). An empty list leaves none.
fn stages(document: &Mapping, found: &mut Vec<Diagnostic>) -> (Vec<Arc<str>>, Option<Span>) {
    let wrap = |names: Vec<Arc<str>>| {
        let mut all: Vec<Arc<str>> = vec![".pre".into()];
        all.extend(
            names
                .into_iter()
                .filter(|name| !matches!(&**name, ".pre" | ".post")),
        );
        all.push(".post".into());
        all
    };
    let default = || wrap(DEFAULT_STAGES.iter().map(|name| (*name).into()).collect());
    let Some(value) = read::get(document, "stages") else {
        return (default(), None);
    };
    if value.as_seq().is_some_and(<[Value]>::is_empty) {
        return (Vec::new(), Some(value.span));
    }
    let before = found.len();
    let mut check = Check::new("", found);
    check.within("stages", |check| match flatten(value) {
        Some(_) => check.value(value, &Shape::Script),
        None => check.wrong_type(value, "a list of strings"),
    });
    if found.len() > before {
        return (default(), Some(value.span));
    }
    (wrap(read::strings(value)), Some(value.span))
}

fn workflow(document: &Mapping, found: &mut Vec<Diagnostic>) -> Workflow {
    let Some(entry) = document
        .get("workflow")
        .filter(|entry| jobs::classify(entry) == Class::Global)
    else {
        return Workflow::default();
    };
    if entry.value.is_null() {
        return Workflow::default();
    }
    let mut check = Check::new("", found);
    let mut sound = None;
    check.within("workflow", |check| {
        sound = check.mapping(&entry.value);
        if let Some(mapping) = sound {
            check.keys(mapping, entry.key_span, &WORKFLOW, Scope::ANY);
        }
    });
    let Some(mapping) = sound else {
        return Workflow::default();
    };
    read_workflow(mapping)
}

/// `default` together with its deprecated top-level forms (configuration reference 5.2, 5.3).
fn defaults(document: &Mapping, found: &mut Vec<Diagnostic>) -> Mapping {
    let section = document
        .get("default")
        .filter(|entry| jobs::classify(entry) == Class::Global && !entry.value.is_null());
    let mut defaults = Mapping::default();
    if let Some(section) = section {
        let mut check = Check::new("", found);
        check.within("default", |check| {
            if let Some(mapping) = check.mapping(&section.value) {
                check.keys(mapping, section.key_span, &JOB, Scope::DEFAULT);
                defaults = mapping.clone();
            }
        });
    }
    for key in [
        "image",
        "services",
        "cache",
        "before_script",
        "after_script",
    ] {
        let Some(entry) = document.get(key).filter(|entry| !entry.value.is_null()) else {
            continue;
        };
        check_deprecated(key, entry, found);
        match defaults.get(key).filter(|other| !other.value.is_null()) {
            Some(other) => found.push(
                Diagnostic::new(
                    Code::DefaultConflict,
                    format!("`{key}` is given both at top level and in `default`"),
                )
                .at(entry.key_span)
                .with(other.key_span, "the other one is here")
                .help("keep the one in `default`"),
            ),
            None => {
                defaults.insert(entry.clone());
            }
        }
    }
    defaults
}

fn check_deprecated(key: &'static str, entry: &Entry, found: &mut Vec<Diagnostic>) {
    if let Some(row) = JOB.rows.iter().find(|row| row.name == key) {
        let mut check = Check::new("", found);
        check.within(key, |check| check.value(&entry.value, &row.shape));
    }
}
