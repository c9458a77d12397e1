//! `pipe list`: the jobs of the pipeline, and why others are left out.

use std::collections::{HashMap, HashSet};
use std::mem::ManuallyDrop;
use std::sync::Arc;

use crate::app::{Failure, Pipeline, Workspace, kind_of_errors, kinds_of_ref};
use crate::config::Loaded;
use crate::plan::{Job, LeftOutReason, Need, PipelineFacts, Plan};
use crate::report::line::{Line, Tone};
use crate::report::words;
use crate::source::Span;
use crate::types::{AllowFailure, Delay, RefKind, When};

use super::args::{Global, JobsFormat, ListArgs};
use super::bring::{self, WhenMissing};
use super::description;
use super::exit::Exit;
use super::grid;
use super::list_json;
use super::list_refs;
use super::printer::Printer;
use super::request;
use super::table::Table;
use super::variants::Variants;

/// Runs the command.
pub(super) fn list(global: &Global, args: &ListArgs, printer: &Printer) -> Result<Exit, Failure> {
    let workspace = Workspace::open(&request::workspace(global, Vec::new()))?;
    let request = request::pipeline(&args.event)?;
    let missing = WhenMissing::of(args.fetch, args.format == JobsFormat::Table);
    let pipeline = bring::pipeline(&workspace, &request, missing, printer)?;
    printer.hide(pipeline.facts.secrets());
    // The process ends with it: taking a large one apart would cost as much as a part of making it.
    let pipeline = ManuallyDrop::new(pipeline);
    if args.refs && pipeline.loaded.config.is_some() {
        let kinds = kinds_of_ref(&workspace, &pipeline, &request);
        list_refs::print(&pipeline, &kinds, args.format, printer);
        return Ok(Exit::Passed);
    }
    if args.format == JobsFormat::Json {
        list_json::print(&pipeline, printer);
        return Ok(if pipeline.is_valid() {
            Exit::Passed
        } else {
            kind_of_errors(&pipeline.loaded.diagnostics).into()
        });
    }
    if !pipeline.is_valid() {
        return Err(ManuallyDrop::into_inner(pipeline).failure());
    }
    if !printer.is_quiet() {
        printer.diagnostics(&pipeline.loaded.diagnostics, &pipeline.loaded.sources);
    }
    match args.format {
        JobsFormat::Table | JobsFormat::Json => printer.lines(&lines(&pipeline, printer)),
        JobsFormat::Markdown => print_grid(&pipeline, &grid::markdown, printer),
        JobsFormat::Csv => print_grid(&pipeline, &grid::csv, printer),
    }
    Ok(Exit::Passed)
}

/// A table of headings and rows as the text of a format.
type Draw<'a> = &'a dyn Fn(&[String], &[Vec<String>]) -> String;

/// The jobs for another program: the columns of the table.
fn print_grid(pipeline: &Pipeline, draw: Draw<'_>, printer: &Printer) {
    let plan = pipeline.outcome.as_ref().map(|outcome| &outcome.plan);
    let rows = plan.map(|plan| rows(plan, &pipeline.loaded));
    let headings = COLUMNS.map(str::to_owned);
    let text = draw(&headings, &rows.unwrap_or_default());
    printer.exact(&printer.masked(&text));
}

fn lines(pipeline: &Pipeline, printer: &Printer) -> Vec<Line> {
    let Some(outcome) = &pipeline.outcome else {
        return Vec::new();
    };
    let plain = |text: String| Line::of(Tone::Plain, text);
    let mut lines = vec![plain(heading(pipeline))];
    if let Some(reason) = &outcome.reason {
        lines.push(plain(format!("no pipeline: {reason}")));
    } else {
        lines.push(Line::new());
        let rows = jobs(&outcome.plan, &pipeline.loaded, printer);
        lines.extend(rows.lines(printer.width));
    }
    lines.extend(description::of_variables(&pipeline.loaded, printer));
    if !outcome.plan.left_out.is_empty() {
        lines.extend([Line::new(), plain("left out".to_owned())]);
        let left_out = left_out(&outcome.plan, &pipeline.loaded, printer);
        lines.extend(left_out.lines(printer.width));
    }
    lines
}

/// `branch issue-12 (issue), push, 1a2b3c4d: 3 jobs`.
pub(super) fn heading(pipeline: &Pipeline) -> String {
    let count = pipeline
        .outcome
        .as_ref()
        .map_or(0, |outcome| outcome.plan.jobs.len());
    format!(
        "{}: {}",
        reference(&pipeline.facts),
        words::count(count, "job")
    )
}

/// `branch issue-12 (issue), push, 1a2b3c4d`.
pub(super) fn reference(facts: &PipelineFacts) -> String {
    let reference = &facts.reference;
    let class = match reference.kind {
        RefKind::Branch => format!(" ({})", reference.class.as_str()),
        RefKind::Tag | RefKind::MergeRequest { .. } => String::new(),
    };
    let sha: String = facts.commit.sha.chars().take(8).collect();
    format!("{reference}{class}, {}, {sha}", facts.source.as_str())
}

