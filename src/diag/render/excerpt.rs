//! The lines of a file that a diagnostic is about.
//!
//! The renderer gets only these: a file of two megabytes is not read again for each finding, and
//! our own line index decides what a line is.

use std::ops::Range;

use crate::foreign::is_hidden;
use crate::source::{SourceFile, Span};

/// A span over more lines than this is shown by its first line.
const MAX_SPAN_LINES: u32 = 10;

/// Places further apart than this many lines are shown apart.
const MAX_GAP_LINES: u32 = 60;

/// Consecutive lines of a file.
#[derive(Debug)]
pub(super) struct Excerpt {
    /// The lines, each ended with `\n`.
    pub(super) text: String,
    /// The number of the first one.
    pub(super) first_line: u32,
    /// Where each line starts in the file and in `text`, and how long it is there.
    lines: Vec<(usize, usize, usize)>,
}

/// Groups places of one file that are close to each other, in the order of their lines. Each
/// group holds indexes into `spans`.
pub(super) fn clusters(file: &SourceFile, spans: &[Span]) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..spans.len()).collect();
    order.sort_by_key(|at| (spans[*at].start, spans[*at].end));
    let mut clusters: Vec<Vec<usize>> = Vec::new();
    let mut last_line = 0;
    for at in order {
        let lines = line_range(file, spans[at]);
        match clusters.last_mut() {
            Some(cluster) if lines.start <= last_line + MAX_GAP_LINES => cluster.push(at),
            _ => clusters.push(vec![at]),
        }
        last_line = lines.end.max(last_line);
    }
    clusters
}

/// First and last line that are shown of `span`.
fn line_range(file: &SourceFile, span: Span) -> Range<u32> {
    let first = file.position(span.start).line;
    let last_byte = span.end.saturating_sub(1).max(span.start);
    let last = file.position(last_byte).line;
    if last - first < MAX_SPAN_LINES {
        first..last
    } else {
        first..first
    }
}

impl Excerpt {
    /// The lines from the first to the last of `spans`.
    pub(super) fn new(file: &SourceFile, spans: &[Span]) -> Self {
        let ranges = || spans.iter().map(|span| line_range(file, *span));
        let first_line = ranges().map(|range| range.start).min().unwrap_or(1);
        let last_line = ranges().map(|range| range.end).max().unwrap_or(1);
        let mut excerpt = Self {
            text: String::new(),
            first_line,
            lines: Vec::new(),
        };
        for line in first_line..=last_line {
            let bytes = file.lines().bytes_of(&file.text, line);
            let at = excerpt.text.len();
            let start = bytes.start;
            excerpt.text.push_str(&shown(&file.text[bytes]));
            excerpt.lines.push((start, at, excerpt.text.len() - at));
            excerpt.text.push('\n');
        }
        excerpt
    }

    /// `span` as bytes of the excerpt.
    pub(super) fn range(&self, file: &SourceFile, span: Span) -> Range<usize> {
        let lines = line_range(file, span);
        let start = self.offset(file, span.start as usize);
        let is_cut = file.position(span.end).line > lines.end + 1;
        let end = if is_cut && lines.start == lines.end {
            let line = (lines.start - self.first_line) as usize;
            self.lines
                .get(line)
                .map_or(start, |(_, at, length)| at + length)
        } else {
            self.offset(file, span.end as usize)
        };
        start..end.max(start)
    }

    fn offset(&self, file: &SourceFile, byte: usize) -> usize {
        let line = self.lines.partition_point(|(start, ..)| *start <= byte);
        let (start, at, length) = self.lines.get(line.max(1) - 1).copied().unwrap_or_default();
        let before = file.text.get(start..byte.max(start));
        at + before.map_or(length, |text| shown(text).len()).min(length)
    }
}

/// A line, or its beginning, as it is drawn: one character for one, so that columns stay what they
/// are in the file. Control characters have pictures (`␛`), others a mark; tabs stay, for the
/// renderer knows their width.
fn shown(line: &str) -> String {
    let picture = |code: u32| char::from_u32(0x2400 + code).unwrap_or('\u{fffd}');
    let shown = line.chars().map(|c| match c {
        '\t' => c,
        '\0'..'\u{20}' => picture(c.into()),
        '\u{7f}' => '␡',
        c if is_hidden(c) => '\u{fffd}',
        c => c,
    });
    shown.collect()
}
