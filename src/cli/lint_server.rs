//! `pipe lint --server`: the server's verdict beside that of `pipe`.

use serde_json::{Value as Json, json};

use crate::app::{Comparison, Failure, Fetch, Pipeline, Workspace};
use crate::report::line::{Line, Tone};
use crate::report::words;

use super::bring::wait;
use super::printer::Printer;
use super::table::Table;

/// Asks the server.
pub(super) fn compare(workspace: &Workspace, pipeline: &Pipeline) -> Result<Comparison, Failure> {
    let fetch = Fetch::new(workspace)?;
    wait(async { fetch.lint(pipeline).await })
}

/// Both side by side, and what differs.
pub(super) fn show(comparison: &Comparison, printer: &Printer) {
    let Comparison {
        server,
        valid,
        valid_here,
        errors,
        warnings,
        errors_here,
        only_here,
        only_there,
    } = comparison;
    let mut table = Table::new(&["", "pipe", server]);
    table.row(&["verdict", verdict(*valid_here), verdict(*valid)]);
    for at in 0..errors.len().max(errors_here.len()) {
        let of = |errors: &[String]| errors.get(at).map(|error| printer.masked(error));
        let (here, there) = (of(errors_here), of(errors));
        let title = if at == 0 { "mistakes" } else { "" };
        let here = here.unwrap_or_else(|| "–".to_owned());
        table.row(&[title, &here, there.as_deref().unwrap_or("–")]);
    }
    for (name, stage) in only_here {
        table.row(&["job", &format!("{name} ({stage})"), "–"]);
    }
    for (name, stage) in only_there {
        table.row(&["job", "–", &format!("{name} ({stage})")]);
    }
    printer.lines(&table.lines(printer.width));
    let warnings = warnings.iter().map(|warning| {
        let text = format!("{server} warns: {}", printer.masked(warning));
        Line::of(Tone::Warn, text)
    });
    printer.lines(&warnings.collect::<Vec<_>>());
    if printer.is_quiet() {
        return;
    }
    let text = if comparison.agrees() {
        let what = if *valid {
            "the same"
        } else {
            "that it is not valid"
        };
        format!("both say {what}")
    } else {
        let jobs = only_here.len() + only_there.len();
        let what = match (valid == valid_here, jobs) {
            (true, jobs) => words::count(jobs, "job"),
            (false, 0) => "the verdict".to_owned(),
            (false, jobs) => format!("the verdict and {}", words::count(jobs, "job")),
        };
        format!("they differ in {what}; of files that are included, the server reads its own")
    };
    printer.words(&[Line::of(Tone::Plain, text)]);
}

/// For programs.
pub(super) fn json(comparison: &Comparison) -> Json {
    let jobs = |jobs: &[(String, String)]| -> Vec<Json> {
        let jobs = jobs.iter();
        jobs.map(|(name, stage)| json!({"name": name, "stage": stage}))
            .collect()
    };
    json!({
        "address": comparison.server,
        "valid": comparison.valid,
        "agrees": comparison.agrees(),
        "errors": comparison.errors,
        "warnings": comparison.warnings,
        "only_here": jobs(&comparison.only_here),
        "only_there": jobs(&comparison.only_there),
    })
}

const fn verdict(valid: bool) -> &'static str {
    if valid { "valid" } else { "not valid" }
}
