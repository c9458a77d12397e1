//! GitLab's report of code quality: what a merge request shows beside its changes.

use std::collections::HashMap;

use serde_json::{Value, json};

use crate::diag::{Diagnostic, Severity};
use crate::source::SourceMap;
use crate::types::Digest;

use super::distinct::distinct;

/// One object for each finding. One without a place is put down to the first line of `main`. The
/// fingerprint does not depend on lines, so that a finding that has moved stays the same.
pub fn code_quality(diagnostics: &[Diagnostic], sources: &SourceMap, main: &str) -> Vec<Value> {
    let mut seen: HashMap<String, usize> = HashMap::new();
    let findings = distinct(diagnostics).map(|one| {
        let place = one.primary.and_then(|span| sources.locate(span));
        let (path, line) = place.map_or((main, 1), |(file, at)| (file, at.line));
        let mut digest = Digest::default();
        digest.add(one.code.as_str());
        digest.add(path);
        digest.add(&one.message);
        let same = seen.entry(digest.clone().finish()).or_insert(0);
        digest.add(same.to_string());
        *same += 1;
        json!({
            "description": one.message,
            "check_name": one.code.as_str(),
            "fingerprint": digest.finish(),
            "severity": match one.severity {
                Severity::Error => "major",
                Severity::Warning => "minor",
                Severity::Note => "info",
            },
            "location": {"path": path, "lines": {"begin": line}},
        })
    });
    findings.collect()
}
