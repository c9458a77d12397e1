//! Cutting a text into documents, as GitLab does before any YAML is read.
//!
//! The cut is textual (configuration reference 2.4): a `---` in column 1 of a block scalar cuts
//! too, and the white space behind the dashes goes with them, even over several lines.

use std::ops::Range;

use super::scalar::is_ruby_space;

/// At most this many pieces: two documents, and an empty one before a leading `---`.
const MAX_PIECES: usize = 3;

/// The pieces of `text`, as ranges of bytes. What follows `---` in the last one stays in it.
pub(super) fn pieces(text: &str) -> Vec<Range<usize>> {
    let mut pieces = Vec::new();
    let mut start = 0;
    while pieces.len() + 1 < MAX_PIECES {
        let Some(divider) = next_divider(text, start) else {
            break;
        };
        pieces.push(start..divider.start);
        start = divider.end;
    }
    pieces.push(start..text.len());
    pieces
}

/// The next line that begins with `---` and white space, from `from` on.
fn next_divider(text: &str, from: usize) -> Option<Range<usize>> {
    let mut line = if is_line_start(text, from) {
        from
    } else {
        next_line(text, from)?
    };
    loop {
        if let Some(rest) = text[line..].strip_prefix("---") {
            let behind = rest.trim_start_matches(is_ruby_space);
            if behind.len() < rest.len() {
                return Some(line..text.len() - behind.len());
            }
        }
        line = next_line(text, line)?;
    }
}

fn is_line_start(text: &str, at: usize) -> bool {
    at == 0 || text.as_bytes()[at - 1] == b'\n'
}

fn next_line(text: &str, from: usize) -> Option<usize> {
    text[from..].find('\n').map(|at| from + at + 1)
}

#[cfg(test)]
mod tests {
    use super::pieces;

    #[test]
    fn texts_are_cut_as_gitlab_cuts_them() {
        let table: [(&str, &str, &[&str]); 12] = [
            ("one", "a: 1\n", &["a: 1\n"]),
            ("two", "a: 1\n---\nb: 2\n", &["a: 1\n", "b: 2\n"]),
            ("leading", "---\na: 1\n", &["", "a: 1\n"]),
            (
                "four",
                "---\na\n---\nb\n---\nc\n",
                &["", "a\n", "b\n---\nc\n"],
            ),
            (
                "three",
                "a\n---\nb\n---\nc\n---\nd",
                &["a\n", "b\n", "c\n---\nd"],
            ),
            ("same line", "--- a: 1\n", &["", "a: 1\n"]),
            ("no white space", "---a\n--- b", &["---a\n", "b"]),
            ("end of text", "a: 1\n---", &["a: 1\n---"]),
            ("indented", "a:\n  ---\n  b", &["a:\n  ---\n  b"]),
            ("blank lines", "---\n\n  a: 1\n", &["", "a: 1\n"]),
            ("crlf", "a: 1\r\n---\r\nb: 2\r\n", &["a: 1\r\n", "b: 2\r\n"]),
            ("dashes after dashes", "--- ---\nx", &["", "---\nx"]),
        ];
        for (name, text, expected) in table {
            let found: Vec<&str> = pieces(text).into_iter().map(|r| &text[r]).collect();
            assert_eq!(found, expected, "{name}");
        }
    }
}
