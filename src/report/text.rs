//! Text of jobs made fit for a terminal: escape sequences, control characters, columns.
//!
//! PURE. A job's output is foreign: whatever it holds, it must not move the cursor, set the
//! title or leave a colour behind on the user's screen.

use std::borrow::Cow;

use unicode_width::UnicodeWidthChar;

use crate::foreign::is_hidden;

/// Bold green, which begins the echo of a command (runtime reference 2.3).
const ECHO: &str = "\x1b[32;1m";
/// Ends every attribute.
const RESET: &str = "\x1b[0m";

/// Bytes of a line that are looked at before it is asked whether one of them was found.
const PIECE: usize = 128;

/// A piece of a line as a terminal would take it apart.
#[derive(Debug, PartialEq, Eq)]
enum Chunk<'a> {
    /// Text without escape sequences.
    Text(&'a str),
    /// A whole sequence that only sets colours and the like (`ESC[…m`).
    Style(&'a str),
    /// Any other sequence.
    Control,
}

/// Takes a line apart at its escape sequences. A sequence without end reaches to the line's end.
struct Chunks<'a>(&'a str);

impl<'a> Iterator for Chunks<'a> {
    type Item = Chunk<'a>;

    fn next(&mut self) -> Option<Chunk<'a>> {
        if self.0.is_empty() {
            return None;
        }
        let (len, make): (usize, fn(&'a str) -> Chunk<'a>) = match self.0.find('\x1b') {
            Some(0) => sequence(self.0),
            Some(start) => (start, Chunk::Text),
            None => (self.0.len(), Chunk::Text),
        };
        let (head, tail) = self.0.split_at(len);
        self.0 = tail;
        Some(make(head))
    }
}

/// Length and kind of the escape sequence at the start of `text` (ECMA-48).
fn sequence<'a>(text: &'a str) -> (usize, fn(&'a str) -> Chunk<'a>) {
    let control: fn(&'a str) -> Chunk<'a> = |_| Chunk::Control;
    let bytes = text.as_bytes();
    match bytes.get(1) {
        Some(b'[') => {
            let end = bytes[2..].iter().position(|b| !(0x20..0x40).contains(b));
            match end.map(|at| at + 2) {
                Some(end) if bytes[end] == b'm' && only_attributes(&bytes[2..end]) => {
                    (end + 1, Chunk::Style)
                }
                Some(end) if (0x40..0x7f).contains(&bytes[end]) => (end + 1, control),
                // Broken off: what follows is text again.
                Some(end) => (end, control),
                None => (text.len(), control),
            }
        }
        // Strings: titles, hyperlinks, device control. They end with BEL or `ESC \`.
        Some(b']' | b'P' | b'X' | b'^' | b'_') => {
            let bell = text.find('\x07').map(|at| at + 1);
            let terminator = text[1..].find("\x1b\\").map(|at| at + 3);
            let end = bell.into_iter().chain(terminator).min();
            (end.unwrap_or(text.len()), control)
        }
        Some(0x20..0x7f) => {
            let end = bytes[1..].iter().position(|b| !(0x20..0x30).contains(b));
            match end.map(|at| at + 1) {
                Some(end) if (0x30..0x7f).contains(&bytes[end]) => (end + 1, control),
                Some(end) => (end, control),
                None => (text.len(), control),
            }
        }
        _ => (1, control),
    }
}

/// Whether the parameters are those of colours: `ESC[>4;2m` ends in `m` too, but sets the keyboard.
fn only_attributes(parameters: &[u8]) -> bool {
    parameters
        .iter()
        .all(|b| b.is_ascii_digit() || matches!(b, b';' | b':'))
}

/// Whether a character of a log can act on the terminal, or on how the line is read, instead of
/// showing. Joiners stay: scripts and emoji are written with them.
fn is_control(c: char) -> bool {
    let joins = matches!(c, '\u{200c}' | '\u{200d}');
    is_hidden(c) && c != '\t' && !joins
}

/// Whether no character of the line can act on the terminal, seen from its bytes alone: logs are
/// long, and most lines are clean. The bytes above ASCII are those that characters which act
/// begin with; they begin others too, which then are looked at one by one.
fn is_clean(line: &str) -> bool {
    let suspect =
        |b| matches!(b, 0..0x20 | 0x7f | 0xc2 | 0xcd | 0xd8..=0xe3 | 0xee..) && b != b'\t';
    // Without a way out in the middle, many bytes are looked at in one step.
    let is_suspect = |piece: &[u8]| piece.iter().fold(false, |any, byte| any | suspect(*byte));
    !line.as_bytes().chunks(PIECE).any(is_suspect)
}

/// Characters without ink that change how others are drawn or ordered. Terminals disagree on
/// them, so a line whose columns count does without.
fn is_invisible(c: char) -> bool {
    is_hidden(c) || matches!(c, '\u{fe00}'..='\u{fe0f}')
}

/// The text alone: no escape sequences, no control characters but tabs.
pub fn plain(line: &str) -> Cow<'_, str> {
    if is_clean(line) {
        return Cow::Borrowed(line);
    }
    let mut out = String::with_capacity(line.len());
    for chunk in Chunks(line) {
        if let Chunk::Text(text) = chunk {
            out.extend(text.chars().filter(|c| !is_control(*c)));
        }
    }
    Cow::Owned(out)
}

/// The text with its colours, which end with the line; everything else that could act on the
/// terminal is gone.
pub fn coloured(line: &str) -> Cow<'_, str> {
    if is_clean(line) {
        return Cow::Borrowed(line);
    }
    let mut out = String::with_capacity(line.len() + RESET.len());
    let mut styled = false;
    for chunk in Chunks(line) {
        match chunk {
            Chunk::Text(text) => out.extend(text.chars().filter(|c| !is_control(*c))),
            Chunk::Style(style) => {
                styled = true;
                out.push_str(style);
            }
            Chunk::Control => {}
        }
    }
    if styled {
        out.push_str(RESET);
    }
    Cow::Owned(out)
}

