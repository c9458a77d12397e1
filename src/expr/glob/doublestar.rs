//! Patterns of the runner: doublestar, version 4 (runtime reference 16.1).

use super::path::{self, Extent, Part};
use super::segment::{Segment, Token};
use super::{GlobError, braces};

/// A pattern relative to the project directory, without `.`, `..` and empty components.
#[derive(Debug, Clone)]
pub(super) struct Doublestar {
    alternatives: Vec<Vec<Part>>,
}

impl Doublestar {
    pub(super) fn new(pattern: &str) -> Result<Self, GlobError> {
        let patterns = braces::expand(pattern)?;
        let alternatives = patterns.iter().map(|pattern| parts(pattern));
        Ok(Self {
            alternatives: alternatives.collect::<Result<_, _>>()?,
        })
    }

    /// Whether the whole path matches. `a/**` matches `a` too.
    pub(super) fn matches(&self, path: &[&str]) -> bool {
        self.alternatives
            .iter()
            .any(|parts| path::matches(parts, path, Extent::Whole))
    }

    /// Whether the path or a directory that leads to it matches. `a/**` matches `a` only when
    /// that is a directory.
    pub(super) fn reaches(&self, path: &[&str], is_dir: bool) -> bool {
        self.alternatives.iter().any(|parts| {
            let ends_open = matches!(parts.last(), Some(Part::AnyComponents));
            if !ends_open || is_dir {
                return path::matches(parts, path, Extent::Prefix);
            }
            // A file has to lie below what stands before the `**`.
            let before = &parts[..parts.len() - 1];
            let parent = &path[..path.len().saturating_sub(1)];
            path::matches(before, parent, Extent::Prefix)
        })
    }

    /// Of each alternative the leading components without anything special.
    pub(super) fn literal_roots(&self) -> impl Iterator<Item = String> {
        self.alternatives
            .iter()
            .map(|parts| path::literals(parts).collect::<Vec<_>>().join("/"))
    }
}

fn parts(pattern: &str) -> Result<Vec<Part>, GlobError> {
    let mut parts = Vec::new();
    let mut rest = Some(pattern).filter(|pattern| !pattern.is_empty());
    while let Some(pattern) = rest {
        if pattern == "**" {
            parts.push(Part::AnyComponents);
            break;
        }
        if let Some(behind) = pattern.strip_prefix("**/") {
            parts.push(Part::AnyComponents);
            rest = Some(behind);
            continue;
        }
        let (segment, behind) = segment(pattern)?;
        parts.push(Part::Component(segment));
        rest = behind;
    }
    Ok(parts)
}

/// The component that `pattern` begins with, and what stands behind its `/`.
fn segment(pattern: &str) -> Result<(Segment, Option<&str>), GlobError> {
    let mut tokens = Vec::new();
    let mut chars = pattern.chars();
    loop {
        let token = match chars.next() {
            None => return Ok((Segment::new(tokens), None)),
            Some('/') => return Ok((Segment::new(tokens), Some(chars.as_str()))),
            Some('*') => Token::Run,
            Some('?') => Token::Any,
            Some('[') => {
                let (token, behind) = class(chars.as_str()).ok_or(GlobError::Syntax)?;
                chars = behind.chars();
                token
            }
            Some('\\') => Token::Char(chars.next().ok_or(GlobError::Syntax)?),
            Some(c) => Token::Char(c),
        };
        tokens.push(token);
    }
}

/// The class whose `[` has been read, and what stands behind it. It holds something.
fn class(text: &str) -> Option<(Token, &str)> {
    let inner = text.strip_prefix(['!', '^']);
    let negated = inner.is_some();
    let mut chars = inner.unwrap_or(text).chars();
    let mut ranges: Vec<(char, char)> = Vec::new();
    // The character that a `-` would make the lower end of a range.
    let mut low = None;
    loop {
        match chars.next()? {
            ']' if ranges.is_empty() => return None,
            ']' => return Some((Token::Class { negated, ranges }, chars.as_str())),
            '-' if low.is_some() && !chars.as_str().starts_with(']') => {
                let high = match chars.next()? {
                    '\\' => chars.next()?,
                    c => c,
                };
                ranges.extend(low.take().map(|low| (low, high)));
            }
            c => {
                let c = if c == '\\' { chars.next()? } else { c };
                ranges.push((c, c));
                low = Some(c);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROWS: &[(&str, &str, Option<bool>)] = &[
        ("*.log", "a.log", Some(true)),
        ("*.log", "x/a.log", Some(false)),
        ("*", ".env", Some(true)),
        ("rep/**/*.xml", "rep/a.xml", Some(true)),
        ("rep/**/*.xml", "rep/x/y/a.xml", Some(true)),
        ("**/*.xml", "a.xml", Some(true)),
        ("**", "a/b", Some(true)),
        ("tmp/**", "tmp", Some(true)),
        ("tmp/**/*", "tmp", Some(false)),
        ("a/**.txt", "a/x.txt", Some(true)),
        ("a/**.txt", "a/b/x.txt", Some(false)),
        ("a/***/x", "a/b/x", Some(true)),
        ("a/***/x", "a/b/c/x", Some(false)),
        ("{a,b/c}/d", "b/c/d", Some(true)),
        ("{a,**}/d", "x/y/d", Some(true)),
        ("[^a].c", "b.c", Some(true)),
        ("[!a].c", "a.c", Some(false)),
        ("[a-c].c", "b.c", Some(true)),
        ("[-a]", "-", Some(true)),
        ("[a-]", "-", Some(true)),
        ("[\\]]", "]", Some(true)),
        ("\\*", "*", Some(true)),
        ("\\*", "a", Some(false)),
        ("a}", "a}", Some(true)),
        ("[]", "a", None),
        ("[a", "a", None),
        ("{a", "a", None),
        ("a\\", "a", None),
    ];

    #[test]
    fn paths() {
        for (pattern, path, want) in ROWS {
            let components: Vec<&str> = path.split('/').collect();
            let got = Doublestar::new(pattern).map(|glob| glob.matches(&components));
            assert_eq!(got.ok(), *want, "{pattern} on {path}");
        }
    }
}
