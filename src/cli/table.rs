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
/// The same beside sentences, which have much to say in the last column too.
const NARROWEST_BESIDE_PROSE: usize = 36;
/// Columns before what stands below its row.
const BELOW: usize = 6;
/// Widest column where the widest cells leave no room: a longer cell moves its own row only.
const LIMIT: usize = 32;

/// Rows under headings, columns as wide as their widest cell.
pub(super) struct Table {
    headings: Vec<String>,
    rows: Vec<Vec<String>>,
    /// Whether the first column may be broken between words.
    prose: bool,
}

/// How the columns share a terminal.
enum Layout {
    /// The last column is as wide as it likes.
    Free,
    /// It is broken between words, from this column on.
    Beside(usize),
    /// It stands below the others.
    Below,
}

impl Table {
    /// An empty table.
    pub(super) fn new(headings: &[&str]) -> Self {
        Self {
            headings: shown(headings),
            rows: Vec::new(),
            prose: false,
        }
    }

    /// A table whose first column holds sentences and no names.
    pub(super) fn of_prose(headings: &[&str]) -> Self {
        Self {
            prose: true,
            ..Self::new(headings)
        }
    }

    /// Adds a row.
    pub(super) fn row(&mut self, cells: &[&str]) {
        self.rows.push(shown(cells));
    }

    /// The lines. With a `width`, the last column is broken between words where it would go
    /// beyond, and stands below the others where these leave no room; names stay whole, so that
    /// they can be copied.
    pub(super) fn lines(&self, width: Option<usize>) -> Vec<Line> {
        let columns = width.unwrap_or(usize::MAX);
        let (widths, layout) = self.layout(width);
        let heading = line(&self.headings, &widths, Tone::Strong);
        let rows = self
            .rows
            .iter()
            .flat_map(|row| self.row_lines(row, &widths, &layout, columns));
        std::iter::once(heading).chain(rows).collect()
    }

    /// Widths of the columns, and how they share `width`: few long names don't cost all rows
    /// their place.
    fn layout(&self, width: Option<usize>) -> (Vec<usize>, Layout) {
        let widest = self.widths();
        let limited: Vec<usize> = widest.iter().map(|width| LIMIT.min(*width)).collect();
        let Some(width) = width else {
            return (widest, Layout::Free);
        };
        let last_at = |widths: &[usize]| {
            let before_last = widths.iter().rev().skip(1).map(|width| width + GAP);
            INDENT + before_last.sum::<usize>()
        };
        let narrowest = if self.prose {
            NARROWEST_BESIDE_PROSE
        } else {
            NARROWEST
        };
        let has_room = |widths: &[usize]| last_at(widths) + narrowest <= width;
        if has_room(&widest) {
            let at = last_at(&widest);
            (widest, Layout::Beside(at))
        } else if has_room(&limited) {
            let at = last_at(&limited);
            (limited, Layout::Beside(at))
        } else if last_at(&widest) <= width + GAP {
            (widest, Layout::Below)
        } else {
            (limited, Layout::Below)
        }
    }

    fn widths(&self) -> Vec<usize> {
        let width = |column: usize| {
            let cells = self.rows.iter().map(|row| &row[column]);
            let cells = cells.chain([&self.headings[column]]);
            cells.map(|cell| text::width(cell)).max().unwrap_or(0)
        };
        (0..self.headings.len()).map(width).collect()
    }

    fn row_lines(
        &self,
        row: &[String],
        widths: &[usize],
        layout: &Layout,
        columns: usize,
    ) -> Vec<Line> {
        let (last, others) = row.split_last().expect("a table has columns");
        let whole = line(row, widths, Tone::Plain);
        let at = match layout {
            Layout::Free => return vec![whole],
            _ if whole.width() <= columns => return vec![whole],
            Layout::Beside(at) => *at,
            Layout::Below => BELOW,
        };
        let mut parts = broken(last, columns.saturating_sub(at)).into_iter();
        let mut lines = self.left_lines(others, widths, columns);
        let left = lines.pop().unwrap_or_default();
        let gap = at.checked_sub(left.width()).filter(|gap| *gap >= GAP);
        lines.push(match (layout, gap) {
            (Layout::Beside(_), Some(gap)) => {
                let beside = parts.next().unwrap_or_default();
                left.gap(gap).put(Tone::Plain, beside)
            }
            _ => left,
        });
        let parts = parts.filter(|part| !part.is_empty());
        lines.extend(parts.map(|part| Line::new().gap(at).put(Tone::Plain, part)));
        lines
    }

    /// All columns but the last: on one line, else the first of them on lines of its own.
    fn left_lines(&self, cells: &[String], widths: &[usize], columns: usize) -> Vec<Line> {
        let beside = line(cells, widths, Tone::Plain);
        if beside.width() <= columns {
            return vec![beside];
        }
        let (first, others) = cells.split_first().expect("a table has columns");
        let first = if self.prose {
            broken(first, columns.saturating_sub(INDENT))
        } else {
            vec![first.clone()]
        };
        let first = first
            .into_iter()
            .map(|part| Line::new().gap(INDENT).put(Tone::Plain, part));
        let others = others.join(&" ".repeat(GAP));
        first
            .chain([Line::new().gap(BELOW).put(Tone::Plain, others)])
            .collect()
    }
}

/// The cells as they are drawn, for their width counts.
fn shown(cells: &[&str]) -> Vec<String> {
    let shown = cells.iter().map(|cell| visible(cell).into_owned());
    shown.collect()
}

/// Cells in their columns; a longer one moves those behind it.
fn line(cells: &[String], widths: &[usize], tone: Tone) -> Line {
    let full = cells.iter().rposition(|cell| !cell.is_empty());
    let full = &cells[..full.map_or(0, |last| last + 1)];
    let (mut line, mut gap) = (Line::new(), INDENT);
    for (cell, width) in full.iter().zip(widths) {
        line = line.gap(gap).put(tone, cell);
        gap = width.saturating_sub(text::width(cell)) + GAP;
    }
    line
}

/// `text` in lines of at most `room` columns, broken between words. A longer word stays whole.
pub(super) fn broken(text: &str, room: usize) -> Vec<String> {
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
        let below = "  job   notes\n  日本\n      needs build,\n      assets and\n      documentation\n  a\\nb\n";
        for (width, expected) in [
            (None, wide),
            (Some(80), wide),
            (Some(30), narrow),
            (Some(20), below),
        ] {
            assert_eq!(text_of(&table, width), expected, "{width:?}");
        }
    }

    fn text_of(table: &Table, width: Option<usize>) -> String {
        let lines = table.lines(width).into_iter();
        lines.map(|line| line.text() + "\n").collect()
    }

    #[test]
    fn columns_hold_as_long_as_they_fit() {
        let long = "a name of more than thirty characters";
        let mut table = Table::new(&["job", "stage", "notes"]);
        table.row(&[long, "build", "needs one, two and three"]);
        table.row(&["b", "test", "x"]);
        insta::assert_snapshot!(text_of(&table, Some(50)), @r"
          job                                    stage  notes
          a name of more than thirty characters  build
              needs one, two and three
          b                                      test   x
        ");
        insta::assert_snapshot!(text_of(&table, Some(60)), @r"
          job                               stage  notes
          a name of more than thirty characters  build
                                                   needs one, two
                                                   and three
          b                                 test   x
        ");
        insta::assert_snapshot!(text_of(&table, Some(40)), @r"
          job                               stage  notes
          a name of more than thirty characters
              build
              needs one, two and three
          b                                 test
              x
        ");
    }
}
