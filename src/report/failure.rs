//! A failed job in a few lines: what ran, how it ended, the end of its log.
//!
//! PURE.

use crate::event::TestSummary;

use super::line::{Line, Tone};
use super::model::JobView;
use super::{look, text, words};

/// Indentation of what belongs to a job.
const INDENT: usize = 4;
/// Names of failed tests that a failure shows.
const TESTS: usize = 10;
/// Lines of the log that a failure shows at once, while others run.
const BRIEF: usize = 3;

/// One line: `✗ unit failed: exit code 1, after 4.1s`.
pub fn headline(job: &JobView) -> Line {
    let look = look::of(&job.state);
    let mut line = Line::of(look.tone, look.symbol)
        .gap(1)
        .put(Tone::Strong, &job.label)
        .gap(1)
        .put(look.tone, look.word);
    let reason = look::reason(job, std::time::Duration::ZERO);
    if !reason.is_empty() {
        line = line.put(Tone::Plain, format!(": {reason}"));
    }
    if let Some(took) = job.duration {
        line = line.put(Tone::Dim, format!(", after {}", words::duration(took)));
    }
    if job.attempt > 1 {
        line = line.put(Tone::Dim, format!(", attempt {}", job.attempt));
    }
    line
}

/// The headline, the failing command and the last lines: enough to know whether to wait for the
/// rest of the run.
pub fn brief(job: &JobView) -> Vec<Line> {
    let excerpt = job.excerpt();
    let last = excerpt.lines.len().saturating_sub(BRIEF);
    let last = &excerpt.lines[last..];
    let shown = last.iter().any(|line| text::echoed_command(line).is_some());
    let command = job.log.command().filter(|_| !shown);
    let mut lines = vec![headline(job)];
    lines.extend(command.map(command_line));
    lines.extend(last.iter().map(|line| log_line(line)));
    lines
}

/// The headline, the failing command, the end of the log, and where the rest is.
pub fn full(job: &JobView) -> Vec<Line> {
    let excerpt = job.excerpt();
    let mut lines = vec![headline(job)];
    lines.extend(excerpt.command.as_deref().map(command_line));
    if excerpt.omitted > 0 {
        let omitted = format!("… {}", words::count(excerpt.omitted, "line"));
        lines.push(Line::new().gap(INDENT).put(Tone::Dim, omitted));
    }
    lines.extend(excerpt.lines.iter().map(|line| log_line(line)));
    lines.extend(job.tests.iter().flat_map(tests));
    lines.extend(whole_log(job));
    lines
}

/// How many tests there were, and which of them failed.
fn tests(summary: &TestSummary) -> Vec<Line> {
    let counts = Line::new()
        .gap(INDENT)
        .put(Tone::Plain, words::tests(summary));
    let names = summary.failures.iter().take(TESTS);
    let names = names.map(|name| {
        let name = text::single_line(name);
        Line::new().gap(2 * INDENT).put(Tone::Plain, name)
    });
    let more = summary.bad().saturating_sub(names.len());
    let more = (more > 0).then(|| {
        let more = format!("… and {more} more");
        Line::new().gap(2 * INDENT).put(Tone::Dim, more)
    });
    std::iter::once(counts).chain(names).chain(more).collect()
}

fn whole_log(job: &JobView) -> Option<Line> {
    // Of a job that said nothing there is no file.
    let said_nothing = job.log.is_empty() && job.late_log.is_empty();
    let place = job.log_place.as_deref().filter(|_| !said_nothing)?;
    let hint = format!("whole log: {place}");
    Some(Line::new().gap(INDENT).put(Tone::Dim, hint))
}

fn log_line(line: &str) -> Line {
    match text::echoed_command(line) {
        Some(command) => command_line(&command),
        None => Line::new()
            .gap(INDENT)
            .put(Tone::Plain, text::single_line(&line.replace('\t', "    "))),
    }
}

