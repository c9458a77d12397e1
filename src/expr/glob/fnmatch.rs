//! Ruby's `File.fnmatch` with PATHNAME, DOTMATCH and EXTGLOB (configuration reference 8.4).

use super::path::{self, Extent, Part};
use super::segment::{Segment, Token};
use super::{GlobError, braces};

/// A pattern of `changes` or `exists`.
#[derive(Debug, Clone)]
pub struct Fnmatch {
    alternatives: Vec<Vec<Part>>,
}

impl Fnmatch {
    /// Compiles a pattern. No pattern is wrong: one with an open `{` or `[` matches nothing. Only
    /// alternatives without measure are refused.
    pub fn new(pattern: &str) -> Result<Self, GlobError> {
        let patterns = match braces::expand(pattern) {
            Err(GlobError::Syntax) => Vec::new(),
            other => other?,
        };
        Ok(Self {
            alternatives: patterns.iter().map(|pattern| parts(pattern)).collect(),
        })
    }

    /// Whether the path, relative to the root of the repository, matches.
    pub fn matches(&self, path: &str) -> bool {
        let components: Vec<&str> = path.split('/').collect();
        self.alternatives
            .iter()
            .any(|parts| path::matches(parts, &components, Extent::Whole))
    }

    /// Of each alternative the leading components without anything special.
    pub(super) fn literals(&self) -> impl Iterator<Item = impl Iterator<Item = &str>> {
        self.alternatives.iter().map(|parts| path::literals(parts))
    }
}

fn parts(pattern: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut rest = Some(pattern);
    while let Some(mut pattern) = rest {
        let start = pattern;
        while let Some(behind) = pattern.strip_prefix("**/") {
            pattern = behind;
        }
        if pattern.len() < start.len() {
            parts.push(Part::AnyComponents);
        }
        let (segment, behind) = segment(pattern);
        parts.push(Part::Component(segment));
        rest = behind;
    }
    parts
}

/// The component that `pattern` begins with, and what stands behind its `/`. A `\/` ends it too.
fn segment(pattern: &str) -> (Segment, Option<&str>) {
    let mut tokens = Vec::new();
    let mut chars = pattern.chars();
    loop {
        let token = match chars.next() {
            None => return (Segment::new(tokens), None),
            Some('/') => return (Segment::new(tokens), Some(chars.as_str())),
            Some('*') => Token::Run,
            Some('?') => Token::Any,
            Some('[') => match class(chars.as_str()) {
                Some((token, behind)) => {
                    chars = behind.chars();
                    token
                }
                None => Token::Never,
            },
            Some('\\') => match chars.next() {
                None => Token::Char('\\'),
                Some('/') => return (Segment::new(tokens), Some(chars.as_str())),
                Some(c) => Token::Char(c),
            },
            Some(c) => Token::Char(c),
        };
        tokens.push(token);
    }
}

/// The class whose `[` has been read, and what stands behind it. The first `]` ends it, so that
/// `[]` holds nothing.
fn class(text: &str) -> Option<(Token, &str)> {
    let inner = text.strip_prefix(['!', '^']);
    let negated = inner.is_some();
    let mut chars = inner.unwrap_or(text).chars();
    let mut ranges = Vec::new();
    loop {
        let low = match chars.next()? {
            ']' => return Some((Token::Class { negated, ranges }, chars.as_str())),
            '\\' => chars.next()?,
            c => c,
        };
        ranges.push((low, low));
        let Some(behind) = chars.as_str().strip_prefix('-') else {
            continue;
        };
        if behind.starts_with(']') {
            continue;
        }
        chars = behind.chars();
        let high = match chars.next()? {
            '\\' => chars.next()?,
            c => c,
        };
        // A range that runs backwards still holds its ends.
        ranges.extend([(low, high), (high, high)]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROWS: &[(&str, &str, bool)] = &[
        ("doc/**", "doc/a.md", true),
        ("doc/**", "doc/x/a.md", false),
        ("a/**/b", "a/b", true),
        ("a/**/b", "a/x/y/b", true),
        ("a/**/**/b", "a/b", true),
        ("**/a/**/b", "x/a/y/a/b", true),
        ("{**/*.md,**/*.txt}", "x/y.txt", true),
        ("\\*.c", "*.c", true),
        ("\\*.c", "a.c", false),
        ("!(a).c", "b.c", false),
        ("a\\", "a\\", true),
        ("a\\/b", "a/b", true),
        ("[a/b]", "a", true),
        ("[]", "a", false),
        ("[]a]", "a]", false),
        ("[^]", "a", true),
        ("[\\]]", "]", true),
        ("[a-c]", "b", true),
        ("[c-a]", "b", false),
        ("[c-a]", "a", true),
        ("[a-]", "-", true),
        ("[", "[", false),
        ("{a", "{a", false),
        ("a}", "a}", true),
        ("*a*b*c", "xaybzc", true),
        ("*a*b*c", "xaybz", false),
        ("?", "é", true),
        ("*", "", true),
        ("", "", true),
        ("", "a", false),
        ("a/", "a", false),
        ("a//b", "a/b", false),
    ];

    #[test]
    fn paths() {
        for (pattern, path, want) in ROWS {
            let glob = Fnmatch::new(pattern).expect(pattern);
            assert_eq!(glob.matches(path), *want, "{pattern} on {path}");
        }
    }

    #[test]
    fn a_hostile_pattern_ends() {
        let glob = Fnmatch::new(&"*a".repeat(200)).expect("valid");
        assert!(!glob.matches(&"a".repeat(5000).replace("aaaa", "aaab")));
        let glob = Fnmatch::new(&format!("{}b", "**/a*/".repeat(100))).expect("valid");
        assert!(!glob.matches(&"a/".repeat(2000)));
    }

    proptest::proptest! {
        #[test]
        fn any_pattern_is_matched(
            pattern in "[ab/*?!^{},\\[\\]\\\\-]{0,16}|\\PC{0,16}",
            path in "[ab/.-]{0,12}|\\PC{0,12}",
        ) {
            if let Ok(glob) = Fnmatch::new(&pattern) {
                glob.matches(&path);
            }
        }

        #[test]
        fn an_escaped_path_matches_itself(path in "[ab*?{},\\[\\]./-]{1,12}") {
            let escaped: String = path
                .chars()
                .flat_map(|c| if c == '/' { vec![c] } else { vec!['\\', c] })
                .collect();
            let glob = Fnmatch::new(&escaped).expect("no alternatives");
            proptest::prop_assert!(glob.matches(&path));
        }
    }
}
