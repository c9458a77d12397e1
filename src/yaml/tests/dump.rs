//! Values as short text, for tables.

use crate::diag::Diagnostic;
use crate::source::FileId;
use crate::yaml::{Key, Kind, Value, load, parse_document};

/// A value as one line: `{a: "x", 1: [true, nil, 1.0, :sym, !reference ["x"]]}`.
pub(super) fn dump(value: &Value) -> String {
    let list = |items: &[Value]| items.iter().map(dump).collect::<Vec<_>>().join(", ");
    match &value.kind {
        Kind::Null => "nil".to_owned(),
        Kind::Str(text) => format!("{text:?}"),
        Kind::Symbol(text) => format!(":{text}"),
        Kind::Seq(items) => format!("[{}]", list(items)),
        Kind::Reference(inner) => format!("!reference {}", dump(inner)),
        Kind::Map(map) => {
            let entries = map.entries().iter().map(|entry| {
                let key = match &entry.key {
                    Key::Str(text) => text.to_string(),
                    Key::Other(text) => format!("?{text}"),
                };
                format!("{key}: {}", dump(&entry.value))
            });
            format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
        }
        _ => value.scalar_text().expect("a scalar"),
    }
}

/// Findings as `code code`.
pub(super) fn codes(diagnostics: &[Diagnostic]) -> String {
    let codes = diagnostics.iter().map(|d| d.code.as_str());
    codes.collect::<Vec<_>>().join(" ")
}

/// The first document of `text`, then its findings.
pub(super) fn document(text: &str) -> (String, String) {
    let (value, found) = parse_document(FileId(0), text);
    let value = value.map_or_else(|| "-".to_owned(), |value| dump(&value));
    (value, codes(&found))
}

/// Header and content of the file `text`, then its findings.
pub(super) fn file(text: &str) -> (String, String) {
    let (loaded, found) = load(FileId(0), text);
    let shown = loaded.map_or_else(
        || "-".to_owned(),
        |loaded| match loaded.header {
            Some(header) => format!("{} | {}", dump(&header), dump(&loaded.content)),
            None => dump(&loaded.content),
        },
    );
    (shown, codes(&found))
}
