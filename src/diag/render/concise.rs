//! One line per diagnostic, for grep and editors.

use std::fmt::Write as _;

use crate::diag::Diagnostic;
use crate::foreign::visible;
use crate::source::SourceMap;

use super::distinct::distinct;

/// One line each: `file:line:column: error[code]: message`, without the place where there is
/// none. Notes and help are left to the other forms.
pub fn concise(diagnostics: &[Diagnostic], sources: &SourceMap) -> String {
    let mut lines = String::new();
    for diagnostic in distinct(diagnostics) {
        if let Some((file, at)) = diagnostic.primary.and_then(|span| sources.locate(span)) {
            let file = visible(file);
            write!(lines, "{file}:{}:{}: ", at.line, at.column).expect("a string takes all text");
        }
        let (severity, code) = (diagnostic.severity.as_str(), diagnostic.code);
        let message = visible(&diagnostic.message);
        writeln!(lines, "{severity}[{code}]: {message}").expect("a string takes all text");
    }
    lines
}
