//! The steps from a path to a [`Config`], in GitLab's order (configuration reference 1).

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::diag::{Code, Diagnostic, has_errors};
use crate::expr::Lookup;
use crate::source::SourceMap;
use crate::types::When;
use crate::yaml::{Entry, Mapping, Value};

use super::budget::{Budget, Weight};
use super::cross;
use super::extends;
use super::include::Reader;
use super::inputs::GivenInput;
use super::jobs::{self, Built, Class, Surroundings};
use super::keywords::{
    JOB, Scope, WORKFLOW, check_root_variables, read_prefilled, read_variables, read_workflow,
};
use super::model::{Config, Inherit, JobConfig, Workflow};
use super::parallel;
use super::provenance::say_who_uses;
use super::provider::FileProvider;
use super::read;
use super::reference;
use super::shape::{Check, Shape, flatten};

/// Stages of a configuration that declares none.
static DEFAULT_STAGES: &[&str] = &["build", "test", "deploy"];

/// Mistakes, and warnings beside them, that are told at once. Nobody mends more before asking
/// again, and each takes time to suggest something and to draw.
pub const MAX_FINDINGS: usize = 200;

/// Further places of one finding; the rest is counted.
const MAX_USERS: usize = 3;

/// What to read, and what includes may look at.
pub struct Request<'a> {
    /// Path of the main file in the tree.
    pub path: &'a str,
    /// The tree.
    pub files: &'a dyn FileProvider,
    /// Raw variables of the include phase (configuration reference 4.4).
    pub lookup: &'a dyn Lookup,
    /// Expansion in include paths: unknown names become empty.
    pub expand: &'a dyn Fn(&str) -> String,
    /// Expansion in `exists`, `changes` and `expand_vars`: unknown names stay.
    pub expand_known: &'a dyn Fn(&str) -> String,
    /// Values for the main file's inputs.
    pub inputs: &'a [GivenInput],
}

/// What came of it.
#[derive(Debug)]
pub struct Loaded {
    /// The configuration; `None` when anything is wrong with it.
    pub config: Option<Config>,
    /// Every file that was read.
    pub sources: SourceMap,
    /// Everything found, duplicates collapsed.
    pub diagnostics: Vec<Diagnostic>,
}

/// Reads and checks a configuration.
pub fn load(request: &Request<'_>) -> Loaded {
    let mut reader = Reader::new(request);
    let document = reader.main();
    let mut found = std::mem::take(&mut reader.found);
    let mut config = None;
    if let Ok(document) = document
        && !has_errors(&found)
    {
        match resolve(&document) {
            Ok(document) => config = check(&document, &mut found),
            Err(diagnostic) => found.push(diagnostic),
        }
    }
    Loaded {
        config: config.filter(|_| !has_errors(&found)),
        sources: reader.sources,
        diagnostics: collapse(found),
    }
}

fn resolve(document: &Mapping) -> Result<Arc<Mapping>, Diagnostic> {
    reference::resolve(&Arc::new(extends::apply(document)?))
}

/// Checks every keyword and builds the configuration when nothing is wrong.
fn check(document: &Mapping, found: &mut Vec<Diagnostic>) -> Option<Config> {
    let mut budget = Budget::new();
    if let Err(diagnostic) = weigh_document(document, &mut budget) {
        found.push(diagnostic);
        return None;
    }
    let globals = Globals::read(document, found);
    let inherited = globals.inherited();
    let globals_sound = !has_errors(found);
    let around = Surroundings {
        defaults: &globals.defaults,
        workflow_rules: !globals.workflow.rules.is_absent(),
    };
    let mut budget = budget.next_step();
    let mut jobs = Vec::new();
    let mut visible = false;
    for entry in document.entries() {
        match jobs::classify(entry) {
            Class::Global => {}
            Class::Hidden => jobs::check_hidden(entry, found),
            Class::Unknown => {
                // It was meant to be a job, so there is no need to ask for one.
                visible |= entry.value.as_map().is_some();
                jobs::report_unknown(entry, found);
            }
            Class::Job(kind) => {
                visible = true;
                let before = found.len();
                if let Some(built) = jobs::build(entry, kind, &around, found) {
                    let weight = weight_of(&built.job, &inherited, &mut budget);
                    if let Err(diagnostic) = budget.spend(weight, entry.key_span, "this job") {
                        found.push(diagnostic);
                        return None;
                    }
                    jobs.push((built, weight));
                }
                say_who_uses(document, entry, &mut found[before..]);
            }
        }
        if found.len() > MAX_FINDINGS && has_errors(found) {
            return None;
        }
    }
    if !visible {
        found.push(
            Diagnostic::new(Code::NoVisibleJob, "there is no job in the configuration").help(
                "a job is a top-level key with a `script`, and its name does not begin with a dot",
            ),
        );
    }
    // What is wrong between the jobs can be seen as soon as the stages are known.
    globals_sound
        .then(|| finish(document, globals, jobs, found))
        .flatten()
}

/// Whether the document is small enough to be walked in full.
fn weigh_document(document: &Mapping, budget: &mut Budget) -> Result<(), Diagnostic> {
    document.entries().iter().try_for_each(|entry| {
        let weight = budget.scales.value(&entry.value);
        let what = format!("`{}`", entry.key.text());
        budget.spend(weight, entry.key_span, &what)
    })
}

