//! The XML of `JUnit`, which GitLab and others show as tests: a suite for each file, a test for each
//! finding.

use std::fmt::Write as _;

use crate::diag::{Diagnostic, Severity};
use crate::foreign::xml_text;
use crate::source::SourceMap;

use super::concise::concise;
use super::distinct::distinct;

/// A finding fails its test where `fails` says so; where there is none at all, the one test of
/// `main` passes.
pub fn junit(
    diagnostics: &[Diagnostic],
    sources: &SourceMap,
    main: &str,
    fails: &dyn Fn(Severity) -> bool,
) -> String {
    let mut suites: Vec<(&str, Vec<&Diagnostic>)> = vec![(main, Vec::new())];
    for one in distinct(diagnostics) {
        let place = one.primary.and_then(|span| sources.locate(span));
        let file = place.map_or(main, |(file, _)| file);
        match suites.iter_mut().find(|(name, _)| *name == file) {
            Some((_, found)) => found.push(one),
            None => suites.push((file, vec![one])),
        }
    }
    let failures = |found: &[&Diagnostic]| found.iter().filter(|one| fails(one.severity)).count();
    let total: usize = suites.iter().map(|(_, found)| found.len().max(1)).sum();
    let failed: usize = suites.iter().map(|(_, found)| failures(found)).sum();
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ = writeln!(
        xml,
        "<testsuites name=\"pipe lint\" tests=\"{total}\" failures=\"{failed}\" errors=\"0\">"
    );
    for (file, found) in &suites {
        let name = xml_text(file);
        let _ = writeln!(
            xml,
            "  <testsuite name=\"{name}\" tests=\"{}\" failures=\"{}\" errors=\"0\">",
            found.len().max(1),
            failures(found)
        );
        if found.is_empty() {
            let _ = writeln!(
                xml,
                "    <testcase name=\"is valid\" classname=\"{name}\"/>"
            );
        }
        for one in found {
            case(&mut xml, one, sources, &name, fails(one.severity));
        }
        xml.push_str("  </testsuite>\n");
    }
    xml.push_str("</testsuites>\n");
    xml
}

fn case(xml: &mut String, one: &Diagnostic, sources: &SourceMap, file: &str, failed: bool) {
    let line = one.primary.and_then(|span| sources.locate(span));
    let line = line.map_or_else(String::new, |(_, at)| format!(" line=\"{}\"", at.line));
    let message = xml_text(&one.message);
    let mut text = concise(std::slice::from_ref(one), sources);
    for more in one.notes.iter().chain(&one.help) {
        let _ = writeln!(text, "{more}");
    }
    let text = xml_text(text.trim_end());
    let code = one.code;
    let _ = writeln!(
        xml,
        "    <testcase name=\"{code}: {message}\" classname=\"{file}\" file=\"{file}\"{line}>"
    );
    let _ = if failed {
        writeln!(
            xml,
            "      <failure type=\"{code}\" message=\"{message}\">{text}</failure>"
        )
    } else {
        writeln!(xml, "      <system-out>{text}</system-out>")
    };
    xml.push_str("    </testcase>\n");
}
