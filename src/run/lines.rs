//! A stream of bytes as lines of text.
//!
//! PURE. Whole lines as lossy UTF-8; a line beyond 64 KiB comes in parts (design chapter 2).

/// Longest part of a line, in bytes. Bounds what a job without line ends makes us keep.
const PART: usize = 64 * 1024;

/// One line of a log, or a part of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// Without its end.
    pub text: String,
    /// True for every part but the last.
    pub partial: bool,
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
    pub fn push(&mut self, mut chunk: &[u8], out: &mut Vec<LogLine>) {
        while let Some(end) = chunk.iter().position(|byte| *byte == b'\n') {
            self.take(&chunk[..end], out);
            self.end_line(out);
            chunk = &chunk[end + 1..];
        }
        self.take(chunk, out);
    }

    /// The stream rests: a line without its end is a line all the same.
    pub fn flush(&mut self, out: &mut Vec<LogLine>) {
        if !self.rest.is_empty() || self.in_parts {
            self.end_line(out);
        }
    }

    fn take(&mut self, bytes: &[u8], out: &mut Vec<LogLine>) {
        self.rest.extend_from_slice(bytes);
        while self.rest.len() > PART {
            let tail = self.rest.split_off(part_length(&self.rest));
            out.push(LogLine {
                text: String::from_utf8_lossy(&self.rest).into_owned(),
                partial: true,
            });
            self.rest = tail;
            self.in_parts = true;
        }
    }

    fn end_line(&mut self, out: &mut Vec<LogLine>) {
        let text = self.rest.strip_suffix(b"\r").unwrap_or(&self.rest);
        out.push(LogLine {
            text: String::from_utf8_lossy(text).into_owned(),
            partial: false,
        });
        self.rest.clear();
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

    fn split(chunks: &[&[u8]]) -> Vec<LogLine> {
        let (mut lines, mut out) = (Lines::default(), Vec::new());
        for chunk in chunks {
            lines.push(chunk, &mut out);
        }
        lines.flush(&mut out);
        out
    }

    fn texts(lines: &[LogLine]) -> Vec<&str> {
        lines.iter().map(|line| line.text.as_str()).collect()
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
        let (last, parts) = lines.split_last().expect("lines");
        assert_eq!((last.text.as_str(), last.partial), ("next", false));
        let (end, parts) = parts.split_last().expect("parts");
        assert!(!end.partial && parts.iter().all(|part| part.partial));
        assert!(parts.iter().all(|part| part.text.len() <= PART));
        let whole: String = lines[..lines.len() - 1]
            .iter()
            .map(|line| line.text.as_str())
            .collect();
        assert!(whole == euro, "no character is torn");
    }

    #[test]
    fn a_line_of_just_one_part() {
        let lines = split(&[&vec![b'x'; PART], b"\n"]);
        assert_eq!(lines.len(), 1);
        assert!(!lines[0].partial);
    }
}
