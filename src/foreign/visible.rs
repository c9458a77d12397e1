//! Foreign text on one line of a terminal.

use std::borrow::Cow;

/// The text with everything escaped that would move the cursor, change colours, end the line,
/// turn the direction of writing, or stand there unseen: `a\u{1b}[2J`, `a\nb`.
pub fn visible(text: &str) -> Cow<'_, str> {
    let is_ascii = text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    if is_ascii || !text.contains(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for char in text.chars() {
        if is_hidden(char) {
            shown.extend(char.escape_default());
        } else {
            shown.push(char);
        }
    }
    Cow::Owned(shown)
}

/// Whether a character acts on the terminal or on its neighbours instead of showing: control
/// characters (C0, DEL, C1), line and paragraph separators, what Unicode calls format characters
/// (bidirectional controls, joiners, tags), and letters without ink.
///
/// Variation selectors are none: they belong to many an emoji and do nothing else.
pub fn is_hidden(char: char) -> bool {
    char.is_control()
        || matches!(char,
            '\u{ad}' | '\u{34f}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}'
            | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180e}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e00ff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_acts_is_shown_instead() {
        for (name, text, shown) in [
            ("plain", "rspec 1/3", "rspec 1/3"),
            ("letters", "prüfen 日本", "prüfen 日本"),
            ("emoji", "❤\u{fe0f} 🚀", "❤\u{fe0f} 🚀"),
            ("a line break", "a\nb", r"a\nb"),
            ("carriage return and tab", "a\r\tb", r"a\r\tb"),
            ("escape", "\u{1b}[31ma", r"\u{1b}[31ma"),
            ("DEL", "a\u{7f}", r"a\u{7f}"),
            ("C1", "\u{9b}31m", r"\u{9b}31m"),
            ("override", "a\u{202e}b", r"a\u{202e}b"),
            ("isolate", "a\u{2066}b\u{2069}", r"a\u{2066}b\u{2069}"),
            ("mark", "a\u{200e}\u{61c}b", r"a\u{200e}\u{61c}b"),
            ("zero width", "a\u{200b}\u{feff}b", r"a\u{200b}\u{feff}b"),
            ("separator", "a\u{2028}b", r"a\u{2028}b"),
            ("tag", "a\u{e0041}", r"a\u{e0041}"),
        ] {
            assert_eq!(visible(text), shown, "{name}");
            assert_eq!(visible(shown), shown, "{name}: twice is once");
        }
    }
}
