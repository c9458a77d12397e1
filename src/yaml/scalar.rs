//! What an unquoted word is: number, boolean, null, symbol, date or text.
//!
//! The rules are those of Psych's scalar scanner (configuration reference 2.2), written by hand
//! because they are asked for every plain scalar of a pipeline.

mod number;
mod time;

use std::sync::Arc;

use super::Kind;

pub(super) use time::Timestamp;

/// What Psych makes of an unquoted scalar.
#[derive(Debug)]
pub(super) enum Plain {
    /// A value.
    Value(Kind),
    /// A date or time, which GitLab refuses to load.
    Timestamp(Timestamp),
}

/// Resolves an unquoted scalar.
pub(super) fn resolve(text: &Arc<str>) -> Plain {
    if text.is_empty() {
        return Plain::Value(Kind::Null);
    }
    if begins_like_a_word(text) || text.contains('\n') {
        return Plain::Value(word(text));
    }
    if let Some(timestamp) = time::recognize(text) {
        return Plain::Timestamp(timestamp);
    }
    let kind = infinity(text)
        .or_else(|| symbol(text))
        .or_else(|| number::resolve(text))
        .unwrap_or_else(|| Kind::Str(text.clone()));
    Plain::Value(kind)
}

/// Whether the first or second character rules out a number. A digit, point, colon or minus
/// must not stand before the deciding second character.
fn begins_like_a_word(text: &str) -> bool {
    let mut chars = text.chars();
    let Some(first) = chars.next() else {
        return false;
    };
    let number_like = first.is_ascii_digit() || matches!(first, '.' | ':' | '-');
    is_word_char(first) || (!number_like && chars.next().is_some_and(is_word_char))
}

fn is_word_char(char: char) -> bool {
    char.is_alphabetic()
        || is_ruby_space(char)
        || matches!(
            char,
            '_' | '!' | '@' | '#' | '$' | '%' | '^' | '&' | '*' | '(' | ')'
        )
        || matches!(
            char,
            '{' | '}' | '<' | '>' | '|' | '/' | '\\' | '~' | ';' | '='
        )
}

/// Ruby's `\s`.
pub(super) fn is_ruby_space(char: char) -> bool {
    matches!(char, ' ' | '\t' | '\n' | '\r' | '\x0b' | '\x0c')
}

/// `null`, a boolean, or text. Psych matches line by line, so a folded scalar of two short lines
/// can be a boolean too.
fn word(text: &Arc<str>) -> Kind {
    let as_text = || Kind::Str(text.clone());
    if text.chars().nth(5).is_some() || some_line_begins_otherwise(text) {
        return as_text();
    }
    let some_line_is = |words: &[&str]| {
        let matches = |line: &str| words.iter().any(|word| line.eq_ignore_ascii_case(word));
        text.split('\n').any(matches)
    };
    if &**text == "~" || some_line_is(&["null"]) {
        Kind::Null
    } else if some_line_is(&["yes", "true", "on"]) {
        Kind::Bool(true)
    } else if some_line_is(&["no", "false", "off"]) {
        Kind::Bool(false)
    } else {
        as_text()
    }
}

/// Whether a line begins with a character that begins none of Psych's words.
fn some_line_begins_otherwise(text: &str) -> bool {
    let mut lines = text.split('\n').peekable();
    while let Some(line) = lines.next() {
        let begins_otherwise = match line.chars().next() {
            Some(first) => !matches!(
                first.to_ascii_lowercase(),
                'y' | 't' | 'o' | 'n' | 'f' | '~'
            ),
            // The line break itself is the first character of an empty line, unless it is last.
            None => lines.peek().is_some(),
        };
        if begins_otherwise {
            return true;
        }
    }
    false
}

fn infinity(text: &str) -> Option<Kind> {
    let is = |word: &str| text.eq_ignore_ascii_case(word);
    let value = if is(".inf") || is("+.inf") {
        f64::INFINITY
    } else if is("-.inf") {
        f64::NEG_INFINITY
    } else if is(".nan") {
        f64::NAN
    } else {
        return None;
    };
    Some(Kind::Float(value))
}

/// `:name`, `:"name"` and `:'name'`.
fn symbol(text: &str) -> Option<Kind> {
    let name = text.strip_prefix(':').filter(|name| !name.is_empty())?;
    let quote = name.chars().next().filter(|c| matches!(c, '"' | '\''));
    let quoted = quote.and_then(|quote| {
        let end = name.rfind(quote).filter(|end| *end > 0)?;
        let inner = &name[1..end];
        Some(inner.strip_prefix(':').unwrap_or(inner))
    });
    Some(Kind::Symbol(quoted.unwrap_or(name).into()))
}

/// The text behind base64 as Ruby's `unpack('m')` reads it: other characters are skipped, and
/// bytes that are no UTF-8 become replacement characters.
pub(super) fn decode_base64(text: &str) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut bytes = Vec::new();
    let (mut bits, mut count) = (0_u32, 0);
    for byte in text.bytes().take_while(|byte| *byte != b'=') {
        let Some(six) = (0_u32..).zip(ALPHABET).find(|(_, c)| **c == byte) else {
            continue;
        };
        bits = (bits << 6 | six.0) & 0xff_ffff;
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.extend(u8::try_from(bits >> count & 0xff));
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
