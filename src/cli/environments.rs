//! `pipe runs --environments`: where jobs of past runs deployed to.

use serde_json::{Value as Json, json};

use crate::app::PastRuns;
use crate::record::{Deployment, PastEnvironment};
use crate::report::line::{Line, Tone};
use crate::report::words;

use super::args::ListFormat;
use super::printer::Printer;
use super::table::Table;

/// Digits of a commit that people read.
const SHORT_SHA: usize = 8;

/// Lists the environments of the checkout.
pub(super) fn list(past: &PastRuns, format: ListFormat, printer: &Printer) {
    let environments = past.environments();
    if format == ListFormat::Json {
        let environments: Vec<Json> = environments.iter().map(document).collect();
        printer.json(json!({"version": 1, "environments": environments}));
    } else if environments.is_empty() {
        let text = "no job on record deployed to an environment";
        printer.lines(&[Line::of(Tone::Plain, text)]);
    } else {
        printer.lines(&table(&environments).lines(printer.width));
    }
}

fn table(environments: &[PastEnvironment]) -> Table {
    let mut table = Table::new(&[
        "environment",
        "state",
        "deployed",
        "ref",
        "commit",
        "job",
        "run",
        "url",
    ]);
    for environment in environments {
        let cells = environment.deployment.as_ref().map(cells);
        let [deployed, reference, sha, job, run, url] = cells.unwrap_or_default();
        table.row(&[
            &environment.name,
            state(environment),
            &deployed,
            &reference,
            &sha,
            &job,
            &run,
            &url,
        ]);
    }
    table
}

/// When, ref, commit, job, run and address.
fn cells(last: &Deployment) -> [String; 6] {
    let now = jiff::Timestamp::now();
    let age = last
        .at
        .and_then(|at| now.duration_since(at).try_into().ok());
    [
        age.map(words::age).unwrap_or_default(),
        last.ref_name.clone(),
        last.sha.chars().take(SHORT_SHA).collect(),
        last.job.join(" › "),
        last.run.clone(),
        last.url.clone().unwrap_or_default(),
    ]
}

/// GitLab's word.
fn state(environment: &PastEnvironment) -> &'static str {
    if environment.stopped {
        "stopped"
    } else {
        "available"
    }
}

fn document(environment: &PastEnvironment) -> Json {
    let last = environment.deployment.as_ref().map(|last| {
        json!({
            "run": last.run,
            "at": last.at.map(|at| at.to_string()),
            "ref": last.ref_name,
            "sha": last.sha,
            "job": last.job.last(),
            "pipeline": last.job.split_last().map(|(_, triggers)| triggers),
            "url": last.url,
            "on_stop": last.on_stop,
        })
    });
    json!({
        "name": environment.name,
        "state": state(environment),
        "deployment": last,
    })
}
