//! Every doubt about a configuration.

use crate::diag::{Code, Diagnostic};

use super::super::findings::collapse;
use super::super::load::Loaded;
use super::rules::doubtful_rules;
use super::scalars::retyped_scalars;

/// Warnings beside those that reading brought: includes that no file can match, scalars that change
/// their type, rules that never decide, jobs that no pipeline can have.
pub fn doubts(loaded: &Loaded) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    found.extend(loaded.rooted.iter().map(|(path, span)| {
        let message = format!("no file matches `{path}`: a path with wildcards has no leading `/`");
        let plain = path.trim_start_matches('/');
        Diagnostic::new(Code::IncludeUnmatched, message)
            .at(*span)
            .help(format!("write `{plain}`"))
    }));
    if let Some(document) = &loaded.document {
        found.extend(retyped_scalars(&document.merged, &loaded.sources));
    }
    if let Some(config) = &loaded.config {
        found.extend(doubtful_rules(config));
    }
    collapse(found)
}
