//! `pipe lint`: every mistake in one go.

use crate::app::{Failure, Pipeline, Workspace, kind_of_errors};
use crate::diag::{self, Code, Severity};
use crate::report::line::{Line, Tone};
use crate::report::words;

use super::args::{Global, LintArgs, LintFormat};
use super::bring::{self, WhenMissing};
use super::exit::Exit;
use super::printer::Printer;
use super::request;
use super::{lint_server, list};

/// Runs the command.
pub(super) fn lint(global: &Global, args: &LintArgs, printer: &Printer) -> Result<Exit, Failure> {
    let workspace = Workspace::open(&request::workspace(global, Vec::new()))?;
    let request = request::pipeline(&args.event)?;
    let missing = WhenMissing::of(args.fetch, args.format == LintFormat::Full);
    let pipeline = bring::pipeline(&workspace, &request, missing, printer)?;
    printer.hide(pipeline.facts.secrets());
    let found = &pipeline.loaded.diagnostics;
    let sources = &pipeline.loaded.sources;
    let server = args
        .server
        .then(|| lint_server::compare(&workspace, &pipeline));
    let server = server.transpose()?;
    match args.format {
        LintFormat::Full => printer.diagnostics(found, sources),
        LintFormat::Concise => printer.concise(found, sources),
        LintFormat::Json => {
            let mut document = serde_json::json!({
                "version": 1,
                "valid": pipeline.is_valid(),
                "diagnostics": diag::json(found, sources),
            });
            if let Some(server) = &server {
                document["server"] = lint_server::json(server);
            }
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
    if let Some(server) = &server
        && args.format != LintFormat::Json
    {
        lint_server::show(server, printer);
    }
    Ok(if !pipeline.is_valid() {
        kind_of_errors(found).into()
    } else if server.is_some_and(|server| !server.valid) {
        Exit::Invalid
    } else {
        Exit::Passed
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
