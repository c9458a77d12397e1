//! Keywords of a pipeline's jobs that a run does not honour, or has no use for.

use std::collections::BTreeMap;

use crate::config::Effect;
use crate::diag::{Code, Diagnostic};
use crate::foreign::Command;
use crate::source::Span;

use super::model::{Job, Plan};

/// Whether the project whose pipeline a job starts is on this machine.
pub type IsHere<'a> = &'a dyn Fn(&Job) -> bool;

/// The keyword that is refused only where the project is not here.
const OTHER_PROJECT: &str = "trigger:project";

/// What to do then.
const NAME_ITS_CHECKOUT: &str = "to start it here, name a checkout of the project in your settings: `projects = {\"group/project\" = \"~/folder\"}`";

/// One warning for each such keyword, at its first place.
pub(super) fn effects(plan: &Plan, is_here: IsHere<'_>) -> Vec<Diagnostic> {
    let ignored = by_keyword(&plan.jobs, Effect::Inert, is_here)
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
        by_keyword(&plan.jobs, Effect::Refused, is_here)
            .into_iter()
            .map(|(keyword, (span, jobs))| {
                let message = if keyword == OTHER_PROJECT {
                    format!("`{keyword}` names a project that is not on this machine: `pipe run` refuses the job")
                } else {
                    format!("`{keyword}` is checked, but `pipe run` can't do it yet and refuses the job")
                };
                let diagnostic = Diagnostic::new(Code::KeywordNotRun, message);
                let diagnostic = diagnostic.at(span).note(users(&jobs));
                if keyword == OTHER_PROJECT {
                    diagnostic.help(NAME_ITS_CHECKOUT)
                } else {
                    diagnostic
                }
            });
    refused.chain(ignored).collect()
}

/// The error of a run whose jobs use keywords that it can't honour: all of them, and the one
/// command that leaves the jobs out.
pub fn refusals(plan: &Plan, is_here: IsHere<'_>) -> Option<Diagnostic> {
    let running: Vec<&Job> = plan.jobs.iter().filter(|job| job.held.is_none()).collect();
    let found = by_keyword(running.iter().copied(), Effect::Refused, is_here);
    let (first, _) = found.values().next()?;
    let keywords: Vec<String> = found.keys().map(|keyword| format!("`{keyword}`")).collect();
    let keywords = match keywords.split_last() {
        Some((last, others)) if !others.is_empty() => format!("{} and {last}", others.join(", ")),
        _ => keywords.concat(),
    };
    let is_elsewhere = found.keys().all(|keyword| *keyword == OTHER_PROJECT);
    let message = if is_elsewhere {
        format!("this pipeline uses {keywords} with a project that is not on this machine")
    } else {
        format!("this pipeline uses {keywords}, which `pipe run` can't do yet")
    };
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
    if found.contains_key(OTHER_PROJECT) {
        diagnostic = diagnostic.help(NAME_ITS_CHECKOUT);
    }
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
    is_here: IsHere<'_>,
) -> BTreeMap<&'static str, (Span, Vec<String>)> {
    let mut found: BTreeMap<&'static str, (Span, Vec<String>)> = BTreeMap::new();
    for job in jobs {
        let uses = job.config.without_effect.iter();
        let uses = uses.filter(|used| used.keyword != OTHER_PROJECT || !is_here(job));
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
