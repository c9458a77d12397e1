//! The questions of `run` before anything begins: whether jobs that act outside this machine may run
//! (design chapter 3, *Held jobs*), and whether manual jobs that block are played.

use std::fmt::Display;
use std::io::{self, BufRead, IsTerminal};

use rustix::termios::{QueueSelector, tcflush};

use crate::report::line::{Line, Tone};

use super::printer::Printer;

/// Whether a person is there to be asked.
pub(super) fn can_be_asked() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Shows what each job would do, and asks once for all of them. Only `y` and `yes` say so.
pub(super) fn may_run(held: &[(&str, &str)], printer: &Printer) -> bool {
    may("Run", &lines("held", held), printer)
}

/// The same of manual jobs for which all that comes after them waits, with what each does outside.
pub(super) fn may_play(blocking: &[(&str, Option<String>)], printer: &Printer) -> bool {
    may("Play", &of_manual(blocking), printer)
}

fn of_manual(blocking: &[(&str, Option<String>)]) -> Vec<Line> {
    const WAITS: &str = "waits to be played, and what comes after it waits too";
    let why = |outside: &Option<String>| match outside {
        Some(outside) => format!("{outside}: it {WAITS}"),
        None => WAITS.to_owned(),
    };
    let jobs: Vec<_> = blocking.iter().map(|(name, it)| (*name, why(it))).collect();
    lines("manual", &jobs)
}

fn may(what: &str, jobs: &[Line], printer: &Printer) -> bool {
    // What was typed before the question is no answer to it.
    let _ = tcflush(io::stdin(), QueueSelector::IFlush);
    printer.words(jobs);
    let them = if jobs.len() == 1 { "it" } else { "them" };
    printer.prompt(&format!("{what} {them} now? [y/N] "));
    let mut answer = String::new();
    match io::stdin().lock().read_line(&mut answer) {
        Ok(read) if read > 0 => is_yes(&answer),
        _ => {
            // The end of input leaves the cursor behind the question.
            printer.prompt("\n");
            false
        }
    }
}

/// A line for each job, the first after a word for all of them.
fn lines<W: Display>(word: &'static str, jobs: &[(&str, W)]) -> Vec<Line> {
    let line = |(at, (name, why)): (usize, &(&str, W))| {
        let start = if at == 0 {
            Line::of(Tone::Warn, word).put(Tone::Plain, ": ")
        } else {
            Line::of(Tone::Plain, " ".repeat(word.len() + 2))
        };
        start.put(Tone::Plain, format!("`{name}` {why}"))
    };
    jobs.iter().enumerate().map(line).collect()
}

fn is_yes(answer: &str) -> bool {
    let answer = answer.trim();
    ["y", "yes"]
        .iter()
        .any(|yes| answer.eq_ignore_ascii_case(yes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_yes_is_yes() {
        for (answer, expected) in [
            ("y\n", true),
            ("Y\n", true),
            (" yes \r\n", true),
            ("\n", false),
            ("n\n", false),
            ("yesterday\n", false),
            ("yy", false),
        ] {
            assert_eq!(is_yes(answer), expected, "{answer:?}");
        }
    }

    #[test]
    fn a_manual_job_says_what_it_does_outside() {
        let jobs = [
            ("check", None),
            ("ship", Some("deploys to production".to_owned())),
        ];
        let text: Vec<_> = of_manual(&jobs).iter().map(Line::text).collect();
        assert_eq!(
            text,
            [
                "manual: `check` waits to be played, and what comes after it waits too",
                "        `ship` deploys to production: it waits to be played, and what comes after it \
                 waits too"
            ]
        );
    }

    #[test]
    fn each_job_says_what_it_does() {
        let held = [("ship", "deploys to staging"), ("tell", "makes a release")];
        let text: Vec<_> = lines("held", &held).iter().map(Line::text).collect();
        assert_eq!(
            text,
            [
                "held: `ship` deploys to staging",
                "      `tell` makes a release"
            ]
        );
    }
}
