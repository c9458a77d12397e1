//! `pipe list --refs`: which kind of ref has which job.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use serde_json::{Map, Value as Json, json};

use crate::app::{KindOfRef, Pipeline};
use crate::config::JobConfig;
use crate::diag::Severity;
use crate::plan::{Job, Plan};
use crate::report::line::{Line, Tone};

use super::formats::JobsFormat;
use super::grid;
use super::printer::Printer;
use super::table::Table;

/// A job of the configuration, and what each kind of ref makes of it.
struct Row<'a> {
    name: &'a str,
    stage: &'a str,
    cells: Vec<Cell>,
}

/// How a job starts in one pipeline.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Cell {
    /// `when`; none where the pipeline does not have it.
    when: Option<&'static str>,
    /// Instances of it that are there, of how many.
    instances: (usize, usize),
}

impl Cell {
    fn of(there: Option<&Vec<&Job>>, total: usize) -> Self {
        let there = there.map_or(&[][..], Vec::as_slice);
        Self {
            when: there.first().map(|job| job.when.as_str()),
            instances: (there.len(), total),
        }
    }

    /// For people: the usual way to start needs no word of its own.
    fn shown(&self) -> String {
        let when = match self.when {
            None => return "-".to_owned(),
            Some("on_success") => "yes",
            Some(when) => when,
        };
        match self.instances {
            (there, total) if there < total => format!("{when} ({there} of {total})"),
            _ => when.to_owned(),
        }
    }
}

/// Prints the table.
pub(super) fn print(
    pipeline: &Pipeline,
    kinds: &[KindOfRef],
    format: JobsFormat,
    printer: &Printer,
) {
    let rows = rows(pipeline, kinds);
    match format {
        JobsFormat::Table => printer.lines(&lines(&rows, kinds, printer)),
        JobsFormat::Json => printer.json(document(&rows, kinds)),
        JobsFormat::Markdown => {
            let text = grid::markdown(&headings(kinds), &cells(&rows));
            printer.exact(&printer.masked(&text));
        }
        JobsFormat::Csv => {
            let text = grid::csv(&headings(kinds), &cells(&rows));
            printer.exact(&printer.masked(&text));
        }
    }
}

/// The plan of a kind, where a pipeline is made.
fn plan(kind: &KindOfRef) -> Option<&Plan> {
    let outcome = kind.outcome.as_ref()?;
    let made = outcome.reason.is_none() && outcome.diagnostics.is_empty();
    made.then_some(&outcome.plan)
}

/// A row for each job in the order of the stages, instances of a parallel one together. Where the
/// includes differ from ref to ref, other pipelines may have jobs that this one does not know.
fn rows<'a>(pipeline: &'a Pipeline, kinds: &'a [KindOfRef]) -> Vec<Row<'a>> {
    let config = pipeline.loaded.config.iter();
    let own = config.flat_map(|config| {
        let stages = config.stages.iter();
        stages.flat_map(|stage| config.jobs.iter().filter(move |job| job.stage == *stage))
    });
    let others = kinds.iter().filter_map(plan);
    let others = others.flat_map(|plan| plan.jobs.iter().map(|job| &job.config));
    let all: Vec<_> = own.chain(others).collect();
    let mut names: HashMap<&str, HashSet<&str>> = HashMap::new();
    let mut firsts = Vec::new();
    for job in all {
        let instances = names.entry(&*job.base_name).or_insert_with(|| {
            firsts.push(job);
            HashSet::new()
        });
        instances.insert(&*job.name);
    }
    let there: Vec<_> = kinds.iter().map(|kind| by_base(plan(kind))).collect();
    let row = |job: &'a Arc<JobConfig>| {
        let base = &*job.base_name;
        let total = names.get(base).map_or(1, HashSet::len);
        let cells = there.iter().map(|jobs| Cell::of(jobs.get(base), total));
        Row {
            name: base,
            stage: &job.stage,
            cells: cells.collect(),
        }
    };
    firsts.into_iter().map(row).collect()
}

/// The jobs of a plan by their names before `parallel`.
fn by_base(plan: Option<&Plan>) -> HashMap<&str, Vec<&Job>> {
    let mut jobs: HashMap<&str, Vec<&Job>> = HashMap::new();
    for job in plan.into_iter().flat_map(|plan| &plan.jobs) {
        jobs.entry(&*job.config.base_name).or_default().push(job);
    }
    jobs
}

fn headings(kinds: &[KindOfRef]) -> Vec<String> {
    let kinds = kinds.iter().map(|kind| kind.name);
    ["job", "stage"]
        .into_iter()
        .chain(kinds)
        .map(str::to_owned)
        .collect()
}

fn cells(rows: &[Row<'_>]) -> Vec<Vec<String>> {
    let row = |row: &Row<'_>| {
        let named = [row.name.to_owned(), row.stage.to_owned()];
        named
            .into_iter()
            .chain(row.cells.iter().map(Cell::shown))
            .collect()
    };
    rows.iter().map(row).collect()
}

fn lines(rows: &[Row<'_>], kinds: &[KindOfRef], printer: &Printer) -> Vec<Line> {
    let headings = headings(kinds);
    let mut table = Table::new(&headings.iter().map(String::as_str).collect::<Vec<_>>());
    for row in cells(rows) {
        let row: Vec<String> = row.iter().map(|cell| printer.masked(cell)).collect();
        table.row(&row.iter().map(String::as_str).collect::<Vec<_>>());
    }
    let mut lines = table.lines(printer.width);
    lines.push(Line::new());
    let mut legend = Table::new(&["kind", "is", "options"]);
    for kind in kinds {
        let about = match without(kind) {
            Some(why) => format!("{}: {why}", kind.representative),
            None => kind.representative.clone(),
        };
        legend.row(&[
            kind.name,
            &printer.masked(&about),
            &kind.options.to_string(),
        ]);
    }
    lines.extend(legend.lines(printer.width));
    if rows.is_empty() {
        lines.push(Line::of(Tone::Plain, "there is no job"));
    }
    lines
}

/// Why a kind has no pipeline.
fn without(kind: &KindOfRef) -> Option<String> {
    let Some(outcome) = &kind.outcome else {
        return Some("its configuration is not valid".to_owned());
    };
    let mut mistakes = outcome.diagnostics.iter();
    let mistake = mistakes.find(|one| one.severity == Severity::Error);
    match (&outcome.reason, mistake) {
        (Some(reason), _) => Some(format!("no pipeline: {reason}")),
        (None, Some(mistake)) => Some(format!("refused: {}", mistake.message)),
        (None, None) => None,
    }
}

fn document(rows: &[Row<'_>], kinds: &[KindOfRef]) -> Json {
    let kinds_json = kinds.iter().map(|kind| {
        json!({
            "kind": kind.name,
            "representative": kind.representative,
            "options": kind.options.to_string(),
            "created": plan(kind).is_some(),
            "reason": without(kind),
        })
    });
    let row = |row: &Row<'_>| {
        let cells = kinds.iter().zip(&row.cells);
        let cells: Map<String, Json> = cells
            .map(|(kind, cell)| {
                let value = json!({"when": cell.when, "instances": cell.instances.0});
                (kind.name.to_owned(), value)
            })
            .collect();
        json!({"name": row.name, "stage": row.stage, "refs": cells})
    };
    json!({
        "version": 1,
        "refs": kinds_json.collect::<Vec<_>>(),
        "jobs": rows.iter().map(row).collect::<Vec<_>>(),
    })
}
