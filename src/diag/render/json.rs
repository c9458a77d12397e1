//! The objects of `diagnostics` in the JSON contracts.

use serde_json::{Value, json};

use crate::diag::Diagnostic;
use crate::source::{SourceMap, Span};

use super::distinct::distinct;

/// One object per diagnostic: `code`, `severity`, `message`, `file`, `line`, `column`, `label`,
/// `labels` (each `text`, `file`, `line`, `column`), `notes`, `help`. What is not known is null.
pub fn json(diagnostics: &[Diagnostic], sources: &SourceMap) -> Vec<Value> {
    distinct(diagnostics).map(|d| object(d, sources)).collect()
}

fn object(diagnostic: &Diagnostic, sources: &SourceMap) -> Value {
    let (file, line, column) = place(diagnostic.primary, sources);
    let labels = diagnostic.labels.iter().map(|label| {
        let (file, line, column) = place(Some(label.span), sources);
        json!({"text": label.text, "file": file, "line": line, "column": column})
    });
    json!({
        "code": diagnostic.code.as_str(),
        "severity": diagnostic.severity.as_str(),
        "message": diagnostic.message,
        "file": file,
        "line": line,
        "column": column,
        "label": diagnostic.primary_label,
        "labels": labels.collect::<Vec<_>>(),
        "notes": diagnostic.notes,
        "help": diagnostic.help,
    })
}

fn place(span: Option<Span>, sources: &SourceMap) -> (Value, Value, Value) {
    match span.and_then(|span| sources.locate(span)) {
        Some((file, at)) => (file.into(), at.line.into(), at.column.into()),
        None => (Value::Null, Value::Null, Value::Null),
    }
}
