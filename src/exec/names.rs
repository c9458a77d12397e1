//! Names of containers and folders, made from names that people chose.

use sha2::{Digest, Sha256};

/// At most 40 characters of `a-z0-9-`.
pub(super) fn slug(text: &str) -> String {
    let plain: String = text
        .to_lowercase()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .take(40)
        .collect();
    plain.trim_matches('-').to_owned()
}

/// [`slug`], with a piece of the text's digest where it says less than the text: different names
/// stay different.
pub(super) fn unique_slug(text: &str) -> String {
    let slug = slug(text);
    if slug == text {
        return slug;
    }
    let digest = Sha256::digest(text.as_bytes());
    format!("{slug}-{:02x}{:02x}{:02x}", digest[0], digest[1], digest[2])
}

#[cfg(test)]
mod tests {
    use super::unique_slug;

    #[test]
    fn different_names_stay_different() {
        for (text, wanted) in [
            ("test", "test"),
            ("unit-2", "unit-2"),
            ("test: [a, 1]", "test---a--1-d74608"),
            ("Test", "test-532eaa"),
            ("täst", "t-st-6db94e"),
            ("🎉", "-614629"),
        ] {
            assert_eq!(unique_slug(text), wanted, "{text}");
        }
        let long = unique_slug(&"x".repeat(300));
        assert!(long.len() < 50, "{long}");
    }
}
