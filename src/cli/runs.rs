//! `pipe runs`: past runs of this checkout.

use std::time::Duration;

use serde_json::{Value as Json, json};

use crate::app::{Failure, PastRuns};
use crate::event::JobResult;
use crate::record::PastRun;
use crate::report::line::{Line, Tone};
use crate::report::words;
use crate::types::Status;

use super::args::{Global, ListFormat, RunsArgs};
use super::environments;
use super::exit::Exit;
use super::printer::Printer;
use super::request;
use super::table::Table;

/// Runs the command.
pub(super) fn runs(global: &Global, args: &RunsArgs, printer: &Printer) -> Result<Exit, Failure> {
    let past = PastRuns::of(&request::workspace(global, Vec::new()))?;
    if args.environments {
        environments::list(&past, args.format, printer);
        return Ok(Exit::Passed);
    }
    let runs = past.runs();
    if args.format == ListFormat::Json {
        let runs: Vec<Json> = runs.iter().map(document).collect();
        printer.json(json!({"version": 1, "runs": runs}));
    } else if runs.is_empty() {
        let text = "no run of this checkout is on record";
        printer.lines(&[Line::of(Tone::Plain, text)]);
    } else {
        printer.lines(&table(&runs).lines(printer.width));
    }
    Ok(Exit::Passed)
}

fn table(runs: &[PastRun]) -> Table {
    let now = jiff::Timestamp::now();
    let mut table = Table::new(&["run", "when", "ref", "status", "took", "failed"]);
    for run in runs {
        let began = run
            .began()
            .and_then(|at| now.duration_since(at).try_into().ok());
        let reference = run.started.as_ref().map_or("", |head| &head.ref_name);
        let took = run.took.map(words::duration).unwrap_or_default();
        table.row(&[
            &run.id,
            &began.map(words::age).unwrap_or_default(),
            reference,
            PastRuns::status(run),
            &took,
            &failed(run).join(", "),
        ]);
    }
    table
}

/// Jobs that failed; those that may are told as such.
fn failed(run: &PastRun) -> Vec<String> {
    let failed = failures(run);
    let name = |job: &JobResult| {
        let may = if job.allow_failure { " (may fail)" } else { "" };
        format!("{}{may}", job.name)
    };
    failed.map(name).collect()
}

fn failures(run: &PastRun) -> impl Iterator<Item = &JobResult> {
    let jobs = run.result.iter().flat_map(|result| &result.jobs);
    jobs.filter(|job| job.status == Status::Failed)
}

fn document(run: &PastRun) -> Json {
    let head = run.started.as_ref();
    let names = |allowed: bool| -> Vec<&str> {
        let failed = failures(run).filter(|job| job.allow_failure == allowed);
        failed.map(|job| job.name.as_str()).collect()
    };
    json!({
        "run": run.id,
        "at": head.map(|head| &head.at),
        "ref": head.map(|head| json!({"name": head.ref_name, "kind": head.ref_kind})),
        "sha": head.map(|head| &head.sha),
        "source": head.map(|head| &head.source),
        "status": PastRuns::status(run),
        "exit": run.result.as_ref().map(|result| result.exit),
        "duration": run.took.map(seconds),
        "jobs": run.all_jobs().len(),
        "failed": names(false),
        "allowed_to_fail": names(true),
        "folder": run.folder,
    })
}

/// Seconds with two digits, as events have them.
fn seconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 100.0).round() / 100.0
}
