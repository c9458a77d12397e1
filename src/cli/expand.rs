//! `pipe expand`: the configuration after include, `extends`, `!reference` and defaults.

use std::collections::HashSet;

use crate::app::{Failure, FailureKind, History, Pipeline, Workspace, unknown_job};
use crate::config::{JobConfig, expanded};
use crate::foreign::visible;
use crate::source::{SourceMap, Span};
use crate::yaml::{self, Mapping};

use super::args::Global;
use super::exit::Exit;
use super::explain_args::ExpandArgs;
use super::printer::Printer;
use super::request;

/// Runs the command.
pub(super) fn expand(
    global: &Global,
    args: &ExpandArgs,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let workspace = Workspace::open(&request::workspace(global, Vec::new()))?;
    let pipeline = Pipeline::make(&workspace, &request::pipeline(&args.event)?, History::Read)?;
    printer.hide(pipeline.facts.secrets());
    let (Some(document), Some(_)) = (&pipeline.loaded.document, &pipeline.loaded.config) else {
        return Err(pipeline.failure());
    };
    let mut whole = expanded(document);
    if !args.job.is_empty() {
        whole = chosen(&whole, &args.job, &workspace, &pipeline)?;
    }
    let sources = &pipeline.loaded.sources;
    let origin = |span: Span| args.origins.then(|| origin(span, sources)).flatten();
    printer.exact(&printer.masked(&yaml::write(&whole, &origin)));
    Ok(Exit::Passed)
}

/// The jobs of these names; an instance of a parallel job is written as the whole job.
fn chosen(
    whole: &Mapping,
    names: &[String],
    workspace: &Workspace,
    pipeline: &Pipeline,
) -> Result<Mapping, Failure> {
    let config = pipeline.loaded.config.iter();
    let jobs: Vec<&JobConfig> = config
        .flat_map(|config| &config.jobs)
        .map(|job| &**job)
        .collect();
    let mut wanted: HashSet<&str> = HashSet::new();
    for wish in names {
        let mut jobs = jobs.iter();
        let found = jobs.find(|job| *job.name == **wish || *job.base_name == **wish);
        let Some(job) = found else {
            let failure = Failure::new(FailureKind::Usage, unknown_job(workspace, pipeline, wish));
            return Err(failure.within(&pipeline.loaded.sources));
        };
        wanted.insert(&job.base_name);
    }
    let entries = whole.entries().iter();
    let entries = entries.filter(|entry| wanted.contains(entry.key.text()));
    Ok(entries.cloned().collect())
}

/// `ci/base.yml:3`.
fn origin(span: Span, sources: &SourceMap) -> Option<String> {
    let (file, at) = sources.locate(span)?;
    Some(format!("{}:{}", visible(file), at.line))
}
