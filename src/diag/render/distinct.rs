//! The same finding is shown once, however many jobs inherit its cause.

use std::collections::HashSet;

use crate::diag::Diagnostic;

/// The diagnostics in order, exact repetitions left out.
pub(super) fn distinct(diagnostics: &[Diagnostic]) -> impl Iterator<Item = &Diagnostic> {
    let mut seen = HashSet::new();
    diagnostics.iter().filter(move |d| seen.insert(*d))
}
