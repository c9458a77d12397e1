//! Tables of text.

use console::{Alignment, Style, measure_text_width, pad_str, strip_ansi_codes};
use std::fmt::Write as _;

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
    color: bool,
}

impl Table {
    /// An empty table.
    pub(super) fn new(headings: &[&str], color: bool) -> Self {
        Self {
            headings: headings
                .iter()
                .map(|heading| (*heading).to_owned())
                .collect(),
            rows: Vec::new(),
            color,
        }
    }

    /// Adds a row. Control characters in cells are dropped: names come from the repository.
    pub(super) fn row(&mut self, cells: &[&str]) {
        let clean = |cell: &&str| {
            strip_ansi_codes(cell)
                .chars()
                .map(|c| if c == '\n' || c == '\t' { ' ' } else { c })
                .filter(|c| !c.is_control())
                .collect()
        };
        self.rows.push(cells.iter().map(clean).collect());
    }

    /// The text, without trailing blanks. With a `width`, the last column is broken between words
    /// where it would go beyond; names stay whole, so that they can be copied.
    pub(super) fn render(&self, width: Option<usize>) -> String {
        let widths = self.widths();
        let last_at = INDENT
            + widths
                .iter()
                .rev()
                .skip(1)
                .map(|width| width + GAP)
                .sum::<usize>();
        let room = width
            .and_then(|width| width.checked_sub(last_at))
            .filter(|room| *room >= NARROWEST);
        let heading = Style::new().bold().force_styling(self.color);
        let mut out = format!(
            "{}{}\n",
            " ".repeat(INDENT),
            heading.apply_to(line(&self.headings, &widths))
        );
        for row in &self.rows {
            let mut cells = row.clone();
            let mut more = Vec::new();
            if let (Some(room), Some(cell)) = (room, cells.last_mut()) {
                let mut parts = broken(cell, room).into_iter();
                *cell = parts.next().unwrap_or_default();
                more = parts.collect();
            }
            let _ = writeln!(out, "{}{}", " ".repeat(INDENT), line(&cells, &widths));
            for part in more {
                let _ = writeln!(out, "{}{part}", " ".repeat(last_at));
            }
        }
        out
    }

    fn widths(&self) -> Vec<usize> {
        let width = |column: usize| {
            let cells = self.rows.iter().map(|row| &row[column]);
            let cells = cells.chain([&self.headings[column]]);
            cells
                .map(|cell| measure_text_width(cell))
                .max()
                .unwrap_or(0)
        };
        (0..self.headings.len()).map(width).collect()
    }
}

fn line(cells: &[String], widths: &[usize]) -> String {
    let padded = cells
        .iter()
        .zip(widths)
        .map(|(cell, width)| pad_str(cell, *width, Alignment::Left, None));
    padded
        .collect::<Vec<_>>()
        .join(&" ".repeat(GAP))
        .trim_end()
        .to_owned()
}

/// `text` in lines of at most `room` columns, broken between words. A longer word stays whole.
fn broken(text: &str, room: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if measure_text_width(line) + 1 + measure_text_width(word) <= room => {
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
        let mut table = Table::new(&["job", "notes"], false);
        table.row(&["日本", "needs build, assets and documentation"]);
        table.row(&["a\u{1b}[31mb\nc", ""]);
        let wide = "  job   notes\n  日本  needs build, assets and documentation\n  ab c\n";
        let narrow =
            "  job   notes\n  日本  needs build, assets\n        and documentation\n  ab c\n";
        for (width, expected) in [
            (None, wide),
            (Some(80), wide),
            (Some(30), narrow),
            (Some(20), wide),
        ] {
            assert_eq!(table.render(width), expected, "{width:?}");
        }
    }
}
