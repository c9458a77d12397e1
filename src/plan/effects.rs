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

/// The errors of a run whose jobs use keywords that it can't honour.
pub fn refusals(plan: &Plan) -> Vec<Diagnostic> {
    let running = plan.jobs.iter().filter(|job| job.held.is_none());
    by_keyword(running, Effect::Refused)
        .into_iter()
        .map(|(keyword, (span, jobs))| {
            Diagnostic::new(
                Code::KeywordUnsupported,
                format!("this pipeline uses `{keyword}`, which `pipe run` can't do yet"),
            )
            .at(span)
            .note(users(&jobs))
            .help(format!("leave such jobs out: `{}`", excluding(&jobs)))
        })
        .collect()
}

/// The run that leaves jobs out. Past a handful, one shows the way.
fn excluding(jobs: &[String]) -> Command {
    let shown = if jobs.len() > 4 { &jobs[..1] } else { jobs };
    let run = Command::new("pipe run");
    shown
        .iter()
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