/// The text alone on one line of predictable width: tabs are blanks, invisible characters gone.
pub fn single_line(line: &str) -> String {
    plain(line)
        .chars()
        .map(|c| if c == '\t' { ' ' } else { c })
        .filter(|c| !is_invisible(*c))
        .collect()
}

/// What a line that rewrites itself with carriage returns shows in the end (runtime reference
/// 3.3): the last part that holds anything.
pub fn settled(line: &str) -> &str {
    line.rsplit('\r')
        .find(|part| !part.is_empty())
        .unwrap_or_default()
}

/// The command that the runner's echo line shows, without its `$ ` (runtime reference 2.3).
pub fn echoed_command(line: &str) -> Option<String> {
    if !line.contains(ECHO) {
        return None;
    }
    let mut green = false;
    for chunk in Chunks(line) {
        match chunk {
            Chunk::Style(ECHO) => green = true,
            Chunk::Style(_) | Chunk::Control => {}
            Chunk::Text(text) => {
                return (green && text.starts_with("$ "))
                    .then(|| plain(line).trim_start_matches("$ ").trim_end().to_owned());
            }
        }
    }
    None
}

/// Columns that a text takes. Summed by character, which is never less than what a terminal
/// that joins characters uses.
pub fn width(text: &str) -> usize {
    text.chars().map(char_width).sum()
}

/// Columns of one character.
pub fn char_width(c: char) -> usize {
    c.width().unwrap_or(0)
}

/// At most `columns` columns of a text; a cut one ends in `…`.
pub fn cut(text: &str, columns: usize) -> Cow<'_, str> {
    if width(text) <= columns {
        return Cow::Borrowed(text);
    }
    let mut left = columns.saturating_sub(1);
    let mut out: String = text
        .chars()
        .take_while(|c| {
            let fits = char_width(*c) <= left;
            left = left.saturating_sub(char_width(*c));
            fits
        })
        .collect();
    if columns > 0 {
        out.push('…');
    }
    Cow::Owned(out)
}

