//! What a run is about: ref, event, commit, and which files the jobs see.
//!
//! PURE.

use super::line::{Line, Tone};
use super::model::RunHead;
use super::words;

/// One line, and a second one where the jobs see files that GitLab will not see.
pub fn lines(head: &RunHead) -> Vec<Line> {
    let kind = head.ref_kind.replace('_', " ");
    let facts = [
        &kind,
        &head.source,
        head.short_sha(),
        &format!("run {}", head.run),
    ];
    let first = Line::of(Tone::Strong, &head.ref_name)
        .gap(2)
        .put(Tone::Dim, facts.join(" · "));
    let mode = words::source_mode(head.mode).map(|text| Line::of(Tone::Warn, text));
    std::iter::once(first).chain(mode).collect()
}
