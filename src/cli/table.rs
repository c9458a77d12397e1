//! Tables of text.

use crate::foreign::visible;
use crate::report::line::{Line, Tone};
use crate::report::text;

/// Columns before the first cell.
const INDENT: usize = 2;
/// Columns between two cells.
const GAP: usize = 2;
/// Columns below which breaking lines makes nothing more readable.
const NARROWEST: usize = 16;

/// Rows under headings, columns as wide as their widest cell.
pub(super) struct Table {
    headings: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// An empty table.
    pub(super) fn new(headings: &[&str]) -> Self {
        Self {
            headings: shown(headings),
            rows: Vec::new(),
        }
    }

    /// Adds a row.
    pub(super) fn row(&mut self, cells: &[&str]) {
        self.rows.push(shown(cells));
    }

    /// The lines. With a `width`, the last column is broken between words where it would go
    /// beyond; names stay whole, so that they can be copied.
    pub(super) fn lines(&self, width: Option<usize>) -> Vec<Line> {
        let widths = self.widths();
        let before_last = widths.iter().rev().skip(1).map(|width| width + GAP);
        let last_at = INDENT + before_last.sum::<usize>();
        let room = width
            .and_then(|width| width.checked_sub(last_at))
            .filter(|room| *room >= NARROWEST);
        let mut lines = vec![line(&self.headings, &widths, Tone::Strong)];
        for row in &self.rows {
            let mut cells = row.clone();
            let mut more = Vec::new();
            if let (Some(room), Some(cell)) = (room, cells.last_mut()) {
                let mut parts = broken(cell, room).into_iter();
                *cell = parts.next().unwrap_or_default();
                more = parts.collect();
            }
            lines.push(line(&cells, &widths, Tone::Plain));
            let more = more.into_iter();
            lines.extend(more.map(|part| Line::new().gap(last_at).put(Tone::Plain, part)));
        }
        lines
    }

    fn widths(&self) -> Vec<usize> {
        let width = |column: usize| {
            let cells = self.rows.iter().map(|row| &row[column]);
            let cells = cells.chain([&self.headings[column]]);
            cells.map(|cell| text::width(cell)).max().unwrap_or(0)
        };
        (0..self.headings.len()).map(width).collect()
    }
}

/// The cells as they are drawn, for their width counts.
fn shown(cells: &[&str]) -> Vec<String> {
    let shown = cells.iter().map(|cell| visible(cell).into_owned());
    shown.collect()
}

fn line(cells: &[String], widths: &[usize], tone: Tone) -> Line {
    let start = Line::new().gap(INDENT);
    cells.iter().zip(widths).fold(start, |line, (cell, width)| {
        line.column(tone, cell, *width).gap(GAP)
    })
}

/// `text` in lines of at most `room` columns, broken between words. A longer word stays whole.
fn broken(text: &str, room: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if text::width(line) + 1 + text::width(word) <= room => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_broken_between_words() {
        for (text, room, expected) in [
            ("", 5, &[""][..]),
            ("one two", 7, &["one two"]),
            ("one two three", 7, &["one two", "three"]),
            ("extraordinary word", 5, &["extraordinary", "word"]),
            ("日本 語", 4, &["日本", "語"]),
        ] {
            assert_eq!(broken(text, room), expected, "{text} in {room}");
        }
    }

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let mut table = Table::new(&["job", "notes"]);
        table.row(&["日本", "needs build, assets and documentation"]);
        table.row(&["a\nb", ""]);
        let wide = "  job   notes\n  日本  needs build, assets and documentation\n  a\\nb\n";
        let narrow =
            "  job   notes\n  日本  needs build, assets\n        and documentation\n  a\\nb\n";
        for (width, expected) in [
            (None, wide),
            (Some(80), wide),
            (Some(30), narrow),
            (Some(20), wide),
        ] {
            let lines = table.lines(width).into_iter();
            let text: String = lines.map(|line| line.text() + "\n").collect();
            assert_eq!(text, expected, "{width:?}");
        }
    }
}