/// A row for each job, its name first: what people look for, and what `grep` finds.
fn jobs(plan: &Plan, loaded: &Loaded, printer: &Printer) -> Table {
    let mut table = Table::new(&COLUMNS);
    for row in rows(plan, loaded) {
        let [name, stage, when, notes] = &row[..] else {
            continue;
        };
        table.row(&[name, stage, when, &printer.masked(notes)]);
    }
    table
}

/// What a list says of each job.
const COLUMNS: [&str; 4] = ["job", "stage", "when", "notes"];

fn rows(plan: &Plan, loaded: &Loaded) -> Vec<Vec<String>> {
    let variants = variants(loaded);
    let present: HashSet<&str> = plan.jobs.iter().map(Job::name).collect();
    let mut before = None;
    let row = |job: &Job| {
        let stage = &*job.config.stage;
        // Of several instances the first says what they are for.
        let base = Some(Arc::clone(&job.config.base_name));
        let described = description::of_job(job, &loaded.sources).filter(|_| base != before);
        before = base;
        let notes = described.into_iter().chain(notes(job, &variants, &present));
        let notes = notes.collect::<Vec<_>>().join("; ");
        [job.name(), stage, job.when.as_str(), &notes]
            .map(str::to_owned)
            .to_vec()
    };
    plan.jobs.iter().map(row).collect()
}

fn variants(loaded: &Loaded) -> Variants<'_> {
    let jobs = loaded.config.iter().flat_map(|config| &config.jobs);
    Variants::of(jobs.map(|job| &**job))
}

fn notes(job: &Job, variants: &Variants<'_>, present: &HashSet<&str>) -> Vec<String> {
    let mut notes = Vec::new();
    match &job.allow_failure {
        AllowFailure::No if job.when == When::Manual => {
            notes.push("blocks until played".to_owned());
        }
        AllowFailure::Yes if job.when != When::Manual => notes.push("may fail".to_owned()),
        AllowFailure::ExitCodes(codes) => {
            let codes: Vec<String> = codes.iter().map(ToString::to_string).collect();
            notes.push(format!("may fail with {}", codes.join(", ")));
        }
        AllowFailure::No | AllowFailure::Yes => {}
    }
    if let Some(Delay { text, .. }) = &job.start_in {
        notes.push(format!("starts in {text}"));
    }
    if let Some(needs) = &job.needs {
        let mut names = needed(needs, variants, present);
        names.extend(job.lacking().map(|lacking| lacking.what));
        notes.push(if names.is_empty() {
            "needs nothing".to_owned()
        } else {
            format!("needs {}", names.join(", "))
        });
    }
    notes.extend(description::of_child(job));
    if let Some(environment) = &job.environment {
        let fault = environment
            .fault
            .as_ref()
            .map_or("", |_| " (can't be made)");
        notes.push(format!("environment {}{fault}", environment.name));
    }
    if !job.tags.is_empty() {
        notes.push(format!("tags {}", job.tags.join(", ")));
    }
    notes
}

/// What a job needs: first the jobs that are there, then those that need not be.
fn needed(needs: &[Need], variants: &Variants<'_>, present: &HashSet<&str>) -> Vec<String> {
    let names = |there: bool| {
        let needs = needs.iter().map(|need| &*need.job);
        variants.grouped(needs.filter(move |name| present.contains(name) == there))
    };
    let absent = names(false).into_iter();
    let absent = absent.map(|name| format!("{name} (optional, not in this pipeline)"));
    names(true).into_iter().chain(absent).collect()
}

/// A row for each reason with its place, and the jobs that it concerns.
fn left_out(plan: &Plan, loaded: &Loaded, printer: &Printer) -> Table {
    let variants = variants(loaded);
    let mut table = Table::of_prose(&["reason", "place", "jobs"]);
    let mut rows: Vec<(&LeftOutReason, String, Vec<&str>)> = Vec::new();
    let mut places: HashMap<(&LeftOutReason, Span), usize> = HashMap::new();
    for left_out in &plan.left_out {
        let key = (&left_out.reason, left_out.span);
        let at = *places.entry(key).or_insert_with(|| {
            let place = loaded.sources.locate(left_out.span);
            let place = place.map_or_else(String::new, |(file, position)| {
                format!("{file}:{}", position.line)
            });
            rows.push((&left_out.reason, place, Vec::new()));
            rows.len() - 1
        });
        rows[at].2.push(&left_out.name);
    }
    for (reason, place, jobs) in &rows {
        let jobs = variants.grouped(jobs.iter().copied()).join(", ");
        table.row(&[&printer.masked(&reason.to_string()), place, &jobs]);
    }
    table
}
