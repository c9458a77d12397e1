//! Diagnostics as text: full, concise, JSON.

use crate::source::SourceMap;

use super::Diagnostic;

/// One line each: `file:line:column: error[code]: message`.
pub fn concise(_diagnostics: &[Diagnostic], _sources: &SourceMap) -> String {
    String::new()
}

/// With source lines, in the manner of rustc.
pub fn full(_diagnostics: &[Diagnostic], _sources: &SourceMap, _color: bool) -> String {
    String::new()
}

/// The objects of `diagnostics` in the JSON contracts.
pub fn json(_diagnostics: &[Diagnostic], _sources: &SourceMap) -> Vec<serde_json::Value> {
    Vec::new()
}