fn command_line(command: &str) -> Line {
    Line::new()
        .gap(INDENT)
        .put(Tone::Strong, format!("$ {}", text::single_line(command)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::testing::Story;

    fn texts(lines: &[Line]) -> String {
        let texts: Vec<_> = lines.iter().map(Line::text).collect();
        texts.join("\n")
    }

    fn failing() -> Story {
        Story::new()
            .run(&[("test", "unit")])
            .start("unit")
            .log("unit", "\x1b[32;1m$ make test\x1b[0;m")
    }

    #[test]
    fn a_short_failure_shows_its_command_in_place() {
        let view = failing()
            .log("unit", "\x1b[31m1 of 2\ttests failed\x1b[0m")
            .at(4150)
            .fail("unit", 1)
            .view();
        insta::assert_snapshot!(texts(&full(&view.jobs[0])), @r"
        ✗ unit failed: exit code 1, after 4.1s
            $ make test
            1 of 2    tests failed
            whole log: logs/unit.1
        ");
        insta::assert_snapshot!(texts(&brief(&view.jobs[0])), @r"
        ✗ unit failed: exit code 1, after 4.1s
            $ make test
            1 of 2    tests failed
        ");
    }

    #[test]
    fn what_the_headline_says_is_not_said_again() {
        let view = failing()
            .log("unit", "ERROR: exit code 1")
            .fail("unit", 1)
            .view();
        let shown = texts(&brief(&view.jobs[0]));
        assert_eq!(shown.matches("exit code 1").count(), 1, "{shown}");
    }

    #[test]
    fn failed_tests_are_named() {
        let tests = |failures: &[&str]| {
            let story = failing().log("unit", "2 tests failed");
            let view = story.tests("unit", 40, failures).fail("unit", 1).view();
            texts(&full(&view.jobs[0]))
        };
        insta::assert_snapshot!(tests(&["adds", "\x1b[2Jdivides"]), @r"
        ✗ unit failed: exit code 1, after 0.0s
            $ make test
            2 tests failed
            tests: 40, 2 failed
                adds
                divides
            whole log: logs/unit.1
        ");
        let many = ["t"; 13];
        assert!(tests(&many).contains("        … and 3 more\n"));
    }

    #[test]
    fn a_long_failure_shows_its_command_above_what_is_left_out() {
        let story = (1..=15).fold(failing(), |story, n| {
            story.log("unit", &format!("line {n}"))
        });
        let view = story.at(61_000).fail("unit", 2).view();
        insta::assert_snapshot!(texts(&full(&view.jobs[0])), @r"
        ✗ unit failed: exit code 2, after 1m 01s
            $ make test
            … 5 lines
            line 6
            line 7
            line 8
            line 9
            line 10
            line 11
            line 12
            line 13
            line 14
            line 15
            whole log: logs/unit.1
        ");
    }

    #[test]
    fn a_log_that_breaks_off_is_not_offered_as_whole() {
        let view = Story::new()
            .run(&[("test", "before"), ("test", "at"), ("test", "under way")])
            .start("before")
            .log("before", "a line")
            .start("at")
            .log("at", "a line")
            .start("under way")
            .log("under way", "a line")
            .fail("before", 1)
            .fail("at", 1)
            .record_failed("no space left")
            .fail("under way", 1)
            .start("after")
            .fail("after", 1)
            .view();
        let offered = |job: &JobView| texts(&full(job)).contains("whole log");
        let whole: Vec<_> = view.jobs.iter().filter(|job| offered(job)).collect();
        assert_eq!(whole.len(), 1);
        assert_eq!(whole[0].name, "before");
    }

    #[test]
    fn a_job_without_log_has_no_empty_lines_and_no_file() {
        let view = Story::new()
            .run(&[("test", "rspec 1/2")])
            .start("rspec 1/2")
            .warn("rspec 1/2", 3)
            .view();
        insta::assert_snapshot!(
            texts(&full(&view.jobs[0])),
            @"! rspec 1/2 warned: exit code 3, allowed to fail, after 0.0s"
        );
    }
}
