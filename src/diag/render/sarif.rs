//! SARIF 2.1.0, which editors and code scanners read.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::diag::{Code, Diagnostic, Severity};
use crate::source::{SourceMap, Span};

use super::distinct::distinct;

/// The log of one run.
pub fn sarif(diagnostics: &[Diagnostic], sources: &SourceMap) -> Value {
    let codes: BTreeSet<Code> = diagnostics.iter().map(|one| one.code).collect();
    let rules: Vec<Value> = codes.iter().map(|code| rule(*code)).collect();
    let results: Vec<Value> = distinct(diagnostics)
        .map(|one| result(one, sources))
        .collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "pipe",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            }},
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

fn rule(code: Code) -> Value {
    let text = code.explanation();
    json!({
        "id": code.as_str(),
        "shortDescription": {"text": code.summary()},
        "fullDescription": {"text": text.map_or("", |text| text.meaning)},
        "help": {"text": text.map_or("", |text| text.remedy)},
        "defaultConfiguration": {"level": level(code.severity())},
    })
}

fn result(one: &Diagnostic, sources: &SourceMap) -> Value {
    let mut text = vec![one.message.clone()];
    text.extend(one.notes.iter().chain(&one.help).cloned());
    let place = one.primary.and_then(|span| location(span, sources));
    let related = one.labels.iter().filter_map(|label| {
        let mut location = location(label.span, sources)?;
        location["message"] = json!({"text": label.text});
        Some(location)
    });
    json!({
        "ruleId": one.code.as_str(),
        "level": level(one.severity),
        "message": {"text": text.join("\n")},
        "locations": place.into_iter().collect::<Vec<_>>(),
        "relatedLocations": related.collect::<Vec<_>>(),
    })
}

const fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

fn location(span: Span, sources: &SourceMap) -> Option<Value> {
    let file = sources.get(span.file)?;
    let (start, end) = (file.position(span.start), file.position(span.end));
    Some(json!({"physicalLocation": {
        "artifactLocation": {"uri": uri(&file.name)},
        "region": {
            "startLine": start.line,
            "startColumn": start.column,
            "endLine": end.line,
            "endColumn": end.column,
        },
    }}))
}

/// A path as a relative reference: what has a meaning in a URI is escaped.
fn uri(path: &str) -> String {
    let mut out = String::new();
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"/._-~!$&'()*+,;=@".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}
