//! A mistake in a template shows where it was written; this adds which job brought it in, and how.

use crate::diag::{Diagnostic, Label};
use crate::source::Span;
use crate::yaml::Entry;

use super::document::Document;
use super::trail::Step;

/// Adds a second place to each finding about the job `entry` that lies outside of its text.
pub(super) fn say_who_uses(document: &Document, entry: &Entry, found: &mut [Diagnostic]) {
    for diagnostic in found {
        let Some(place) = diagnostic.primary.filter(|place| !lies_in(*place, entry)) else {
            continue;
        };
        let way = document.trail.way(&document.merged, &entry.key, place);
        let first = way.into_iter().next();
        let (span, how) = match first {
            Some(Step::Extends { span, .. }) => (span, " through `extends`"),
            Some(Step::Reference(span)) => (span, " through `!reference`"),
            Some(Step::Merge(span)) => (span, " through an alias"),
            Some(Step::Include(span)) => (span, ""),
            None => (entry.key_span, ""),
        };
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
