//! The end of a job's log, and the command that was under way.

use std::collections::VecDeque;

use crate::report::{sections, text};

/// Bytes kept of one line: more than any screen shows of it.
const LINE_LIMIT: usize = 1000;

/// How the runner's own line about a failure begins (runtime reference 3.2).
const LAST_WORD: &str = "ERROR: Job failed";

/// The last lines of a log, in bounded memory, as the job wrote them but without markers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tail {
    lines: VecDeque<String>,
    limit: usize,
    command: Option<String>,
    /// Lines since the command was echoed.
    since: usize,
    /// The last part ended inside a line.
    open: bool,
}

/// The end of a log as a failure shows it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Excerpt {
    /// The command that was under way, where its echo is not among the lines.
    pub command: Option<String>,
    /// Lines between that command and the first one shown.
    pub omitted: usize,
    /// The last lines, oldest first, with the job's own colours.
    pub lines: Vec<String>,
}

impl Tail {
    /// Keeps `limit` lines.
    pub fn new(limit: usize) -> Self {
        Self {
            lines: VecDeque::with_capacity(limit.min(64)),
            limit,
            command: None,
            since: 0,
            open: false,
        }
    }

    /// Takes a line, or a part of one when `partial`: only the first part of a long line is kept.
    pub fn push(&mut self, line: &str, partial: bool) {
        let continued = std::mem::replace(&mut self.open, partial);
        if continued {
            return;
        }
        let Some(line) = sections::strip(line) else {
            return;
        };
        let line = text::head(text::settled(&line), LINE_LIMIT);
        // The runner's last word; every report says the same in its own place.
        if line.contains(LAST_WORD) && text::plain(line).starts_with(LAST_WORD) {
            return;
        }
        match text::echoed_command(line) {
            Some(command) => {
                self.command = Some(command);
                self.since = 0;
            }
            None => self.since += 1,
        }
        self.keep(line);
    }

    /// Adds a line in the place of the oldest one.
    fn keep(&mut self, line: &str) {
        if self.limit == 0 {
            return;
        }
        let mut slot = if self.lines.len() < self.limit {
            String::new()
        } else {
            self.lines.pop_front().unwrap_or_default()
        };
        slot.clear();
        slot.push_str(line);
        self.lines.push_back(slot);
    }

    /// Whether nothing was written.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// The command echoed last.
    pub fn command(&self) -> Option<&str> {
        self.command.as_deref()
    }

    /// The last line that shows anything, on one line without colour.
    pub fn last_line(&self) -> String {
        self.lines
            .iter()
            .rev()
            .map(|line| text::single_line(line).trim().to_owned())
            .find(|line| !line.is_empty())
            .unwrap_or_default()
    }

    /// The end of the log for a failure.
    pub fn excerpt(&self) -> Excerpt {
        let mut lines: Vec<String> = self.lines.iter().cloned().collect();
        let blank = |line: &String| text::plain(line).trim().is_empty();
        while lines.last().is_some_and(blank) {
            lines.pop();
        }
        let hidden = self.since >= self.lines.len();
        Excerpt {
            command: self.command.clone().filter(|_| hidden),
            omitted: if hidden && self.command.is_some() {
                self.since - self.lines.len()
            } else {
                0
            },
            lines,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tail(limit: usize, lines: &[&str]) -> Tail {
        let mut tail = Tail::new(limit);
        for line in lines {
            tail.push(line, false);
        }
        tail
    }

    const ECHO: &str = "\x1b[32;1m$ make\x1b[0;m";

    #[test]
    fn the_failing_command_is_the_last_one_echoed() {
        let excerpt = tail(3, &["a", ECHO, "b"]).excerpt();
        assert_eq!(excerpt.command, None, "it stands among the lines");
        assert_eq!(excerpt.lines, ["a", ECHO, "b"]);

        let excerpt = tail(3, &[ECHO, "1", "2", "3", "4", "5"]).excerpt();
        assert_eq!(excerpt.command.as_deref(), Some("make"));
        assert_eq!((excerpt.omitted, excerpt.lines.len()), (2, 3));

        let excerpt = tail(3, &[ECHO, "1", "2", "3"]).excerpt();
        assert_eq!(
            (excerpt.omitted, excerpt.command.as_deref()),
            (0, Some("make"))
        );

        assert_eq!(
            tail(3, &["1", "2", "3", "4"]).excerpt().omitted,
            0,
            "no command known"
        );
        assert_eq!(tail(0, &[ECHO, "1"]).excerpt().lines.len(), 0);
    }

    #[test]
    fn noise_is_left_out() {
        let lines = [
            "section_start:1:step_script\r\x1b[0K",
            "10%\r90%\r100%",
            "\x1b[31;1mERROR: Job failed: exit code 1\x1b[0;m",
            "",
        ];
        assert_eq!(tail(5, &lines).excerpt().lines, ["100%"]);
    }

    #[test]
    fn only_the_start_of_an_endless_line_is_kept() {
        let mut tail = Tail::new(5);
        tail.push(&"x".repeat(70_000), true);
        tail.push("more", true);
        tail.push("end", false);
        tail.push("next", false);
        let lines = tail.excerpt().lines;
        assert_eq!(
            (lines[0].len(), lines[1].as_str(), lines.len()),
            (LINE_LIMIT, "next", 2)
        );
    }

    #[test]
    fn the_last_line_shows_something() {
        assert_eq!(
            tail(5, &["\x1b[31m a\tb\x1b[0m", "", "  "]).last_line(),
            "a b"
        );
        assert_eq!(tail(5, &[]).last_line(), "");
    }
}
