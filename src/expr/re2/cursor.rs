//! A reading position in a pattern, and the escapes that mean one character.

use super::Error;

/// A position in a pattern.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cursor<'p> {
    pub(super) text: &'p str,
    pub(super) at: usize,
}

impl<'p> Cursor<'p> {
    pub(super) fn rest(&self) -> &'p str {
        &self.text[self.at..]
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub(super) fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(c)
    }

    /// Steps over `prefix` if it comes next.
    pub(super) fn eat(&mut self, prefix: &str) -> bool {
        let found = self.rest().starts_with(prefix);
        if found {
            self.at += prefix.len();
        }
        found
    }

    /// An error that points at `start` up to here.
    pub(super) fn error(&self, start: usize, message: impl Into<String>) -> Error {
        Error::new(start..self.at, message)
    }

    /// One character of a class or a literal: itself, or an escape that stands for one
    /// character. The cursor stands on it.
    pub(super) fn character(&mut self) -> Result<Option<char>, Error> {
        let start = self.at;
        match self.next() {
            Some('\\') => self.escape(start).map(Some),
            other => Ok(other),
        }
    }

    /// The character of an escape whose backslash, at `start`, has been read.
    pub(super) fn escape(&mut self, start: usize) -> Result<char, Error> {
        let Some(c) = self.next() else {
            return Err(self.error(start, "the pattern ends in a single `\\`"));
        };
        match c {
            'a' => Ok('\x07'),
            'f' => Ok('\x0c'),
            'n' => Ok('\n'),
            'r' => Ok('\r'),
            't' => Ok('\t'),
            'v' => Ok('\x0b'),
            'x' => self.hexadecimal(start),
            '0' => Ok(self.octal(0)),
            '1'..='7' if matches!(self.peek(), Some('0'..='7')) => {
                Ok(self.octal(c.to_digit(8).unwrap_or(0)))
            }
            '1'..='9' => Err(self
                .error(start, format!("RE2 has no back-references: `\\{c}`"))
                .help("repeat the text instead of referring to the group")),
            _ if c.is_ascii() && !c.is_ascii_alphanumeric() && c != '_' => Ok(c),
            _ => Err(self.unknown_escape(start)),
        }
    }

    fn unknown_escape(&self, start: usize) -> Error {
        let escape = &self.text[start..self.at];
        let error = self.error(start, format!("RE2 does not know the escape `{escape}`"));
        match escape {
            "\\h" => error.help("write `[0-9a-fA-F]` for a hexadecimal digit"),
            "\\R" => error.help("write `\\r?\\n` for a line break"),
            "\\Z" => error.help("write `\\z` for the end of the text"),
            "\\u" => error.help("write `\\x{61}` for a character by its number"),
            _ => error,
        }
    }

    /// Up to two more octal digits behind `value`.
    fn octal(&mut self, mut value: u32) -> char {
        for _ in 0..2 {
            let Some(digit) = self.peek().and_then(|c| c.to_digit(8)) else {
                break;
            };
            value = value * 8 + digit;
            self.at += 1;
        }
        char::from_u32(value).unwrap_or('\0')
    }

    /// `\x41` or `\x{1F600}`.
    fn hexadecimal(&mut self, start: usize) -> Result<char, Error> {
        let digits = if self.eat("{") {
            let length = self.rest().find('}').unwrap_or(self.rest().len());
            let digits = &self.rest()[..length];
            self.at += length;
            if self.eat("}") { digits } else { "" }
        } else {
            let length = self
                .rest()
                .bytes()
                .take(2)
                .take_while(u8::is_ascii_hexdigit)
                .count();
            let digits = &self.rest()[..length];
            self.at += length;
            if length == 2 { digits } else { "" }
        };
        let valid = digits.bytes().all(|b| b.is_ascii_hexdigit());
        valid
            .then(|| {
                u32::from_str_radix(digits, 16)
                    .ok()
                    .and_then(char::from_u32)
            })
            .flatten()
            .ok_or_else(|| {
                self.error(start, "no character has this number")
                    .help("write two hexadecimal digits, `\\x41`, or more in braces, `\\x{1F600}`")
            })
    }
}
