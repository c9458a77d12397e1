//! Names of images: `registry/path:tag@digest` (runtime reference 9.1).

/// Whether a text names an image.
pub fn is_image_name(text: &str) -> bool {
    let (rest, digest) = match text.split_once('@') {
        Some((rest, digest)) => (rest, Some(digest)),
        None => (text, None),
    };
    let (name, tag) = match rest.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => (name, Some(tag)),
        _ => (rest, None),
    };
    let path = match name.split_once('/') {
        Some((first, path)) if is_registry(first) => path,
        // What looks like a registry and is none is no folder either.
        _ => name,
    };
    path.split('/').all(is_part) && tag.is_none_or(is_tag) && digest.is_none_or(is_digest)
}

/// A host, perhaps with a port. Without a dot or a port it is the first folder of the path.
fn is_registry(text: &str) -> bool {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (text, None),
    };
    let looks_like_one = port.is_some()
        || host.contains('.')
        || host == "localhost"
        || host.bytes().any(|b| b.is_ascii_uppercase());
    let is_label = |label: &str| {
        !label.is_empty()
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let is_host = host.split('.').all(is_label) || (host.starts_with('[') && host.ends_with(']'));
    let is_port = |port: &str| !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit());
    looks_like_one && is_host && port.is_none_or(is_port)
}

/// Small letters and digits, with `.`, `_`, `__` or dashes between them.
fn is_part(text: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let mut between = text.split(is_plain).filter(|gap| !gap.is_empty());
    let is_gap = |gap: &str| matches!(gap, "." | "_" | "__") || gap.bytes().all(|b| b == b'-');
    text.starts_with(is_plain) && text.ends_with(is_plain) && between.all(is_gap)
}

fn is_tag(text: &str) -> bool {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.len() <= 128
        && text.starts_with(is_word)
        && text.chars().all(|c| is_word(c) || matches!(c, '.' | '-'))
}

fn is_digest(text: &str) -> bool {
    text.split_once(':').is_some_and(|(algorithm, digits)| {
        !algorithm.is_empty() && digits.len() >= 32 && digits.bytes().all(|b| b.is_ascii_hexdigit())
    })
}

#[cfg(test)]
mod tests {
    use super::is_image_name;

    #[test]
    fn names_of_images() {
        let digest = "a".repeat(64);
        let (by_digest, id) = (format!("ruby@sha256:{digest}"), format!("sha256:{digest}"));
        for (text, expected) in [
            ("ruby", true),
            ("ruby:3.1", true),
            ("library/ruby:3.1-slim_x", true),
            ("registry.example.com/a/b-c/d__e.f:1", true),
            ("registry.example.com:5000/a", true),
            ("localhost/a", true),
            ("HOST/a", true),
            ("[::1]:5000/a", true),
            ("a---b", true),
            (by_digest.as_str(), true),
            (id.as_str(), true),
            ("", false),
            ("/tools:1", false),
            ("registry.example.com//tools:1", false),
            ("registry.example.com/", false),
            ("registry.example.com/:1", false),
            ("ruby:", false),
            (":3.1", false),
            ("ruby:a b", false),
            ("Ruby", false),
            ("a/Ruby", false),
            ("-a", false),
            ("a._b", false),
            ("a___b", false),
            ("ruby@sha256:12", false),
            ("ruby@", false),
            ("$IMAGE", false),
            ("a:b:c", false),
        ] {
            assert_eq!(is_image_name(text), expected, "{text}");
        }
    }
}
