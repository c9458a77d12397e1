//! Booleans in variables, as GitLab Runner (Go) reads them.

/// A truth value in the spellings of Go's `strconv.ParseBool` (runtime reference 11.2); `None` for
/// any other text.
pub fn go_bool(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::go_bool;

    #[test]
    fn spellings() {
        for (text, value) in [
            ("true", Some(true)),
            ("1", Some(true)),
            ("True", Some(true)),
            ("F", Some(false)),
            ("0", Some(false)),
            ("tRUE", None),
            ("yes", None),
            ("", None),
            (" true", None),
        ] {
            assert_eq!(go_bool(text), value, "{text:?}");
        }
    }
}
