//! From byte offsets to lines and columns.

/// A place as people count it: both numbers start at 1, columns count characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

/// The starts of a text's lines. A line ends with `\n`, `\r\n` or `\r`.
#[derive(Debug, Clone)]
pub struct LineIndex {
    starts: Vec<u32>,
}

impl LineIndex {
    /// Indexes `text`.
    pub fn new(text: &str) -> Self {
        let bytes = text.as_bytes();
        let mut starts = vec![0];
        for (at, byte) in bytes.iter().enumerate() {
            let ends_line = *byte == b'\n' || (*byte == b'\r' && bytes.get(at + 1) != Some(&b'\n'));
            if ends_line {
                starts.push(u32::try_from(at + 1).unwrap_or(u32::MAX));
            }
        }
        Self { starts }
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
    }
}
