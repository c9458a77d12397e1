//! Findings of which there are many, in one: they must not drown the others. `-v` shows each.

use crate::diag::{Code, Diagnostic};
use crate::report::words;
use crate::source::SourceMap;

/// Keywords that a sentence names before it counts.
const NAMES: usize = 8;

/// The findings as a person wants them at first sight.
pub(super) fn brief(all: &[Diagnostic], sources: &SourceMap) -> Vec<Diagnostic> {
    let of = |code: Code| all.iter().filter(move |one| one.code == code);
    let ignored: Vec<&Diagnostic> = of(Code::KeywordIgnored).collect();
    let missing: Vec<&Diagnostic> = of(Code::IncludeNotFetched).collect();
    let is_first = |all: &[&Diagnostic], one| all.first().is_some_and(|f| std::ptr::eq(*f, one));
    let mut brief = Vec::new();
    for one in all {
        match one.code {
            // `run` says which jobs it can't do, and why.
            Code::KeywordNotRun => {}
            Code::KeywordIgnored if is_first(&ignored, one) => {
                brief.push(ignored_keywords(&ignored));
            }
            Code::IncludeNotFetched if missing.len() > 1 && is_first(&missing, one) => {
                brief.push(missing_files(&missing, sources));
            }
            Code::KeywordIgnored => {}
            Code::IncludeNotFetched if missing.len() > 1 => {}
            _ => brief.push(one.clone()),
        }
    }
    brief
}

fn ignored_keywords(all: &[&Diagnostic]) -> Diagnostic {
    let names: Vec<&str> = all
        .iter()
        .filter_map(|one| one.message.split('`').nth(1))
        .collect();
    let verb = if names.len() == 1 {
        "changes"
    } else {
        "change"
    };
    let names = words::names(&names, NAMES);
    let message = format!("{names} {verb} nothing in a local run; `-v` shows where");
    Diagnostic::new(Code::KeywordIgnored, message)
}

/// One line for each file, with its place.
fn missing_files(all: &[&Diagnostic], sources: &SourceMap) -> Diagnostic {
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
    brief
}
