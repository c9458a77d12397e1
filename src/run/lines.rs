//! A stream of bytes as lines of text.
//!
//! PURE. Whole lines as lossy UTF-8; a line beyond 64 KiB comes in parts (design chapter 2).

use memchr::memchr;

/// Longest part of a line, in bytes. Bounds what a job without line ends makes us keep.
const PART: usize = 64 * 1024;

/// Lines of a log, one behind the other in one text: a long log has many.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LogLines {
    text: String,
    /// Where each ends, and whether it is only a part.
    ends: Vec<(usize, bool)>,
}

/// One line of a log, or a part of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogLine<'a> {
    /// Without its end.
    pub text: &'a str,
    /// True for every part but the last.
    pub partial: bool,
}

impl LogLines {
    /// In their order.
    pub fn iter(&self) -> impl Iterator<Item = LogLine<'_>> {
        let mut from = 0;
        self.ends.iter().map(move |(end, partial)| LogLine {
            text: &self.text[std::mem::replace(&mut from, *end)..*end],
            partial: *partial,
        })
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    fn add(&mut self, line: &[u8], partial: bool) {
        match std::str::from_utf8(line) {
            Ok(line) => self.text.push_str(line),
            Err(_) => self.text.push_str(&String::from_utf8_lossy(line)),
        }
        self.ends.push((self.text.len(), partial));
    }
}

/// Cuts a stream into lines.
#[derive(Debug, Clone, Default)]
pub struct Lines {
    rest: Vec<u8>,
    /// A part of the current line is already out.
    in_parts: bool,
}

impl Lines {
    /// Takes the next bytes and appends the lines that they complete.
    pub fn push(&mut self, mut chunk: &[u8], out: &mut LogLines) {
        while let Some(end) = memchr(b'\n', chunk) {
            let line = &chunk[..end];
            if self.rest.is_empty() && line.len() <= PART {
                self.end_line(line, out);
            } else {
                self.take(line, out);
                let rest = std::mem::take(&mut self.rest);
                self.end_line(&rest, out);
            }
            chunk = &chunk[end + 1..];
        }
        self.take(chunk, out);
    }

    /// The stream rests: a line without its end is a line all the same.
    pub fn flush(&mut self, out: &mut LogLines) {
        if !self.rest.is_empty() || self.in_parts {
            let rest = std::mem::take(&mut self.rest);
            self.end_line(&rest, out);
        }
    }

    fn take(&mut self, bytes: &[u8], out: &mut LogLines) {
        self.rest.extend_from_slice(bytes);
        while self.rest.len() > PART {
            let tail = self.rest.split_off(part_length(&self.rest));
            out.add(&self.rest, true);
            self.rest = tail;
            self.in_parts = true;
        }
    }

    fn end_line(&mut self, line: &[u8], out: &mut LogLines) {
        out.add(line.strip_suffix(b"\r").unwrap_or(line), false);
        self.in_parts = false;
    }
}

/// As much as fits without tearing a character apart.
fn part_length(line: &[u8]) -> usize {
    let is_start = |at: &usize| line[*at] & 0b1100_0000 != 0b1000_0000;
    (PART - 3..=PART).rev().find(is_start).unwrap_or(PART)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(chunks: &[&[u8]]) -> LogLines {
        let (mut lines, mut out) = (Lines::default(), LogLines::default());
        for chunk in chunks {
            lines.push(chunk, &mut out);
        }
        lines.flush(&mut out);
        out
    }

    fn texts(lines: &LogLines) -> Vec<&str> {
        lines.iter().map(|line| line.text).collect()
    }

    /// Name, chunks, lines wanted.
    type Row = (
        &'static str,
        &'static [&'static [u8]],
        &'static [&'static str],
    );

    #[test]
    fn table() {
        let rows: [Row; 8] = [
            ("nothing", &[], &[]),
            ("one", &[b"a\n"], &["a"]),
            ("over chunks", &[b"a", b"b\nc", b"\n"], &["ab", "c"]),
            ("without end", &[b"a\nb"], &["a", "b"]),
            ("empty lines", &[b"\n\na\n"], &["", "", "a"]),
            ("CR LF", &[b"a\r\nb\rc\r\n"], &["a", "b\rc"]),
            ("torn character", &[b"h\xc3", b"\xa9\n"], &["h\u{e9}"]),
            ("not UTF-8", &[b"a\xffb\n"], &["a\u{fffd}b"]),
        ];
        for (row, chunks, want) in rows {
            let lines = split(chunks);
            assert_eq!(texts(&lines), want, "{row}");
            assert!(lines.iter().all(|line| !line.partial), "{row}");
        }
    }

    #[test]
    fn long_lines_come_in_parts() {
        let euro = "\u{20ac}".repeat(PART);
        let lines = split(&[euro.as_bytes(), b"\nnext\n"]);
        let lines: Vec<_> = lines.iter().collect();
        let (last, parts) = lines.split_last().expect("lines");
        assert_eq!((last.text, last.partial), ("next", false));
        let (end, parts) = parts.split_last().expect("parts");
        assert!(!end.partial && parts.iter().all(|part| part.partial));
        assert!(parts.iter().all(|part| part.text.len() <= PART));
        let whole: String = lines[..lines.len() - 1]
            .iter()
            .map(|line| line.text)
            .collect();
        assert!(whole == euro, "no character is torn");
    }

    #[test]
    fn a_line_of_just_one_part() {
        for chunks in [
            &[&*vec![b'x'; PART], b"\n"][..],
            &[&[&*vec![b'x'; PART], b"\n"].concat()],
        ] {
            let lines = split(chunks);
            let partial: Vec<bool> = lines.iter().map(|line| line.partial).collect();
            assert_eq!(partial, [false]);
        }
    }
}
