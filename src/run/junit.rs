//! `JUnit` reports as GitLab's server reads them (runtime reference 16.4).
//!
//! PURE. A job wrote them and may have made them up: what is kept of one has bounds, and entities
//! stay as they are written.

mod markup;

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};
use std::io::BufRead;

use encoding_rs::{Encoding, UTF_8};
use quick_xml::Reader;
use quick_xml::escape::unescape;
use quick_xml::events::{BytesDecl, BytesStart, Event};

use crate::event::TestSummary;
use crate::foreign::system_words;
use crate::mask::Masker;

use markup::Markup;

/// Bytes of all files of a report together: what a server takes of one by default.
pub(super) const MAX_SIZE: u64 = 100 << 20;

/// Elements within each other.
const MAX_DEPTH: usize = 200;

/// Tests of all files of a report together: what GitLab.com takes of one.
const MAX_TESTS: usize = 500_000;

/// Names of failed tests that are told, and the characters of each.
const MAX_FAILURES: usize = 20;
const MAX_NAME: usize = 200;

/// What files told of tests so far. A test that is told of twice with the same result counts once.
#[derive(Debug)]
pub(super) struct Junit {
    /// Whole texts are masked before they are cut: of half a secret nothing would be recognized.
    masker: Masker,
    /// Stands for name, class and outcome; so many names would take a gigabyte. That two of as many
    /// tests as there may be share one is a chance of one in a hundred millions.
    seen: HashSet<u64>,
    hashes: RandomState,
    told: usize,
    summary: TestSummary,
}

/// Why a file can't be read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unreadable {
    /// It is no XML; GitLab's server can't read it either.
    Malformed(String),
    /// GitLab's server may be able to.
    Beyond(String),
}

