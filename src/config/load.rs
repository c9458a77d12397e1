//! The steps from a path to a [`Config`], in GitLab's order (configuration reference 1).

use std::collections::HashSet;
use std::sync::Arc;

use crate::diag::{Code, Diagnostic, has_errors};
use crate::source::{SourceMap, Span};
use crate::types::When;
use crate::yaml::Mapping;

use super::budget::{Budget, Weight};
use super::cross;
use super::document::Document;
use super::extends;
use super::findings::{MAX_FINDINGS, collapse};
use super::globals::Globals;
use super::include::{Outside, Reader};
use super::jobs::{self, Built, Class, Surroundings};
use super::keywords::read_prefilled;
use super::model::{Config, Inherit, JobConfig};
use super::parallel;
use super::provenance::say_who_uses;
use super::reference;
use super::request::Request;
use super::trail::Trail;

/// What came of it.
#[derive(Debug)]
pub struct Loaded {
    /// The configuration; `None` when anything is wrong with it.
    pub config: Option<Config>,
    /// What it was made from; `None` where that could not be put together.
    pub document: Option<Document>,
    /// Every file that was read.
    pub sources: SourceMap,
    /// Everything found, duplicates collapsed.
    pub diagnostics: Vec<Diagnostic>,
    /// Files elsewhere that were not fetched, each with the first place that names it.
    pub missing: Vec<(Outside, Span)>,
    /// Paths of `include` with wildcards behind a leading `/`, which no file matches.
    pub(super) rooted: Vec<(String, Span)>,
}

/// Reads and checks a configuration.
pub fn load(request: &Request<'_>) -> Loaded {
    let mut reader = Reader::new(request);
    let document = reader.main();
    let mut found = std::mem::take(&mut reader.found);
    let trail = Trail {
        included: std::mem::take(&mut reader.included_by),
        ..Trail::default()
    };
    let mut config = None;
    let mut resolved = None;
    if let Ok(merged) = document
        && !has_errors(&found)
    {
        match resolve(merged, trail) {
            Ok(document) => {
                config = check(&document, &mut found);
                resolved = Some(document);
            }
            Err(diagnostic) => found.push(diagnostic),
        }
    }
    let mut missing = reader.missing;
    let mut seen = HashSet::new();
    missing.retain(|(outside, _)| seen.insert(outside.clone()));
    Loaded {
        missing,
        rooted: reader.rooted,
        config: config.filter(|_| !has_errors(&found)),
        document: resolved,
        sources: reader.sources,
        diagnostics: collapse(found),
    }
}

fn resolve(merged: Mapping, mut trail: Trail) -> Result<Document, Diagnostic> {
    let merged = Arc::new(merged);
    let extended = Arc::new(extends::apply(&merged, &mut trail)?);
    Ok(Document {
        resolved: reference::resolve(&extended, &mut trail)?,
        merged,
        trail,
    })
}

/// Checks every keyword and builds the configuration when nothing is wrong.
fn check(whole: &Document, found: &mut Vec<Diagnostic>) -> Option<Config> {
    let document = &*whole.resolved;
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
                say_who_uses(whole, entry, &mut found[before..]);
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
        .then(|| finish(whole, globals, jobs, found))
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
    document: &Document,
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
        prefilled: read_prefilled(&document.resolved),
        workflow: globals.workflow,
        jobs,
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
