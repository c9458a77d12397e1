//! Quoting for every POSIX shell.

use std::borrow::Cow;

/// `text` as one shell word. Single quotes work in bash, busybox and dash alike; the runner's
/// `$'…'` does not (runtime reference 2.4).
pub(super) fn quoted(text: &str) -> Cow<'_, str> {
    if !text.is_empty() && text.bytes().all(is_plain) {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(format!("'{}'", text.replace('\'', r"'\''")))
    }
}

/// Bytes that mean only themselves anywhere in a word.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_./,@-".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn each_text_is_one_word() {
        for (text, word) in [
            ("plain-1.0/x@y,z", "plain-1.0/x@y,z"),
            ("", "''"),
            ("two words", "'two words'"),
            ("it's", r"'it'\''s'"),
            ("''", r"''\'''\'''"),
            ("$HOME `id` \\ \"", "'$HOME `id` \\ \"'"),
            ("line 1\nline 2\n", "'line 1\nline 2\n'"),
            ("~", "'~'"),
            ("*", "'*'"),
            ("a=b", "'a=b'"),
            ("äöü", "'äöü'"),
        ] {
            assert_eq!(quoted(text), word, "{text:?}");
        }
    }
}
