//! A mistake in a template shows where it was written; this adds which job brought it in, and how.

use std::sync::Arc;

use crate::diag::{Diagnostic, Label};
use crate::source::Span;
use crate::yaml::{Entry, Mapping, Value};

/// Adds a second place to each finding about the job `entry` that lies outside of its text.
pub(super) fn say_who_uses(document: &Mapping, entry: &Entry, found: &mut [Diagnostic]) {
    for diagnostic in found {
        let Some(place) = diagnostic.primary.filter(|place| !lies_in(*place, entry)) else {
            continue;
        };
        let (span, how) = way(document, entry, place).unwrap_or((entry.key_span, ""));
        diagnostic.labels.push(Label {
            span,
            text: format!("used by job `{}`{how}", entry.key.text()),
        });
    }
}

fn lies_in(place: Span, entry: &Entry) -> bool {
    let (from, to) = (entry.key_span, entry.value.span);
    place.file == from.file && from.start <= place.start && place.end <= to.end.max(from.end)
}

/// The part of `extends` that leads to the place.
fn way(document: &Mapping, entry: &Entry, place: Span) -> Option<(Span, &'static str)> {
    let extends = bases(entry).find(|name| reaches(document, name, place, &mut Vec::new()))?;
    Some((extends.span, " through `extends`"))
}

fn reaches(document: &Mapping, name: &Value, place: Span, seen: &mut Vec<Arc<str>>) -> bool {
    let Some(name) = name.as_str() else {
        return false;
    };
    let Some(base) = document
        .get(name)
        .filter(|_| seen.iter().all(|other| **other != *name))
    else {
        return false;
    };
    seen.push(name.into());
    lies_in(place, base) || bases(base).any(|name| reaches(document, name, place, seen))
}

/// The names in `extends`.
fn bases(entry: &Entry) -> impl Iterator<Item = &Value> {
    let extends = entry
        .value
        .as_map()
        .and_then(|mapping| mapping.get("extends"));
    extends
        .into_iter()
        .flat_map(|extends| match extends.value.as_seq() {
            Some(names) => names,
            None => std::slice::from_ref(&extends.value),
        })
}