/// What a job weighs with its defaults and the variables that it inherits.
fn weight_of(job: &JobConfig, inherited: &Weight, budget: &mut Budget) -> Weight {
    let own = budget.scales.entries(&job.written).and(Weight::JOB);
    match &job.inherit_variables {
        Inherit::All => own.and(*inherited),
        Inherit::None => own,
        Inherit::Names(names) if (names.len() as u64) < inherited.values => {
            own.and(Weight::of_texts(names.iter().map(AsRef::as_ref)))
        }
        Inherit::Names(_) => own.and(*inherited),
    }
}

fn finish(
    document: &Mapping,
    globals: Globals,
    jobs: Vec<(Built, Weight)>,
    found: &mut Vec<Diagnostic>,
) -> Option<Config> {
    let warn_twice = globals.workflow.rules.is_absent();
    let jobs = match parallel::expand(jobs, found) {
        Ok(jobs) => jobs,
        Err(diagnostic) => {
            found.push(diagnostic);
            return None;
        }
    };
    let config = Config {
        stages: globals.stages,
        stages_span: globals.stages_span,
        variables: globals.variables,
        prefilled: read_prefilled(document),
        workflow: globals.workflow,
        jobs: jobs.into_iter().map(Arc::new).collect(),
    };
    // With mistakes above, a job that is not there may just not have been understood.
    let all_understood = !has_errors(found);
    cross::check(document, &config, all_understood, found);
    if has_errors(found) {
        return None;
    }
    if warn_twice {
        warn_two_pipelines(&config.jobs, found);
    }
    Some(config)
}

/// A last rule that says nothing but `when` lets one push start two pipelines (configuration
/// reference 12.4). Instances of a parallel job are one job here.
fn warn_two_pipelines(jobs: &[Arc<JobConfig>], found: &mut Vec<Diagnostic>) {
    let mut told = HashSet::new();
    for job in jobs {
        let Some(rule) = job.rules.entries().last() else {
            continue;
        };
        let starts = rule.when.is_some_and(|when| when != When::Never);
        if !(starts && rule.only_when && told.insert(&*job.base_name)) {
            continue;
        }
        found.push(
            Diagnostic::new(
                Code::DuplicatePipelines,
                format!(
                    "job `{}` may run twice for one push: in a branch and in a merge request pipeline",
                    job.base_name
                ),
            )
            .at(rule.span)
            .help("say with `workflow:rules` which pipelines there should be"),
        );
    }
}

/// Everything of the document that is no job.
struct Globals {
    stages: Vec<Arc<str>>,
    stages_span: Option<crate::source::Span>,
    variables: Vec<super::model::YamlVariable>,
    workflow: Workflow,
    defaults: Mapping,
}

impl Globals {
    fn read(document: &Mapping, found: &mut Vec<Diagnostic>) -> Self {
        let (stages, stages_span) = stages(document, found);
        if let Some(variables) = read::get(document, "variables") {
            let mut check = Check::new("", found);
            check.within("variables", |check| check_root_variables(variables, check));
        }
        Self {
            stages,
            stages_span,
            variables: read_variables(document),
            workflow: workflow(document, found),
            defaults: defaults(document, found),
        }
    }

    /// What a job inherits that takes all variables: the root ones and those of the largest rule
    /// of the workflow.
    fn inherited(&self) -> Weight {
        let texts = |variables: &[super::model::YamlVariable]| {
            let text = |variable: &super::model::YamlVariable| {
                (variable.key.len() + variable.value.len()) as u64
            };
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
fn stages(
    document: &Mapping,
    found: &mut Vec<Diagnostic>,
) -> (Vec<Arc<str>>, Option<crate::source::Span>) {
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

/// As many mistakes and warnings as one can take in.
fn first(found: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let mut counts = HashMap::new();
    let mut kept: Vec<Diagnostic> = Vec::new();
    for diagnostic in found {
        let count = counts.entry(diagnostic.severity).or_insert(0);
        *count += 1;
        if *count <= MAX_FINDINGS {
            kept.push(diagnostic);
        }
    }
    for (severity, count) in counts {
        let last = kept.iter_mut().rfind(|last| last.severity == severity);
        if let Some(last) = last.filter(|_| count > MAX_FINDINGS) {
            last.notes.push(format!(
                "only the first {MAX_FINDINGS} findings of this kind are shown"
            ));
        }
    }
    kept
}

/// The same mistake at the same place, seen through several jobs, is reported once; of very many
/// the first ones are.
pub fn collapse(found: Vec<Diagnostic>) -> Vec<Diagnostic> {
    first(merged(found))
}

fn merged(found: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let mut kept: Vec<(Diagnostic, usize)> = Vec::new();
    let mut places = HashMap::new();
    for diagnostic in found {
        let key = (diagnostic.code, diagnostic.primary);
        match places.get(&key) {
            Some(at) if diagnostic.primary.is_some() => {
                let (first, more): &mut (Diagnostic, usize) = &mut kept[*at];
                if first.message == diagnostic.message {
                    continue;
                }
                let new = diagnostic
                    .labels
                    .into_iter()
                    .filter(|label| !first.labels.contains(label));
                let new: Vec<_> = new.collect();
                if new.is_empty() || first.labels.len() >= MAX_USERS {
                    *more += 1;
                } else {
                    first.labels.extend(new);
                }
            }
            _ => {
                places.insert(key, kept.len());
                kept.push((diagnostic, 0));
            }
        }
    }
    kept.into_iter()
        .map(|(diagnostic, more)| match more {
            0 => diagnostic,
            1 => diagnostic.note("the same goes for one more job"),
            more => diagnostic.note(format!("the same goes for {more} more jobs")),
        })
        .collect()
}
