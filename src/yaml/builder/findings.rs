//! What was found in a document, within reason.

use crate::diag::Diagnostic;

/// Findings kept per document. Nobody reads more, and a hostile file could make millions.
const MAX_FINDINGS: usize = 500;

/// A list of diagnostics that stops growing.
#[derive(Debug, Default)]
pub(super) struct Findings {
    kept: Vec<Diagnostic>,
    dropped: usize,
}

impl Findings {
    /// Adds a finding; it is only made when there is room for it.
    pub(super) fn add(&mut self, make: impl FnOnce() -> Diagnostic) {
        if self.kept.len() < MAX_FINDINGS {
            self.kept.push(make());
        } else {
            self.dropped += 1;
        }
    }

    /// Keeps the finding that came with a value, and returns the value.
    pub(super) fn keep<T>(&mut self, (value, finding): (T, Option<Diagnostic>)) -> T {
        if let Some(finding) = finding {
            self.add(|| finding);
        }
        value
    }

    /// The findings in the order they were made; the last one says how many are not shown.
    pub(super) fn into_diagnostics(mut self) -> Vec<Diagnostic> {
        if self.dropped > 0
            && let Some(last) = self.kept.pop()
        {
            let note = format!("{} more findings in this file are not shown", self.dropped);
            self.kept.push(last.note(note));
        }
        self.kept
    }
}