/// The longest start of at most `limit` bytes that ends between two characters.
pub fn head(text: &str, limit: usize) -> &str {
    let mut end = limit.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_lines_lose_their_power() {
        // name, line, plain, coloured
        let rows = [
            ("untouched", "ok\tfine", "ok\tfine", "ok\tfine"),
            (
                "colour",
                "\x1b[31mred\x1b[0m",
                "red",
                "\x1b[31mred\x1b[0m\x1b[0m",
            ),
            (
                "open colour",
                "\x1b[1;31mred",
                "red",
                "\x1b[1;31mred\x1b[0m",
            ),
            ("cursor", "\x1b[2J\x1b[Hx\x1b[3A", "x", "x"),
            ("private mode", "\x1b[?1049hx", "x", "x"),
            ("keyboard mode", "\x1b[>4;2mx", "x", "x"),
            ("title", "\x1b]0;evil\x07x", "x", "x"),
            (
                "hyperlink",
                "\x1b]8;;http://a\x1b\\text\x1b]8;;\x1b\\",
                "text",
                "text",
            ),
            ("open title", "a\x1b]0;evil", "a", "a"),
            ("device string", "\x1bPq#0\x1b\\x", "x", "x"),
            ("charset", "\x1b(0x", "x", "x"),
            ("reset", "\x1bcx", "x", "x"),
            ("escape at the end", "x\x1b", "x", "x"),
            ("open sequence", "x\x1b[12;", "x", "x"),
            ("escape before a wide character", "\x1b世", "世", "世"),
            ("broken sequence", "\x1b[1世", "世", "世"),
            ("bell and backspace", "a\x07b\x08c", "abc", "abc"),
            ("C1 control", "a\u{9b}31mb", "a31mb", "a31mb"),
            ("NUL", "a\0b", "ab", "ab"),
            ("override", "a\u{202e}b\u{202c}", "ab", "ab"),
            ("isolate", "a\u{2067}b\u{2069}", "ab", "ab"),
            ("mark", "a\u{61c}\u{200f}b", "ab", "ab"),
            ("separator", "a\u{2028}b", "ab", "ab"),
            ("next line", "a\u{85}b", "ab", "ab"),
            ("joined", "👩\u{200d}💻", "👩\u{200d}💻", "👩\u{200d}💻"),
            ("delete", "a\x7fb", "ab", "ab"),
            (
                "Latin-1 letters are no controls",
                "\u{a3}\u{e9}",
                "\u{a3}\u{e9}",
                "\u{a3}\u{e9}",
            ),
        ];
        for (name, line, bare, kept) in rows {
            assert_eq!(plain(line), bare, "{name}: plain");
            assert_eq!(coloured(line), kept, "{name}: coloured");
        }
    }

    #[test]
    fn a_clean_line_holds_nothing_that_acts() {
        for c in ('\0'..=char::MAX).filter(|c| is_control(*c)) {
            assert!(!is_clean(&c.to_string()), "{c:?}");
        }
    }

    #[test]
    fn single_lines_have_no_surprises() {
        let rows = [
            ("tab", "a\tb", "a b"),
            ("right-to-left override", "a\u{202e}b", "ab"),
            ("joined emoji", "👩\u{200d}💻", "👩💻"),
            ("emoji presentation", "❤\u{fe0f}", "❤"),
        ];
        for (name, line, expected) in rows {
            assert_eq!(single_line(line), expected, "{name}");
        }
    }

    #[test]
    fn carriage_returns_settle_on_the_last_text() {
        let rows = [
            ("none", "abc", "abc"),
            ("progress", "10%\r50%\r100%", "100%"),
            ("trailing", "10%\r50%\r", "50%"),
            ("only", "\r\r", ""),
            ("empty", "", ""),
        ];
        for (name, line, expected) in rows {
            assert_eq!(settled(line), expected, "{name}");
        }
    }

    #[test]
    fn echo_lines() {
        let rows = [
            ("echo", "\x1b[32;1m$ make test\x1b[0;m", Some("make test")),
            (
                "after an erase",
                "\x1b[0K\x1b[32;1m$ make\x1b[0;m",
                Some("make"),
            ),
            ("same text without colour", "$ make", None),
            ("other colour", "\x1b[31;1m$ make\x1b[0;m", None),
            ("no prompt", "\x1b[32;1mmake\x1b[0;m", None),
            ("empty", "", None),
        ];
        for (name, line, expected) in rows {
            assert_eq!(echoed_command(line).as_deref(), expected, "{name}");
        }
    }

    #[test]
    fn cutting_respects_columns() {
        let rows = [
            ("fits", "abc", 3, "abc"),
            ("cut", "abcd", 3, "ab…"),
            ("wide fits", "世界", 4, "世界"),
            ("wide cut on a border", "世界世", 5, "世界…"),
            ("wide cut inside", "世界世", 4, "世…"),
            ("combining mark stays", "e\u{301}abc", 3, "e\u{301}a…"),
            ("one column", "abc", 1, "…"),
            ("no column", "abc", 0, ""),
        ];
        for (name, text, columns, expected) in rows {
            let cut = cut(text, columns);
            assert_eq!(cut, expected, "{name}");
            assert!(width(&cut) <= columns, "{name}");
        }
    }

    #[test]
    fn heads_end_between_characters() {
        assert_eq!(head("世界", 4), "世");
        assert_eq!(head("ab", 10), "ab");
    }
}
