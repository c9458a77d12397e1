//! `pipe artifacts`: what jobs kept, as a list or copied out.

use std::path::Path;

use crate::app::{Failure, FailureKind, KeptByJob, PastRuns};
use crate::diag::{Code, Diagnostic};
use crate::foreign::Command;
use crate::record::{Copied, CopyError, KeptKind, copy_out};
use crate::report::line::{Line, Tone};
use crate::report::words;

use super::args::{ArtifactsArgs, Global};
use super::exit::Exit;
use super::printer::Printer;
use super::request;
use super::table::Table;

/// Paths that a message lists before it counts.
const PATHS: usize = 8;

/// Runs the command.
pub(super) fn artifacts(
    global: &Global,
    args: &ArtifactsArgs,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let past = PastRuns::of(&request::workspace(global, Vec::new()))?;
    let (run, kept) = past.kept(args.past_job.as_deref(), args.past_run.as_deref())?;
    if !printer.is_quiet() {
        printer.words(&[Line::of(Tone::Dim, format!("run {}", run.id))]);
    }
    match &args.to {
        None => printer.lines(&list(&kept)?.lines(printer.width)),
        Some(folder) => copy(&kept, folder, args.force, printer)?,
    }
    Ok(Exit::Passed)
}

/// A row for each file and link; folders go without saying.
fn list(kept: &[KeptByJob]) -> Result<Table, Failure> {
    let has_reports = kept.iter().any(|one| one.report.is_some());
    let mut table = Table::new(if has_reports {
        &["job", "size", "report", "path"]
    } else {
        &["job", "size", "path"]
    });
    for one in kept {
        for entry in one.entries()? {
            let size = match entry.kind {
                KeptKind::Folder => continue,
                KeptKind::File => words::size(entry.size),
                KeptKind::Link => "link".to_owned(),
            };
            let (job, path) = (one.job.to_string(), entry.path.display().to_string());
            if has_reports {
                let report = one.report.as_deref().unwrap_or_default();
                table.row(&[&job, &size, report, &path]);
            } else {
                table.row(&[&job, &size, &path]);
            }
        }
    }
    Ok(table)
}

fn copy(kept: &[KeptByJob], folder: &Path, force: bool, printer: &Printer) -> Result<(), Failure> {
    let tars: Vec<&Path> = kept.iter().map(|one| one.tar.as_path()).collect();
    let copied = copy_out(&tars, folder, force).map_err(|error| match error {
        CopyError::InTheWay(paths) => in_the_way(&paths, folder),
        CopyError::Record(error) => {
            let diagnostic = Diagnostic::new(Code::OutputUnwritable, error.to_string());
            Failure::new(FailureKind::Environment, diagnostic)
        }
    })?;
    let Copied { written, left_out } = copied;
    for (path, why) in left_out {
        let text = format!("left out `{}`: {why}", path.display());
        printer.words(&[Line::of(Tone::Warn, text)]);
    }
    if !printer.is_quiet() {
        let files = words::count(written, "file");
        let text = format!("{files} copied to {}", folder.display());
        printer.lines(&[Line::of(Tone::Plain, text)]);
    }
    Ok(())
}

fn in_the_way(paths: &[std::path::PathBuf], folder: &Path) -> Failure {
    let names: Vec<_> = paths
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    let message = format!(
        "{} would take the place of what is in `{}`: nothing was copied",
        words::names(&names, PATHS),
        folder.display()
    );
    let again = Command::default().option("--to", "DIR");
    let diagnostic = Diagnostic::new(Code::InvalidValue, message).help(format!(
        "name an empty folder with `{again}`, or add `--force` to replace it"
    ));
    Failure::new(FailureKind::Usage, diagnostic)
}
