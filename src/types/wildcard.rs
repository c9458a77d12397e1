//! Names with `*`: protected refs, environment scopes, settings.

/// Whether `text` fits `pattern`, where `*` stands for any characters, `/` included, and
/// everything else for itself. It is the pattern of protected refs, of environment scopes
/// (runtime reference 12.2) and of our own settings that name refs and jobs.
pub fn wildcard_match(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else {
        return false;
    };
    let Some(last) = parts.next_back() else {
        return rest.is_empty();
    };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::wildcard_match;

    #[test]
    fn a_star_stands_for_anything() {
        for (pattern, text, fits) in [
            ("main", "main", true),
            ("main", "main2", false),
            ("", "", true),
            ("", "a", false),
            ("*", "", true),
            ("*", "a/b", true),
            ("issue-*", "issue-12", true),
            ("issue-*", "issue-", true),
            ("issue-*", "my-issue-12", false),
            ("*-stable", "9-2-stable", true),
            ("review/*/x", "review/a/b/x", true),
            ("review/*/x", "review/x", false),
            ("a*a", "a", false),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-c-b", false),
            ("[a]*", "a", false),
        ] {
            assert_eq!(wildcard_match(pattern, text), fits, "{pattern} on {text}");
        }
    }
}
