//! The verdict in words, and what it leaves open.

use crate::event::{HeldJob, RunResult};
use crate::report::line::{Line, Tone};
use crate::report::look;
use crate::report::model::View;
use crate::report::words;
use crate::types::Status;

/// Names that a sentence lists before it counts.
const NAMES: usize = 3;

/// `5 jobs: 1 failed, 3 success, 1 skipped; 12.3s`.
pub(super) fn totals(view: &View) -> Line {
    let counts: Vec<String> = view
        .counts()
        .words()
        .map(|(number, word)| format!("{number} {word}"))
        .collect();
    let jobs = words::count(view.jobs.len(), "job");
    let time = words::duration(view.elapsed);
    Line::of(Tone::Plain, format!("{jobs}: {}", counts.join(", ")))
        .put(Tone::Dim, format!("; {time}"))
}

/// What was left out: held jobs with the way to release them, and what ran without them.
pub(super) fn remarks(view: &View, result: &RunResult) -> Vec<Line> {
    let mut lines: Vec<Line> = result
        .held
        .iter()
        .flat_map(|held| held_lines(view, held))
        .collect();
    if !result.complete && result.held.is_empty() {
        let text = if view.record_failed {
            "not complete: the record of this run breaks off"
        } else {
            "not complete: GitLab would do more, as the notes at the beginning say"
        };
        lines.push(Line::of(Tone::Warn, text));
    }
    if !lines.is_empty() {
        lines.push(Line::new());
    }
    lines
}

fn held_lines(view: &View, held: &HeldJob) -> Vec<Line> {
    let first = Line::of(Tone::Warn, "held")
        .put(Tone::Plain, format!(": `{}` {}", held.name, held.why))
        .put(
            Tone::Dim,
            format!("; {}", look::release_command(&held.release)),
        );
    let Some(job) = view.job(&[], &held.name) else {
        return vec![first];
    };
    let without: Vec<&str> = view
        .jobs
        .iter()
        .filter(|other| other.pipeline() == job.pipeline())
        .filter(|other| other.stage > job.stage && other.attempt > 0)
        .map(|other| other.label.as_str())
        .collect();
    let after = (!without.is_empty()).then(|| {
        let names = words::names(&without, NAMES);
        Line::new().gap(6).put(
            Tone::Dim,
            format!("{names} ran after it, without what it would have done"),
        )
    });
    std::iter::once(first).chain(after).collect()
}

/// The verdict, and what the exit code means where it says more.
pub(super) fn lines(view: &View, result: &RunResult) -> Vec<Line> {
    let (tone, word, cause) = verdict(view, result);
    let mut verdict = Line::of(tone, format!("pipeline {word}"));
    if result.status == Status::Success && !result.complete {
        verdict = verdict.put(Tone::Warn, ", not complete");
    }
    if !cause.is_empty() {
        verdict = verdict.put(Tone::Plain, format!(": {cause}"));
    }
    let waits = blocking(result);
    let mut lines = vec![verdict];
    if result.status == Status::Manual && result.exit != 7 && !waits.is_empty() {
        let names = words::names(&waits, NAMES);
        let text = format!("GitLab would show it as blocked: manual {names} waits");
        lines.push(Line::of(Tone::Dim, text));
    }
    lines.extend(exit_meaning(result, &waits).map(|text| Line::of(Tone::Dim, text)));
    lines
}

fn verdict(view: &View, result: &RunResult) -> (Tone, &'static str, String) {
    let jobs = words::count(result.jobs.len(), "job");
    let failed = |allowed: bool| {
        let all = result
            .jobs
            .iter()
            .filter(|job| job.status == Status::Failed);
        all.filter(move |job| job.allow_failure == allowed)
            .map(|job| job.name.as_str())
            .collect::<Vec<_>>()
    };
    let bad = failed(false);
    if !bad.is_empty() && result.status != Status::Canceled {
        return (
            Tone::Bad,
            "failed",
            format!("{} of {jobs} failed", bad.len()),
        );
    }
    match result.status {
        Status::Success => {
            let warned = failed(true);
            if warned.is_empty() {
                (Tone::Good, "passed", held_in_words(result))
            } else {
                let names = words::names(&warned, NAMES);
                let cause = format!("{names} failed, which is allowed");
                (Tone::Warn, "passed with warnings", cause)
            }
        }
        Status::Failed => (Tone::Bad, "failed", String::new()),
        Status::Canceled => {
            let cause = view.cancel.clone().unwrap_or_default();
            (Tone::Warn, "canceled", cause)
        }
        Status::Manual => {
            let names = words::names(&blocking(result), NAMES);
            let cause = format!("it waits for manual {names}");
            (Tone::Warn, "blocked", cause)
        }
        Status::Skipped => (Tone::Warn, "skipped", "no job ran".to_owned()),
        other => (Tone::Plain, other.as_str(), String::new()),
    }
}

/// What a pipeline that passed did not do.
fn held_in_words(result: &RunResult) -> String {
    let names: Vec<&str> = result.held.iter().map(|held| held.name.as_str()).collect();
    match names.len() {
        0 => String::new(),
        1 => format!("{} was held", words::names(&names, NAMES)),
        _ => format!("{} were held", words::names(&names, NAMES)),
    }
}

/// Manual jobs that the pipeline waits for.
fn blocking(result: &RunResult) -> Vec<&str> {
    let waits = |name: &str| !result.held.iter().any(|held| held.name == name);
    result
        .jobs
        .iter()
        .filter(|job| job.status == Status::Manual && !job.allow_failure && waits(&job.name))
        .map(|job| job.name.as_str())
        .collect()
}

/// What an exit code means that the verdict alone does not tell (design chapter 2).
fn exit_meaning(result: &RunResult, waits: &[&str]) -> Option<String> {
    match (result.exit, waits.first()) {
        (7, Some(name)) => Some(format!(
            "exit code 7; play it: {}",
            look::play_command(name)
        )),
        (0 | 1, _) => None,
        // The verdict has said so: `canceled: interrupted`.
        (129.., _) => None,
        (code, _) => Some(format!("exit code {code}")),
    }
}
