//! `pipe lint`: every mistake in one go.

use crate::app::{Failure, Pipeline, Workspace, kind_of_errors};
use crate::diag::{self, Code, Severity};
use crate::report::line::{Line, Tone};
use crate::report::words;

use super::args::{Global, LintArgs, LintFormat};
use super::bring::{self, WhenMissing};
use super::exit::Exit;
use super::list;
use super::printer::Printer;
use super::request;

/// Runs the command.
pub(super) fn lint(global: &Global, args: &LintArgs, printer: &Printer) -> Result<Exit, Failure> {
    let workspace = Workspace::open(&request::workspace(global, Vec::new()))?;
    let request = request::pipeline(&args.event)?;
    let missing = WhenMissing::of(args.fetch, args.format == LintFormat::Full);
    let pipeline = bring::pipeline(&workspace, &request, missing, printer)?;
    printer.hide(pipeline.facts.secrets());
    let found = &pipeline.loaded.diagnostics;
    let sources = &pipeline.loaded.sources;
    match args.format {
        LintFormat::Full => printer.diagnostics(found, sources),
        LintFormat::Concise => printer.concise(found, sources),
        LintFormat::Json => {
            let document = serde_json::json!({
                "version": 1,
                "valid": pipeline.is_valid(),
                "diagnostics": diag::json(found, sources),
            });
            printer.json(document);
        }
    }
    if args.format == LintFormat::Full && !printer.is_quiet() {
        let verdict = verdict(&pipeline, workspace.file());
        printer.words(
            &verdict
                .map(|text| Line::of(Tone::Plain, text))
                .into_iter()
                .collect::<Vec<_>>(),
        );
    }
    Ok(if pipeline.is_valid() {
        Exit::Passed
    } else {
        kind_of_errors(found).into()
    })
}

fn verdict(pipeline: &Pipeline, file: &str) -> Option<String> {
    let count = |severity| {
        pipeline
            .loaded
            .diagnostics
            .iter()
            .filter(|d| d.severity == severity)
            .count()
    };
    let errors = count(Severity::Error);
    if pipeline
        .loaded
        .diagnostics
        .iter()
        .any(|d| d.code == Code::ConfigMissing)
    {
        return None;
    }
    if errors > 0 {
        return Some(format!(
            "{file} is not valid: {}",
            words::count(errors, "mistake")
        ));
    }
    let reason = pipeline
        .outcome
        .as_ref()
        .and_then(|outcome| outcome.reason.as_deref());
    Some(match reason {
        Some(reason) => format!("{file} is valid; no pipeline for this ref: {reason}"),
        None => format!("{file} is valid; {}", list::heading(pipeline)),
    })
}
