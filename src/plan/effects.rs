//! Keywords of a pipeline's jobs that a run does not honour, or has no use for.

use std::collections::BTreeMap;

use crate::config::Effect;
use crate::diag::{Code, Diagnostic};
use crate::foreign::Command;
use crate::source::Span;

use super::model::{Job, Plan};

/// One warning for each such keyword, at its first place.
pub(super) fn effects(plan: &Plan) -> Vec<Diagnostic> {
    let ignored =
        by_keyword(&plan.jobs, Effect::Inert)
            .into_iter()
            .map(|(keyword, (span, jobs))| {
                Diagnostic::new(
                    Code::KeywordIgnored,
                    format!("`{keyword}` changes nothing in a local run"),
                )
                .at(span)
                .note(users(&jobs))
            });
    let refused =
        by_keyword(&plan.jobs, Effect::Refused)
            .into_iter()
            .map(|(keyword, (span, jobs))| {
                Diagnostic::new(
                    Code::KeywordNotRun,
                    format!(
                        "`{keyword}` is checked, but `pipe run` can't do it yet and refuses the job"
                    ),
                )
                .at(span)
                .note(users(&jobs))
            });
    refused.chain(ignored).collect()
}

/// The error of a run whose jobs use keywords that it can't honour: all of them, and the one
/// command that leaves the jobs out.
pub fn refusals(plan: &Plan) -> Option<Diagnostic> {
    let running: Vec<&Job> = plan.jobs.iter().filter(|job| job.held.is_none()).collect();
    let found = by_keyword(running.iter().copied(), Effect::Refused);
    let (first, _) = found.values().next()?;
    let keywords: Vec<String> = found.keys().map(|keyword| format!("`{keyword}`")).collect();
    let keywords = match keywords.split_last() {
        Some((last, others)) if !others.is_empty() => format!("{} and {last}", others.join(", ")),
        _ => keywords.concat(),
    };
    let message = format!("this pipeline uses {keywords}, which `pipe run` can't do yet");
    let mut diagnostic = Diagnostic::new(Code::KeywordUnsupported, message).at(*first);
    for (keyword, (span, jobs)) in &found {
        let text = format!("`{keyword}`, {}", users(jobs));
        if span == first {
            diagnostic = diagnostic.label(text);
        } else {
            diagnostic = diagnostic.with(*span, text);
        }
    }
    let jobs = running.into_iter().filter(|job| {
        let uses = |(_, jobs): &(Span, Vec<String>)| jobs.iter().any(|name| name == job.name());
        found.values().any(uses)
    });
    Some(diagnostic.help(format!("leave such jobs out: `{}`", excluding(jobs))))
}

/// The run that leaves jobs out, instances by the name of their job.
fn excluding<'p>(jobs: impl Iterator<Item = &'p Job>) -> Command {
    let mut names: Vec<&str> = Vec::new();
    for job in jobs {
        if !names.contains(&&*job.config.base_name) {
            names.push(&job.config.base_name);
        }
    }
    let run = Command::new("pipe run");
    names
        .into_iter()
        .fold(run, |run, job| run.option("--exclude", job))
}

fn by_keyword<'p>(
    jobs: impl IntoIterator<Item = &'p Job>,
    effect: Effect,
) -> BTreeMap<&'static str, (Span, Vec<String>)> {
    let mut found: BTreeMap<&'static str, (Span, Vec<String>)> = BTreeMap::new();
    for job in jobs {
        let uses = job.config.without_effect.iter();
        for used in uses.filter(|used| used.effect == effect) {
            let (_, jobs) = found.entry(used.keyword).or_insert((used.span, Vec::new()));
            jobs.push(job.name().to_owned());
        }
    }
    found
}

fn users(jobs: &[String]) -> String {
    match jobs {
        [job] => format!("used by job `{job}`"),
        [job, rest @ ..] => format!("used by job `{job}` and {} more", rest.len()),
        [] => String::new(),
    }
}
