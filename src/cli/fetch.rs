//! `pipe fetch`: what a pipeline includes from elsewhere, brought onto this machine.

use crate::app::{Came, Failure, Fetched, Workspace, kind_of_errors};
use crate::fetch::Entry;
use crate::report::line::{Line, Tone};
use crate::report::words;

use super::args::{FetchArgs, Global};
use super::bring;
use super::exit::Exit;
use super::fetch_variables;
use super::printer::Printer;
use super::request;
use super::table::Table;

/// Digits of a digest or a commit that are shown.
const SHORT: usize = 8;

/// Runs the command.
pub(super) fn fetch(global: &Global, args: &FetchArgs, printer: &Printer) -> Result<Exit, Failure> {
    let workspace = Workspace::open(&request::workspace(global, Vec::new()))?;
    if args.list {
        list(&workspace.includes.entries(), printer);
        return Ok(Exit::Passed);
    }
    let request = request::pipeline(&args.event)?;
    if args.variables {
        return fetch_variables::fetch(&workspace, printer);
    }
    let fetched = bring::includes(&workspace, &request, args.update, printer)?;
    let Fetched {
        came,
        failed,
        pipeline,
    } = fetched;
    let sources = &pipeline.loaded.sources;
    printer.lines(&lines(&came));
    printer.diagnostics(&failed, sources);
    if !failed.is_empty() {
        return Ok(Exit::Environment);
    }
    if !pipeline.is_valid() {
        printer.hide(pipeline.facts.secrets());
        printer.diagnostics(&pipeline.loaded.diagnostics, sources);
        return Ok(kind_of_errors(&pipeline.loaded.diagnostics).into());
    }
    if !printer.is_quiet() {
        let text = if came.is_empty() {
            "nothing was missing: all that this pipeline includes is on this machine".to_owned()
        } else {
            let files = words::count(came.len(), "file");
            format!("{files} fetched; all that this pipeline includes is on this machine")
        };
        printer.words(&[Line::of(Tone::Plain, text)]);
    }
    Ok(Exit::Passed)
}

fn lines(came: &[Came]) -> Vec<Line> {
    let lines = came.iter().map(|came| {
        let Came { now, before } = came;
        let commit = now.commit.as_deref().map(short);
        let at = commit
            .map(|commit| format!(" ({commit})"))
            .unwrap_or_default();
        let moved = before.as_ref().map(|before| moved(before, now));
        let moved = moved.map(|moved| format!("; {moved}")).unwrap_or_default();
        let text = format!(
            "{}{at}, from {}{moved}",
            now.what.replace('`', ""),
            now.source
        );
        Line::of(Tone::Plain, text)
    });
    lines.collect()
}

/// How it differs from what was here before.
fn moved(before: &Entry, now: &Entry) -> String {
    match (&before.commit, &now.commit) {
        (Some(old), Some(new)) if old != new && before.digest == now.digest => {
            format!("was at {}, with the same content", short(old))
        }
        (Some(old), Some(new)) if old != new => format!("was at {}", short(old)),
        _ if before.digest != now.digest => "it has changed".to_owned(),
        _ => "unchanged".to_owned(),
    }
}

fn list(entries: &[Entry], printer: &Printer) {
    if entries.is_empty() {
        let text = "nothing was fetched yet; `pipe fetch` brings what this pipeline includes";
        printer.words(&[Line::of(Tone::Plain, text)]);
        return;
    }
    let mut table = Table::new(&["file", "commit", "digest", "fetched", "from"]);
    for entry in entries {
        table.row(&[
            &entry.what.replace('`', ""),
            &entry.commit.as_deref().map(short).unwrap_or_default(),
            &short(&entry.digest),
            &entry.at,
            &entry.source,
        ]);
    }
    printer.lines(&table.lines(printer.width));
}

fn short(id: &str) -> String {
    id.chars().take(SHORT).collect()
}
