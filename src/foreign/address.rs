//! Addresses of the web and of git, as they may be shown.

/// Parts of a query that hold a secret.
const SECRETS: [&str; 5] = [
    "private_token=",
    "job_token=",
    "access_token=",
    "token=",
    "feed_token=",
];

/// An address without user, password and tokens: for messages, records and names of files.
pub fn without_secrets(address: &str) -> String {
    let (scheme, rest) = address.split_once("://").unwrap_or(("", address));
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, behind) = rest.split_at(end);
    let host = match authority.rsplit_once('@') {
        Some((_, host)) if !scheme.is_empty() => host,
        _ => authority,
    };
    let behind = match behind.split_once('?') {
        Some((path, query)) => with_query(path, query),
        None => behind.to_owned(),
    };
    if scheme.is_empty() {
        return format!("{host}{behind}");
    }
    format!("{scheme}://{host}{behind}")
}

fn with_query(path: &str, query: &str) -> String {
    let is_secret = |part: &&str| SECRETS.iter().any(|name| part.starts_with(name));
    let kept: Vec<&str> = query.split('&').filter(|part| !is_secret(part)).collect();
    if kept.is_empty() {
        path.to_owned()
    } else {
        format!("{path}?{}", kept.join("&"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_of_an_address_are_not_shown() {
        for (address, expected) in [
            ("https://h.example/a.yml", "https://h.example/a.yml"),
            ("https://me:pw@h.example/a.yml", "https://h.example/a.yml"),
            ("https://me:p@w@h.example:8443", "https://h.example:8443"),
            ("https://h.example/a@b.yml", "https://h.example/a@b.yml"),
            (
                "https://h.example/a?private_token=x&ref=v1",
                "https://h.example/a?ref=v1",
            ),
            ("https://h.example/a?job_token=x", "https://h.example/a"),
            ("ssh://git@h.example/g/p.git", "ssh://h.example/g/p.git"),
            ("git@h.example:g/p.git", "git@h.example:g/p.git"),
            ("/srv/git/p.git", "/srv/git/p.git"),
        ] {
            assert_eq!(without_secrets(address), expected);
        }
    }
}
