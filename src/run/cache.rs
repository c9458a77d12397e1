//! A cache of a job: what is brought before its script and saved after it (runtime reference 17).

use std::sync::Arc;

use crate::types::KeepWhen;

/// One cache, in the order of the job's list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobCache {
    /// Under which it is saved, and first looked for. Variables are expanded.
    pub key: String,
    /// Where it is looked for next.
    pub fallback_keys: Vec<String>,
    /// Globs of its files, variables unexpanded.
    pub paths: Vec<Arc<str>>,
    /// Whether all files that git does not track belong to it.
    pub untracked: bool,
    /// Whether it is brought.
    pub pulls: bool,
    /// Whether it is saved.
    pub pushes: bool,
    /// After which result it is saved.
    pub when: KeepWhen,
}

/// A key as the runner makes a path of it: nothing leads out, and what is encoded is meant as it
/// reads. `None` where nothing is left of it (runtime reference 17.2).
pub(super) fn sanitized(key: &str) -> Option<String> {
    let plain = decoded(key).replace('\\', "/");
    let mut parts: Vec<&str> = Vec::new();
    for part in plain.split('/') {
        match part.trim_end() {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    (!parts.is_empty()).then(|| parts.join("/"))
}

/// `%2f` and `%2e`, in either case, as the characters that they stand for.
fn decoded(key: &str) -> String {
    ["%2f", "%2F"]
        .iter()
        .fold(key.to_owned(), |key, code| key.replace(code, "/"))
        .replace("%2e", ".")
        .replace("%2E", ".")
}

#[cfg(test)]
mod tests {
    use super::sanitized;

    #[test]
    fn keys() {
        for (key, wanted) in [
            ("default", Some("default")),
            ("a/b", Some("a/b")),
            ("feature%2Fx", Some("feature/x")),
            ("a\\b", Some("a/b")),
            ("../../etc/passwd", Some("etc/passwd")),
            ("%2e%2e/x", Some("x")),
            ("a/../b", Some("b")),
            ("a  /b  ", Some("a/b")),
            ("..", None),
            ("", None),
            ("  ", None),
        ] {
            assert_eq!(sanitized(key).as_deref(), wanted, "{key:?}");
        }
    }
}
