//! The wildcards of `include:local` (configuration reference 4.2).

use regex::Regex;

/// A path of `include:local`: only `*`, `**` and `**/` are special.
#[derive(Debug, Clone)]
pub struct IncludeGlob {
    path: String,
    /// `None` for a plain path.
    wildcard: Option<Regex>,
}

impl IncludeGlob {
    /// Reads a path whose variables are expanded. A leading `/` is dropped from a plain path
    /// only, so that a wildcard with one finds nothing.
    pub fn new(path: &str) -> Self {
        // A pattern beyond the size limit of the crate counts as a plain path; none is that long.
        let wildcard = path.contains('*').then(|| wildcard(path)).flatten();
        let path = match wildcard {
            Some(_) => path,
            None => path.strip_prefix('/').unwrap_or(path),
        };
        Self {
            path: path.to_owned(),
            wildcard,
        }
    }

    /// The path to open when it has no wildcard.
    pub fn plain_path(&self) -> Option<&str> {
        self.wildcard.is_none().then_some(self.path.as_str())
    }

    /// Whether a file, by its path from the root of the repository, is included.
    pub fn matches(&self, path: &str) -> bool {
        match &self.wildcard {
            Some(regex) => regex.is_match(path),
            None => self.path == path,
        }
    }
}

fn wildcard(path: &str) -> Option<Regex> {
    let mut pattern = String::from("(?s)\\A");
    let mut rest = path;
    while !rest.is_empty() {
        let special = [("**/", "(?:.*/)?"), ("**", ".*"), ("*", "[^/]*")];
        if let Some((token, written)) = special.iter().find(|(token, _)| rest.starts_with(token)) {
            pattern.push_str(written);
            rest = &rest[token.len()..];
            continue;
        }
        let length = rest.find('*').unwrap_or(rest.len());
        pattern.push_str(&regex::escape(&rest[..length]));
        rest = &rest[length..];
    }
    pattern.push_str("\\z");
    Regex::new(&pattern).ok()
}
