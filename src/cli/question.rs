//! The one question of `run`: whether jobs that act outside this machine may run (design chapter 3,
//! *Held jobs*).

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
    // What was typed before the question is no answer to it.
    let _ = tcflush(io::stdin(), QueueSelector::IFlush);
    printer.words(&lines(held));
    let them = if held.len() == 1 { "it" } else { "them" };
    printer.prompt(&format!("Run {them} now? [y/N] "));
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

fn lines(held: &[(&str, &str)]) -> Vec<Line> {
    let line = |(at, (name, why)): (usize, &(&str, &str))| {
        let start = if at == 0 {
            Line::of(Tone::Warn, "held").put(Tone::Plain, ": ")
        } else {
            Line::of(Tone::Plain, "      ")
        };
        start.put(Tone::Plain, format!("`{name}` {why}"))
    };
    held.iter().enumerate().map(line).collect()
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
    fn each_job_says_what_it_does() {
        let held = [("ship", "deploys to staging"), ("tell", "makes a release")];
        let text: Vec<_> = lines(&held).iter().map(Line::text).collect();
        assert_eq!(
            text,
            [
                "held: `ship` deploys to staging",
                "      `tell` makes a release"
            ]
        );
    }
}
