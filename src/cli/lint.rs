//! `pipe lint`: every mistake in one go.

use crate::diag::{self, Code, Severity};
use crate::report::words;

use super::args::{Global, LintArgs, LintFormat};
use super::checkout::Checkout;
use super::exit::{Exit, Failure, of_errors};
use super::list;
use super::pipeline::Pipeline;
use super::printer::Printer;

/// Runs the command.
pub(super) fn lint(global: &Global, args: &LintArgs, printer: Printer) -> Result<Exit, Failure> {
    let checkout = Checkout::open(global, &[])?;
    let pipeline = Pipeline::make(&checkout, &args.event)?;
    let found = &pipeline.loaded.diagnostics;
    let sources = &pipeline.loaded.sources;
    match args.format {
        LintFormat::Full => printer.diagnostics(found, sources),
        LintFormat::Concise => printer.out(&diag::concise(found, sources)),
        LintFormat::Json => {
            let document = serde_json::json!({
                "version": 1,
                "valid": pipeline.is_valid(),
                "diagnostics": diag::json(found, sources),
            });
            printer.out(&format!("{document}\n"));
        }
    }
    if args.format == LintFormat::Full && !printer.quiet {
        printer.err(&verdict(&pipeline, checkout.file()));
    }
    Ok(if pipeline.is_valid() {
        Exit::Passed
    } else {
        of_errors(found)
    })
}

fn verdict(pipeline: &Pipeline, file: &str) -> String {
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
        return String::new();
    }
    if errors > 0 {
        return format!("{file} is not valid: {}\n", words::count(errors, "mistake"));
    }
    let reason = pipeline
        .outcome
        .as_ref()
        .and_then(|outcome| outcome.reason.as_deref());
    match reason {
        Some(reason) => format!("{file} is valid; no pipeline for this ref: {reason}\n"),
        None => format!("{file} is valid; {}\n", list::heading(pipeline)),
    }
}
