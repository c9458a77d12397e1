//! `pipe artifacts`: what jobs kept, as a list or copied out.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use crate::app::{Failure, FailureKind, KeptByJob, PastRuns};
use crate::diag::{Code, Diagnostic};
use crate::foreign::Command;
use crate::record::{Copied, CopyError, JobPath, KeptKind, copy_out};
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
    if let Some(text) = of_several_jobs(kept)? {
        printer.words(&[Line::of(Tone::Warn, text)]);
    }
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

/// Says which files of several jobs have one place, where that of the last job stays.
fn of_several_jobs(kept: &[KeptByJob]) -> Result<Option<String>, Failure> {
    let mut jobs: HashMap<PathBuf, &JobPath> = HashMap::new();
    let mut shared = BTreeSet::new();
    for one in kept {
        for entry in one.entries()? {
            if entry.kind == KeptKind::Folder {
                continue;
            }
            let name = entry.path.display().to_string();
            let before = jobs.insert(entry.path, &one.job);
            if before.is_some_and(|job| *job != one.job) {
                shared.insert(name);
            }
        }
    }
    if shared.is_empty() {
        return Ok(None);
    }
    let shared: Vec<String> = shared.into_iter().collect();
    let names = words::names(&shared, PATHS);
    let text = if shared.len() == 1 {
        format!("{names} was kept by several jobs: that of the last one is copied")
    } else {
        format!("{names} were kept by several jobs: those of the last one are copied")
    };
    let text = format!("{text}; name a job to have its own");
    Ok(Some(text))
}

fn in_the_way(paths: &[PathBuf], folder: &Path) -> Failure {
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
