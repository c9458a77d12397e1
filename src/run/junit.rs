//! `JUnit` reports as GitLab's server reads them (runtime reference 16.4).
//!
//! PURE. A job wrote them and may have made them up: what is kept of one has bounds, and entities
//! stay as they are written.

use std::collections::HashSet;
use std::io::BufRead;

use quick_xml::Reader;
use quick_xml::escape::unescape;
use quick_xml::events::{BytesStart, Event};

use crate::event::TestSummary;

/// Bytes of all files of a report together: what a server takes of one by default.
pub(super) const MAX_SIZE: u64 = 100 << 20;

/// Elements within each other.
const MAX_DEPTH: usize = 200;

/// Names of failed tests that are told, and the characters of each.
const MAX_FAILURES: usize = 20;
const MAX_NAME: usize = 200;

/// What files told of tests so far. A test that is told of twice with the same result counts once.
#[derive(Debug, Default)]
pub(super) struct Junit {
    seen: HashSet<(Outcome, Test)>,
    summary: TestSummary,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Outcome {
    Passed,
    Skipped,
    Errored,
    Failed,
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Test {
    name: String,
    class: String,
}

/// An element that is open.
enum Open {
    /// `testsuites`, `testsuite`.
    Suite,
    /// `testcase`, and how it ended as far as that is known.
    Case(Test, Outcome),
    /// Any other.
    Other,
}

impl Junit {
    /// Takes in one file, or says why it can't be read.
    pub(super) fn read(&mut self, xml: impl BufRead) -> Result<(), String> {
        let mut reader = Reader::from_reader(xml);
        reader.config_mut().expand_empty_elements = true;
        let mut open: Vec<Open> = Vec::new();
        let mut has_root = false;
        let mut buffer = Vec::new();
        loop {
            buffer.clear();
            let event = match reader.read_event_into(&mut buffer) {
                Ok(event) => event,
                Err(error) => return Err(at(&error, reader.error_position())),
            };
            match event {
                Event::Start(element) => {
                    has_root = true;
                    if open.len() == MAX_DEPTH {
                        return Err(format!("more than {MAX_DEPTH} elements lie in each other"));
                    }
                    let begun = begun(open.last_mut(), &element)
                        .map_err(|error| at(&error, reader.buffer_position()))?;
                    open.push(begun);
                }
                Event::End(_) => {
                    if let Some(Open::Case(test, outcome)) = open.pop() {
                        self.add(test, outcome);
                    }
                }
                Event::Eof if !open.is_empty() => return Err("it ends in the middle".to_owned()),
                Event::Eof if !has_root => return Err("there is no element in it".to_owned()),
                Event::Eof => return Ok(()),
                _ => {}
            }
        }
    }

    /// What all files told; `None` where it was of no test.
    pub(super) fn summary(self) -> Option<TestSummary> {
        Some(self.summary).filter(|summary| summary.total > 0)
    }

    fn add(&mut self, test: Test, outcome: Outcome) {
        let name = shown(&test);
        if !self.seen.insert((outcome, test)) {
            return;
        }
        let summary = &mut self.summary;
        summary.total += 1;
        match outcome {
            Outcome::Passed => return,
            Outcome::Skipped => return summary.skipped += 1,
            Outcome::Errored => summary.errors += 1,
            Outcome::Failed => summary.failed += 1,
        }
        if summary.failures.len() < MAX_FAILURES {
            summary.failures.push(name);
        }
    }
}

/// What an element is where it stands. One within a test may say how that ended.
fn begun(within: Option<&mut Open>, element: &BytesStart<'_>) -> Result<Open, quick_xml::Error> {
    let name = element.local_name();
    Ok(match (within, name.as_ref()) {
        (None, "testsuites" | "testsuite") | (Some(Open::Suite), "testsuite") => Open::Suite,
        (Some(Open::Suite), "testcase") => Open::Case(test(element)?, Outcome::Passed),
        (Some(Open::Case(_, outcome)), result) => {
            let says = match result {
                "failure" => Outcome::Failed,
                "error" => Outcome::Errored,
                "skipped" => Outcome::Skipped,
                _ => Outcome::Passed,
            };
            *outcome = says.max(*outcome);
            Open::Other
        }
        _ => Open::Other,
    })
}

fn test(element: &BytesStart<'_>) -> Result<Test, quick_xml::Error> {
    let attribute = |name: &str| -> Result<String, quick_xml::Error> {
        let found = element.try_get_attribute(name)?;
        let value = found.map(|found| match unescape(&found.value) {
            Ok(text) => text.into_owned(),
            // An entity that the file declares itself.
            Err(_) => found.value.into_owned(),
        });
        Ok(value.unwrap_or_default())
    };
    Ok(Test {
        name: attribute("name")?,
        class: attribute("classname")?,
    })
}

/// A test for people: its name, and its class where the name does not begin with that.
fn shown(test: &Test) -> String {
    let Test { name, class } = test;
    let whole = match (name.is_empty(), class.is_empty() || name.starts_with(class)) {
        (true, _) => class.clone(),
        (false, true) => name.clone(),
        (false, false) => format!("{name} ({class})"),
    };
    cut(&whole)
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(MAX_NAME) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

fn at(error: &quick_xml::Error, byte: u64) -> String {
    format!("{} (at byte {byte})", cut(&error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::{Junit, MAX_DEPTH, MAX_FAILURES};
    use crate::event::TestSummary;

    /// `total failed errors skipped: names`, or why it can't be read.
    fn told(files: &[&str]) -> String {
        let mut junit = Junit::default();
        for file in files {
            if let Err(why) = junit.read(file.as_bytes()) {
                return why;
            }
        }
        let Some(summary) = junit.summary() else {
            return "no tests".to_owned();
        };
        let TestSummary {
            total,
            failed,
            errors,
            skipped,
            failures,
        } = summary;
        format!(
            "{total} {failed} {errors} {skipped}: {}",
            failures.join(", ")
        )
    }

    #[test]
    fn tests_and_how_they_ended() {
        for (xml, wanted) in [
            ("<testsuite/>", "no tests"),
            ("<testsuite><testcase name='a'/></testsuite>", "1 0 0 0: "),
            (
                "<?xml version='1.0' encoding='UTF-8'?>\n<testsuites><testsuite><testcase name='a' classname='c'><failure/></testcase><testcase name='b'/></testsuite></testsuites>",
                "2 1 0 0: a (c)",
            ),
            (
                "<testsuite><testsuite><testcase name='c.a' classname='c'><error>x</error></testcase></testsuite><testcase name='s'><skipped/></testcase></testsuite>",
                "2 0 1 1: c.a",
            ),
            // A failure has the last word; what lies deeper is output.
            (
                "<testsuite><testcase name='a'><skipped/><failure/><error/></testcase><testcase name='b'><system-out><failure/></system-out></testcase></testsuite>",
                "2 1 0 0: a",
            ),
            // The same test twice counts once, with another result twice.
            (
                "<testsuite><testcase name='a'/><testcase name='a'/><testcase name='a'><failure/></testcase></testsuite>",
                "2 1 0 0: a",
            ),
            // Only what lies in suites is a test.
            ("<testcase name='a'/>", "no tests"),
            (
                "<report><testsuite><testcase name='a'/></testsuite></report>",
                "no tests",
            ),
            (
                "<testsuite><testcase name='&lt;a&gt; &#x41;'><failure/></testcase></testsuite>",
                "1 1 0 0: <a> A",
            ),
            (
                "<testsuite><testcase classname='c'><failure><![CDATA[ </testsuite> ]]></failure></testcase></testsuite>",
                "1 1 0 0: c",
            ),
            (
                "\u{feff}<testsuite><testcase name='a'/></testsuite>",
                "1 0 0 0: ",
            ),
        ] {
            assert_eq!(told(&[xml]), wanted, "{xml}");
        }
        let one = "<testsuite><testcase name='a'/></testsuite>";
        let other = "<testsuite><testcase name='b'><error/></testcase></testsuite>";
        assert_eq!(told(&[one, other]), "2 0 1 0: b");
    }

    #[test]
    fn what_is_no_report_is_told() {
        for (xml, wanted) in [
            ("", "there is no element in it"),
            ("hello", "there is no element in it"),
            ("<testsuite><testcase name='a'>", "it ends in the middle"),
            ("<testsuite", "not closed"),
            ("<testsuite></testsuites>", "expected `</testsuite>`"),
            ("<testsuite><testcase name=a/></testsuite>", "(at byte "),
        ] {
            let told = told(&[xml]);
            assert!(told.contains(wanted), "{xml}: {told}");
        }
        let mut junit = Junit::default();
        let latin = b"<testsuite><testcase name='\xe4'/></testsuite>";
        assert!(junit.read(&latin[..]).is_err());
    }

    #[test]
    fn hostile_reports_have_bounds() {
        let deep = "<testsuite>".repeat(MAX_DEPTH + 1);
        assert!(told(&[&deep]).contains("lie in each other"));
        let bomb = "<!DOCTYPE x [<!ENTITY a 'aaaaaaaa'><!ENTITY b '&a;&a;&a;'>]><testsuite><testcase name='&b;'><failure>&b;</failure></testcase></testsuite>";
        assert_eq!(told(&[bomb]), "1 1 0 0: &b;");
        let long = "x".repeat(100_000);
        let long = format!("<testsuite><testcase name='{long}'><failure/></testcase></testsuite>");
        assert!(told(&[&long]).len() < 1000);
        let mut many = String::new();
        for n in 0..100 {
            many += &format!("<testcase name='{n}'><failure/></testcase>");
        }
        let mut junit = Junit::default();
        let many = format!("<testsuite>{many}</testsuite>");
        junit.read(many.as_bytes()).expect("it can be read");
        let summary = junit.summary().expect("tests");
        assert_eq!(
            (summary.failed, summary.failures.len()),
            (100, MAX_FAILURES)
        );
    }
}
