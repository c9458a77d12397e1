//! Findings of which there are many, in one: they must not drown the others. `-v` shows each.

use crate::diag::{Code, Diagnostic};
use crate::report::words;
use crate::source::SourceMap;

/// Names that a sentence lists before it counts.
const NAMES: usize = 8;

/// The findings as a person wants them at first sight.
pub(super) fn brief(all: &[Diagnostic], sources: &SourceMap) -> Vec<Diagnostic> {
    let of =
        |code: Code| -> Vec<&Diagnostic> { all.iter().filter(|one| one.code == code).collect() };
    let mut told: Vec<Code> = Vec::new();
    let mut brief = Vec::new();
    for one in all {
        let many = match one.code {
            // `run` says which jobs it can't do, and why.
            Code::KeywordNotRun => continue,
            Code::KeywordIgnored => Some(ignored_keywords(&of(one.code))),
            Code::DuplicatePipelines => run_twice(&of(one.code)),
            Code::IncludeNotFetched => missing_files(&of(one.code), sources),
            // It is about all of them, wherever the first one stands.
            Code::ChangesUnknown => Some(Diagnostic {
                primary: None,
                ..one.clone()
            }),
            _ => None,
        };
        match many {
            None => brief.push(one.clone()),
            Some(_) if told.contains(&one.code) => {}
            Some(many) => {
                told.push(one.code);
                brief.push(many);
            }
        }
    }
    brief
}

/// What each of them is about: the first name of its message.
fn subjects(all: &[&Diagnostic]) -> String {
    let names = all.iter().filter_map(|one| one.message.split('`').nth(1));
    words::names(&names.collect::<Vec<_>>(), NAMES)
}

fn ignored_keywords(all: &[&Diagnostic]) -> Diagnostic {
    let verb = if all.len() == 1 { "changes" } else { "change" };
    let names = subjects(all);
    let message = format!("{names} {verb} nothing in a local run; `-v` shows where");
    Diagnostic::new(Code::KeywordIgnored, message)
}

/// The jobs of which each may run in a branch and in a merge request pipeline.
fn run_twice(all: &[&Diagnostic]) -> Option<Diagnostic> {
    let [first, _, ..] = all else {
        return None;
    };
    let message = format!(
        "{} jobs may run twice for one push, in a branch and in a merge request pipeline: {}; `-v` shows where",
        all.len(),
        subjects(all)
    );
    let help = first.help.clone();
    Some(Diagnostic {
        help,
        ..Diagnostic::new(Code::DuplicatePipelines, message)
    })
}

/// One line for each file, with its place.
fn missing_files(all: &[&Diagnostic], sources: &SourceMap) -> Option<Diagnostic> {
    if all.len() < 2 {
        return None;
    }
    let message = format!("{} included files are not on this machine", all.len());
    let mut brief = Diagnostic::new(Code::IncludeNotFetched, message);
    for one in all {
        let place = one.primary.and_then(|span| sources.locate(span));
        let place = place.map_or_else(String::new, |(file, at)| {
            format!("{file}:{}:{}: ", at.line, at.column)
        });
        brief.notes.push(format!("{place}{}", one.message));
        for help in &one.help {
            if !brief.help.contains(help) {
                brief.help.push(help.clone());
            }
        }
    }
    Some(brief)
}
