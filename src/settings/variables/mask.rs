//! Which values GitLab would mask (runtime reference 15.1).

/// Why a value can't be masked; reads on after "its value".
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotMaskable {
    /// Under eight characters.
    #[error("has fewer than 8 characters")]
    Short,
    /// White space, line ends included.
    #[error("has white space or several lines")]
    Space,
    /// Characters that an expanded value may not have.
    #[error("has characters that only a `raw` variable may have")]
    Characters,
}

/// Whether GitLab would mask `value`; `raw` is a variable that is not expanded.
pub fn maskable(value: &str, raw: bool) -> Result<(), NotMaskable> {
    let ordinary = |c: char| c.is_ascii_alphanumeric() || "_+=/@:.~-".contains(c);
    if value.chars().any(char::is_whitespace) {
        Err(NotMaskable::Space)
    } else if value.chars().count() < 8 {
        Err(NotMaskable::Short)
    } else if !raw && !value.chars().all(ordinary) {
        Err(NotMaskable::Characters)
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rules_of_masking() {
        for (value, raw, expected) in [
            ("abcdefgh", false, Ok(())),
            ("abcdefg", false, Err(NotMaskable::Short)),
            ("", false, Err(NotMaskable::Short)),
            ("a_+=/@:.~-9", false, Ok(())),
            ("abcdef$gh", false, Err(NotMaskable::Characters)),
            ("abcdef$gh", true, Ok(())),
            ("pässwort!", true, Ok(())),
            ("abc defgh", true, Err(NotMaskable::Space)),
            ("abcdefgh\n", false, Err(NotMaskable::Space)),
        ] {
            assert_eq!(maskable(value, raw), expected, "{value:?} raw {raw}");
        }
    }
}