impl Unreadable {
    /// Says which file it is about.
    pub(super) fn of_file(self, path: &str) -> Self {
        let named = |why| format!("`{path}`: {why}");
        match self {
            Self::Malformed(why) => Self::Malformed(named(why)),
            Self::Beyond(why) => Self::Beyond(named(why)),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Outcome {
    Passed,
    Skipped,
    Errored,
    Failed,
}

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
    /// Nothing so far. The masker knows what is not to be shown.
    pub(super) fn new(masker: Masker) -> Self {
        Self {
            masker,
            seen: HashSet::new(),
            hashes: RandomState::new(),
            told: 0,
            summary: TestSummary::default(),
        }
    }

    /// Takes in one file. One with nothing in it tells nothing.
    pub(super) fn read(&mut self, xml: impl BufRead) -> Result<(), Unreadable> {
        let mut reader = Reader::from_reader(Markup::of(xml));
        reader.config_mut().expand_empty_elements = true;
        let mut open: Vec<Open> = Vec::new();
        let mut has_root = false;
        let mut buffer = Vec::new();
        loop {
            buffer.clear();
            let event = match reader.read_event_into(&mut buffer) {
                Ok(event) => event,
                Err(error) => return Err(self.why(&error, reader.get_ref().position())),
            };
            match event {
                Event::Decl(declaration) => {
                    let encoding = self.declared(&declaration)?;
                    reader.get_mut().set_encoding(encoding);
                }
                Event::Start(element) => {
                    has_root = true;
                    if open.len() == MAX_DEPTH {
                        let text = format!("more than {MAX_DEPTH} elements lie in each other");
                        return Err(Unreadable::Beyond(text));
                    }
                    let begun = begun(open.last_mut(), &element)
                        .map_err(|error| self.why(&error, reader.get_ref().position()))?;
                    open.push(begun);
                }
                Event::End(_) => {
                    if let Some(Open::Case(test, outcome)) = open.pop() {
                        self.add(&test, outcome)?;
                    }
                }
                Event::Eof if !open.is_empty() => {
                    return Err(Unreadable::Malformed("it ends in the middle".to_owned()));
                }
                Event::Eof if !has_root && reader.get_ref().position() > 0 => {
                    let text = "there is no element in it".to_owned();
                    return Err(Unreadable::Beyond(text));
                }
                Event::Eof => return Ok(()),
                _ => {}
            }
        }
    }

    /// What all files told; `None` where it was of no test.
    pub(super) fn summary(self) -> Option<TestSummary> {
        Some(self.summary).filter(|summary| summary.total > 0)
    }

    fn add(&mut self, test: &Test, outcome: Outcome) -> Result<(), Unreadable> {
        self.told += 1;
        if self.told > MAX_TESTS {
            let why = format!("there are more than {MAX_TESTS} tests in it");
            return Err(Unreadable::Beyond(why));
        }
        let Test { name, class } = test;
        if !self
            .seen
            .insert(self.hashes.hash_one((outcome, name, class)))
        {
            return Ok(());
        }
        let summary = &mut self.summary;
        summary.total += 1;
        match outcome {
            Outcome::Passed => return Ok(()),
            Outcome::Skipped => {
                summary.skipped += 1;
                return Ok(());
            }
            Outcome::Errored => summary.errors += 1,
            Outcome::Failed => summary.failed += 1,
        }
        if summary.failures.len() < MAX_FAILURES {
            let name = self.shown(&named(test));
            self.summary.failures.push(name);
        }
        Ok(())
    }

    fn why(&self, error: &quick_xml::Error, byte: u64) -> Unreadable {
        match error {
            quick_xml::Error::Io(error) => Unreadable::Beyond(system_words(error)),
            error => {
                let words = self.shown(&error.to_string());
                Unreadable::Malformed(format!("{words} (before byte {byte})"))
            }
        }
    }

    /// The encoding that a file says it has.
    fn declared(&self, declaration: &BytesDecl<'_>) -> Result<&'static Encoding, Unreadable> {
        let Some(Ok(name)) = declaration.encoding() else {
            return Ok(UTF_8);
        };
        let known = Encoding::for_label(name.as_bytes());
        known.filter(|it| it.is_ascii_compatible()).ok_or_else(|| {
            let text = format!("encoding `{}` is not known here", self.shown(&name));
            Unreadable::Beyond(text)
        })
    }

    fn shown(&self, text: &str) -> String {
        cut(&self.masker.text(text))
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
fn named(test: &Test) -> String {
    let Test { name, class } = test;
    match (name.is_empty(), class.is_empty() || name.starts_with(class)) {
        (true, _) => class.clone(),
        (false, true) => name.clone(),
        (false, false) => format!("{name} ({class})"),
    }
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(MAX_NAME) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Junit, MAX_DEPTH, MAX_FAILURES, MAX_NAME, MAX_TESTS, Unreadable};
    use crate::event::TestSummary;
    use crate::mask::Masker;

    const SECRET: &str = "a-secret-of-24-characters";

    fn junit() -> Junit {
        Junit::new(Masker::new([SECRET]))
    }

    /// `total failed errors skipped: names`, or why it can't be read.
    fn told<F: AsRef<[u8]>>(files: &[F]) -> String {
        let mut junit = junit();
        for file in files {
            match junit.read(file.as_ref()) {
                Ok(()) => {}
                Err(Unreadable::Malformed(why)) => return format!("malformed: {why}"),
                Err(Unreadable::Beyond(why)) => return format!("beyond: {why}"),
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
            (&b""[..], "no tests"),
            (b" \n", "beyond: there is no element in it"),
            (b"hello", "beyond: there is no element in it"),
            (
                b"<testsuite><testcase name='a'>",
                "malformed: it ends in the middle",
            ),
            (b"<testsuite", "malformed: "),
            (b"<testsuite></testsuites>", "expected `</testsuite>`"),
            (
                b"<testsuite><testcase name=a/></testsuite>",
                "(before byte 29)",
            ),
            (
                b"<testsuite><testcase name='\xe4'/></testsuite>",
                "malformed: ",
            ),
            (
                b"\xff\xfe<\0t\0/\0>\0",
                "beyond: there are zero bytes in it",
            ),
            (
                b"<?xml version='1.0' encoding='EBCDIC'?><a/>",
                "beyond: encoding `EBCDIC` is",
            ),
        ] {
            let told = told(&[xml]);
            let shown = String::from_utf8_lossy(xml);
            assert!(told.contains(wanted), "{shown}: {told}");
        }
    }

    #[test]
    fn a_declared_encoding_is_read() {
        for (encoding, wanted) in [
            ("ISO-8859-1", "ä¤"),
            ("iso-8859-15", "ä€"),
            ("Windows-1252", "ä¤"),
            ("koi8-r", "Д╓"),
        ] {
            let mut xml = format!("<?xml version='1.0' encoding='{encoding}'?>").into_bytes();
            xml.extend_from_slice(b"<testsuite name='\xfc'><testcase name='\xe4\xa4'>");
            xml.extend_from_slice(b"<failure>\xfc</failure></testcase></testsuite>");
            assert_eq!(told(&[xml]), format!("1 1 0 0: {wanted}"));
        }
    }

    #[test]
    fn a_secret_is_hidden_before_a_text_is_cut() {
        for before in MAX_NAME - SECRET.len()..=MAX_NAME {
            let name = format!("{}{SECRET}", "x".repeat(before));
            for xml in [
                format!("<testsuite><testcase name='{name}'><failure/></testcase></testsuite>"),
                format!("<testsuite></{name}>"),
                format!("<?xml version='1.0' encoding='{name}'?>"),
            ] {
                let told = told(&[&xml]);
                assert!(told.contains("xxx") && !told.contains("a-s"), "{told}");
            }
        }
    }

    #[test]
    fn hostile_reports_have_bounds() {
        let deep = "<testsuite>".repeat(MAX_DEPTH + 1);
        assert!(told(&[&deep]).contains("beyond: more than 200 elements lie in each other"));
        let bomb = "<!DOCTYPE x [<!ENTITY a 'aaaaaaaa'><!ENTITY b '&a;&a;&a;'>]><testsuite><testcase name='&b;'><failure>&b;</failure></testcase></testsuite>";
        assert_eq!(told(&[bomb]), "1 1 0 0: &b;");
        let long = "x".repeat(100_000);
        let long = format!("<testsuite><testcase name='{long}'><failure/></testcase></testsuite>");
        assert!(told(&[&long]).len() < 1000);
        let many = |count| {
            let one = |n| format!("<testcase name='{n}'><failure/></testcase>");
            let cases: String = (0..count).map(one).collect();
            format!("<testsuite>{cases}</testsuite>")
        };
        let mut junit = junit();
        junit.read(many(100).as_bytes()).expect("it can be read");
        let summary = junit.summary().expect("tests");
        assert_eq!(
            (summary.failed, summary.failures.len()),
            (100, MAX_FAILURES)
        );
        let same = "<testcase name='a'/>".repeat(MAX_TESTS / 2);
        let same = format!("<testsuite>{same}</testsuite>");
        let more = "<testsuite><testcase name='b'/></testsuite>";
        let told = told(&[&same, &same, more]);
        assert_eq!(told, "beyond: there are more than 500000 tests in it");
    }
}
