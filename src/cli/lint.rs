//! `pipe lint`: every mistake in one go.

use crate::app::{self, Comparison, Failure, LintOptions, Linted, Workspace, kind_of_errors};
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
    let options = LintOptions {
        undefined_variables: args.undefined_variables,
    };
    let linted = app::lint(&workspace, pipeline, options);
    let server = (args.server)
        .then(|| lint_server::compare(&workspace, &linted.pipeline))
        .transpose()?;
    show(&linted, server.as_ref(), args, workspace.file(), printer);
    let denied = args.deny_warnings && linted.has(Severity::Warning);
    let refused = server.is_some_and(|server| !server.valid);
    Ok(if linted.has(Severity::Error) {
        kind_of_errors(&linted.diagnostics).into()
    } else if denied || refused {
        Exit::Invalid
    } else {
        Exit::Passed
    })
}

fn show(
    linted: &Linted,
    server: Option<&Comparison>,
    args: &LintArgs,
    file: &str,
    printer: &Printer,
) {
    let (found, sources) = (&linted.diagnostics, &linted.sources);
    match args.format {
        LintFormat::Full => {
            printer.diagnostics(found, sources);
            let verdict = verdict(linted, file, args.deny_warnings);
            if let Some(verdict) = verdict.filter(|_| !printer.is_quiet()) {
                printer.words(&[Line::of(Tone::Plain, verdict)]);
            }
        }
        LintFormat::Concise => printer.concise(found, sources),
        LintFormat::Json => {
            let mut document = serde_json::json!({
                "version": 1,
                "valid": !linted.has(Severity::Error),
                "diagnostics": diag::json(found, sources),
            });
            if let Some(server) = server {
                document["server"] = lint_server::json(server);
            }
            printer.json(document);
        }
        LintFormat::Junit => {
            let fails = |severity: Severity| {
                severity == Severity::Error || (args.deny_warnings && severity == Severity::Warning)
            };
            let xml = diag::junit(found, sources, file, &fails);
            printer.exact(&printer.masked(&xml));
        }
        LintFormat::Codequality => {
            printer.json(diag::code_quality(found, sources, file).into());
        }
        LintFormat::Sarif => printer.json(diag::sarif(found, sources)),
    }
    // The others are for programs, and have no place for it.
    if let Some(server) = server
        && matches!(args.format, LintFormat::Full | LintFormat::Concise)
    {
        lint_server::show(server, printer);
    }
}

fn verdict(linted: &Linted, file: &str, deny_warnings: bool) -> Option<String> {
    let found = &linted.diagnostics;
    let count = |severity| found.iter().filter(|d| d.severity == severity).count();
    let errors = count(Severity::Error);
    if found.iter().any(|d| d.code == Code::ConfigMissing) {
        return None;
    }
    if errors > 0 {
        return Some(format!(
            "{file} is not valid: {}",
            words::count(errors, "mistake")
        ));
    }
    let warnings = count(Severity::Warning);
    if deny_warnings && warnings > 0 {
        let warnings = words::count(warnings, "warning");
        return Some(format!("{file} is valid, but has {warnings}"));
    }
    let outcome = linted.pipeline.outcome.as_ref();
    let reason = outcome.and_then(|outcome| outcome.reason.as_ref());
    Some(match reason {
        Some(reason) => format!("{file} is valid; no pipeline for this ref: {reason}"),
        None => format!("{file} is valid; {}", list::heading(&linted.pipeline)),
    })
}
