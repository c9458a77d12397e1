//! A configuration as one document that needs no other: files, templates and defaults put in.

use std::sync::Arc;

use crate::yaml::{Entry, Kind, Mapping, Value};

use super::document::Document;
use super::globals::Globals;
use super::jobs::{Class, classify, with_defaults};
use super::keywords::DEFAULT_KEYWORDS;

/// Keys of the top level that have nothing left to do.
const APPLIED: [&str; 2] = ["include", "default"];

/// The document after `include`, `extends`, `!reference` and defaults: stages, variables, the
/// workflow, and each job with all that it inherits. Templates are left out, for no job names them
/// any more. GitLab reads it to the same pipelines (configuration reference 1).
pub fn expanded(document: &Document) -> Mapping {
    let defaults = Globals::read(&document.resolved, &mut Vec::new()).defaults;
    let entries = document.resolved.entries().iter();
    entries
        .filter_map(|entry| match classify(entry) {
            Class::Global => {
                let name = entry.key.text();
                let is_applied = APPLIED.contains(&name) || DEFAULT_KEYWORDS.contains(&name);
                (!is_applied).then(|| entry.clone())
            }
            Class::Job(kind) => {
                let Kind::Map(own) = &entry.value.kind else {
                    return None;
                };
                let mut job = with_defaults(own, kind, &defaults);
                Arc::make_mut(&mut job).remove("extends");
                Some(Entry {
                    value: Value::new(Kind::Map(job), entry.value.span),
                    ..entry.clone()
                })
            }
            Class::Hidden | Class::Unknown => None,
        })
        .collect()
}
