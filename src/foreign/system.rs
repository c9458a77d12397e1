//! The operating system's words.

use std::io::{self, ErrorKind};

/// What to do when the disk under `pipe`'s own folder is full.
pub const MAKE_ROOM: &str = "make room, or name another place with `XDG_STATE_HOME`";

/// Whether a write failed because the disk, or the user's share of it, is full.
pub fn is_disk_full(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded
    )
}

/// What went wrong, in lower case, as all messages are: `no space left on device`.
pub fn system_words(error: &io::Error) -> String {
    let words = without_number(&error.to_string());
    let mut letters = words.chars();
    // `I/O error` stays as it is.
    let is_word = words.chars().nth(1).is_some_and(char::is_lowercase);
    match letters.next() {
        Some(first) if is_word => first.to_lowercase().chain(letters).collect(),
        _ => words,
    }
}

/// A message without the numbers of the errors in it, which say nothing to people:
/// `(os error 28)`.
pub fn without_number(text: &str) -> String {
    let mut text = text.to_owned();
    while let Some(from) = text.find(" (os error ")
        && let Some(length) = text[from..].find(')')
    {
        text.replace_range(from..=from + length, "");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_number_is_shown() {
        for (error, words) in [
            (io::Error::from_raw_os_error(28), "no space left on device"),
            (io::Error::from_raw_os_error(5), "input/output error"),
            (io::Error::other("a thread died"), "a thread died"),
        ] {
            assert_eq!(system_words(&error), words);
        }
        assert_eq!(without_number("(os error"), "(os error");
        assert_eq!(
            without_number("`a`: Full (os error 28); `b`: Gone (os error 2)"),
            "`a`: Full; `b`: Gone"
        );
    }

    #[test]
    fn a_full_disk_and_a_used_up_quota_are_the_same_to_people() {
        for (number, full) in [(28, true), (122, true), (2, false)] {
            let error = io::Error::from_raw_os_error(number);
            assert_eq!(is_disk_full(&error), full, "{error}");
        }
    }
}
