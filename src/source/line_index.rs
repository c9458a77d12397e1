//! Converts byte offsets to lines and columns.

use std::ops::Range;

/// A place as people count it: both numbers start at 1, columns count characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

/// The starts of a text's lines. A line ends with `\n`, `\r\n` or `\r`; a byte order mark at the
/// start of the text belongs to no line, as in editors.
#[derive(Debug, Clone)]
pub struct LineIndex {
    starts: Vec<u32>,
}

impl LineIndex {
    /// Indexes `text`.
    pub fn new(text: &str) -> Self {
        let bytes = text.as_bytes();
        let mark = if text.starts_with('\u{feff}') { 3 } else { 0 };
        let mut starts = vec![mark];
        for (at, byte) in bytes.iter().enumerate() {
            let ends_line = *byte == b'\n' || (*byte == b'\r' && bytes.get(at + 1) != Some(&b'\n'));
            if ends_line {
                starts.push(u32::try_from(at + 1).unwrap_or(u32::MAX));
            }
        }
        Self { starts }
    }

    /// The bytes of line `line` (from 1) without its line end; empty when there is none.
    pub fn bytes_of(&self, text: &str, line: u32) -> Range<usize> {
        let at = (line as usize).saturating_sub(1);
        let offset = |at: usize| self.starts.get(at).map(|start| *start as usize);
        let start = offset(at).unwrap_or(text.len()).min(text.len());
        let end = offset(at + 1)
            .unwrap_or(text.len())
            .clamp(start, text.len());
        let line = text.get(start..end).unwrap_or_default();
        start..start + line.trim_end_matches(['\r', '\n']).len()
    }

    /// The position of byte `offset` of `text`, the text this index was made from.
    pub fn position(&self, text: &str, offset: u32) -> Position {
        let line = self.starts.partition_point(|start| *start <= offset).max(1) - 1;
        let start = self.starts.get(line).copied().unwrap_or(0) as usize;
        let end = (offset as usize).clamp(start, text.len());
        let column = text
            .get(start..end)
            .map_or(end - start, |before| before.chars().count());
        Position {
            line: u32::try_from(line + 1).unwrap_or(u32::MAX),
            column: u32::try_from(column + 1).unwrap_or(u32::MAX),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_and_every_line_end_counts() {
        let text = "é: 1\r\nb: 2\rc: 3\n";
        let index = LineIndex::new(text);
        let at = |needle: &str| {
            let offset = text.find(needle).expect("the needle is in the text");
            let position = index.position(text, u32::try_from(offset).expect("short text"));
            (position.line, position.column)
        };
        assert_eq!(at("1"), (1, 4));
        assert_eq!(at("b"), (2, 1));
        assert_eq!(at("3"), (3, 4));
        assert_eq!(index.position(text, 999).line, 4);
        let lines = (1..=5).map(|line| &text[index.bytes_of(text, line)]);
        assert_eq!(lines.collect::<Vec<_>>(), ["é: 1", "b: 2", "c: 3", "", ""]);
    }

    #[test]
    fn a_byte_order_mark_takes_no_column() {
        let text = "\u{feff}a: 1\nb: 2\n";
        let index = LineIndex::new(text);
        let at = |offset| {
            (
                index.position(text, offset).line,
                index.position(text, offset).column,
            )
        };
        assert_eq!(
            [at(0), at(3), at(6), at(8)],
            [(1, 1), (1, 1), (1, 4), (2, 1)]
        );
        assert_eq!(&text[index.bytes_of(text, 1)], "a: 1");
    }
}
