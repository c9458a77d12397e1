//! `pipe list`: the jobs of the pipeline, and why others are left out.

use crate::plan::{Job, PipelineFacts, Plan};
use crate::report::words;
use crate::source::{SourceMap, Span};
use crate::types::{AllowFailure, RefKind, When};
use std::collections::HashMap;
use std::fmt::Write as _;

use super::args::{Global, ListArgs, ListFormat};
use super::checkout::Checkout;
use super::exit::{Exit, Failure};
use super::list_json;
use super::pipeline::Pipeline;
use super::printer::Printer;
use super::table::Table;

/// Runs the command.
pub(super) fn list(global: &Global, args: &ListArgs, printer: Printer) -> Result<Exit, Failure> {
    let checkout = Checkout::open(global, &[])?;
    let pipeline = Pipeline::make(&checkout, &args.event)?;
    if args.format == ListFormat::Json {
        list_json::document(&pipeline, &|text| printer.out(text));
        return Ok(if pipeline.is_valid() {
            Exit::Passed
        } else {
            super::exit::of_errors(&pipeline.loaded.diagnostics)
        });
    }
    if !pipeline.is_valid() {
        return Err(pipeline.failure());
    }
    if !printer.quiet {
        printer.diagnostics(&pipeline.loaded.diagnostics, &pipeline.loaded.sources);
    }
    printer.out(&text(&pipeline, printer));
    Ok(Exit::Passed)
}

fn text(pipeline: &Pipeline, printer: Printer) -> String {
    let Some(outcome) = &pipeline.outcome else {
        return String::new();
    };
    let mut out = format!("{}\n", heading(pipeline));
    if let Some(reason) = &outcome.reason {
        let _ = writeln!(out, "no pipeline: {reason}");
    } else {
        out.push('\n');
        out.push_str(&jobs(&outcome.plan, printer));
    }
    if !outcome.plan.left_out.is_empty() {
        out.push_str("\nleft out\n");
        out.push_str(&left_out(&outcome.plan, &pipeline.loaded.sources, printer));
    }
    out
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
    let what = match &reference.kind {
        RefKind::Branch => format!("branch {} ({})", reference.name, reference.class.as_str()),
        RefKind::Tag => format!("tag {}", reference.name),
        RefKind::MergeRequest { target } => {
            format!("merge request of {} into {target}", reference.name)
        }
    };
    let sha: String = facts.commit.sha.chars().take(8).collect();
    format!("{what}, {}, {sha}", facts.source.as_str())
}

/// A row for each job, its name first: what people look for, and what `grep` finds.
fn jobs(plan: &Plan, printer: Printer) -> String {
    let mut table = Table::new(&["job", "stage", "when", "notes"], printer.color_out);
    for job in &plan.jobs {
        let stage = &*job.config.stage;
        table.row(&[job.name(), stage, job.when.as_str(), &notes(job)]);
    }
    table.render(printer.width)
}

fn notes(job: &Job) -> String {
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
    if let Some((_, text)) = &job.start_in {
        notes.push(format!("starts in {text}"));
    }
    if let Some(needs) = &job.needs {
        let names: Vec<&str> = needs.iter().map(|need| &*need.job).collect();
        notes.push(if names.is_empty() {
            "needs nothing".to_owned()
        } else {
            format!("needs {}", names.join(", "))
        });
    }
    if let Some(environment) = &job.environment {
        notes.push(format!("environment {}", environment.name));
    }
    if !job.tags.is_empty() {
        notes.push(format!("tags {}", job.tags.join(", ")));
    }
    notes.join("; ")
}

/// A row for each reason with its place, and the jobs that it concerns.
fn left_out(plan: &Plan, sources: &SourceMap, printer: Printer) -> String {
    let mut table = Table::new(&["reason", "place", "jobs"], printer.color_out);
    let mut rows: Vec<(&str, String, Vec<&str>)> = Vec::new();
    let mut places: HashMap<(&str, Span), usize> = HashMap::new();
    for left_out in &plan.left_out {
        let key = (left_out.reason.as_str(), left_out.span);
        let at = *places.entry(key).or_insert_with(|| {
            let place = sources.locate(left_out.span);
            let place = place.map_or_else(String::new, |(file, position)| {
                format!("{file}:{}", position.line)
            });
            rows.push((&left_out.reason, place, Vec::new()));
            rows.len() - 1
        });
        rows[at].2.push(&left_out.name);
    }
    for (reason, place, jobs) in &rows {
        table.row(&[reason, place, &jobs.join(", ")]);
    }
    table.render(printer.width)
}
