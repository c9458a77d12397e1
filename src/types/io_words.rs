//! What the system says of a failed read or write, in words for people.

use std::io::{Error, ErrorKind};

/// What to do when the disk under `pipe`'s own folder is full.
pub const MAKE_ROOM: &str = "make room, or name another place with `XDG_STATE_HOME`";

/// The system's words for an error.
pub fn io_words(error: &Error) -> String {
    without_number(&error.to_string())
}

/// Whether a write failed because the disk, or the user's share of it, is full.
pub fn is_disk_full(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded
    )
}

/// A text that quotes the system's words, without the numbers in it, which say nothing to people.
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
    fn numbers_are_left_out() {
        for (text, wanted) in [
            ("Full (os error 28)", "Full"),
            ("`a`: Gone (os error 2); look", "`a`: Gone; look"),
            ("x (os error 1): y (os error 2)", "x: y"),
            ("(os error", "(os error"),
        ] {
            assert_eq!(without_number(text), wanted, "{text}");
        }
    }

    #[test]
    fn a_full_disk_and_a_used_up_quota_are_the_same_to_people() {
        for (number, full) in [(28, true), (122, true), (2, false)] {
            let error = Error::from_raw_os_error(number);
            assert_eq!(is_disk_full(&error), full, "{error}");
        }
    }
}
