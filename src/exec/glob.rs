//! The globs of artifacts over one path (runtime reference 16.1). A stand-in: the language of
//! globs is to live in `expr`; only this file changes then.

use regex::Regex;

use super::collect::Root;

/// One glob, relative to the project directory.
pub(super) struct Pattern {
    text: String,
    relative: String,
    regex: Regex,
}

impl Pattern {
    /// `None` for a glob that leads out of `project_dir`.
    pub(super) fn new(text: &str, project_dir: &str) -> Option<Self> {
        let relative = below(text, project_dir)?;
        let regex = Regex::new(&to_regex(&relative))
            .or_else(|_| Regex::new(&format!("^{}$", regex::escape(&relative))))
            .ok()?;
        Some(Self {
            text: text.to_owned(),
            relative,
            regex,
        })
    }

    /// As it was written.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Whether it matches exactly `path`. The empty pattern stands for the project directory and
    /// matches all that is in it.
    pub(super) fn matches(&self, path: &str) -> bool {
        self.relative.is_empty() || self.regex.is_match(path)
    }

    /// The folder that holds every match, or the path itself where nothing in it is a glob.
    pub(super) fn root(&self) -> Root {
        let parts: Vec<&str> = self.relative.split('/').collect();
        let plain = parts
            .iter()
            .take_while(|part| !part.contains(['*', '?', '[', '{', '\\']))
            .count();
        Root {
            path: parts[..plain].join("/"),
            literal: plain == parts.len() && !self.relative.is_empty(),
        }
    }
}

/// `text` relative to the project directory, cleaned; `None` when it leads outside.
fn below(text: &str, project_dir: &str) -> Option<String> {
    let text = match text.strip_prefix('/') {
        None => text,
        Some(_) => {
            let rest = text.strip_prefix(project_dir)?;
            if !rest.is_empty() && !rest.starts_with('/') {
                return None;
            }
            rest
        }
    };
    let mut parts: Vec<&str> = Vec::new();
    for part in text.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

fn to_regex(glob: &str) -> String {
    let parts: Vec<&str> = glob.split('/').collect();
    let mut regex = String::from("(?s)^");
    for (index, part) in parts.iter().enumerate() {
        let last = index + 1 == parts.len();
        match (*part, last) {
            // `a/**` matches `a` itself too.
            ("**", true) if index > 0 => {
                regex.truncate(regex.len() - 1);
                regex.push_str("(?:/.*)?");
            }
            ("**", true) => regex.push_str(".*"),
            ("**", false) => regex.push_str("(?:[^/]+/)*"),
            (part, _) => {
                push_part(part, &mut regex);
                if !last {
                    regex.push('/');
                }
            }
        }
    }
    regex.push('$');
    regex
}

fn push_part(part: &str, regex: &mut String) {
    let mut chars = part.chars().peekable();
    let mut braces = 0;
    while let Some(c) = chars.next() {
        match c {
            '*' => regex.push_str("[^/]*"),
            '?' => regex.push_str("[^/]"),
            '[' => {
                regex.push('[');
                if chars.next_if_eq(&'^').is_some() || chars.next_if_eq(&'!').is_some() {
                    regex.push('^');
                }
            }
            ']' => regex.push(']'),
            '-' => regex.push('-'),
            '{' => {
                braces += 1;
                regex.push_str("(?:");
            }
            '}' if braces > 0 => {
                braces -= 1;
                regex.push(')');
            }
            ',' if braces > 0 => regex.push('|'),
            '\\' => regex.push_str(&regex::escape(
                &chars.next().map(String::from).unwrap_or_default(),
            )),
            c => regex.push_str(&regex::escape(c.encode_utf8(&mut [0; 4]))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Pattern;

    #[test]
    fn matches() {
        for (glob, path, wanted) in [
            ("a", "a", true),
            ("a", "a/b", false),
            ("*.log", "x.log", true),
            ("*.log", "d/x.log", false),
            ("*", ".hidden", true),
            ("**/*.xml", "a.xml", true),
            ("**/*.xml", "a/b/c.xml", true),
            ("a/**", "a", true),
            ("a/**", "a/b/c", true),
            ("a/**", "ab", false),
            ("a/**/b", "a/b", true),
            ("a/**/b", "a/x/y/b", true),
            ("a?c", "abc", true),
            ("a?c", "a/c", false),
            ("[ab]x", "bx", true),
            ("[^ab]x", "bx", false),
            ("[a-c]x", "cx", true),
            ("{a,b/c}.o", "b/c.o", true),
            ("a\\*", "a*", true),
            ("a\\*", "ab", false),
            ("a+b", "a+b", true),
            ("[", "[", true),
            ("./a//b/", "a/b", true),
            ("x/../a", "a", true),
        ] {
            let pattern = Pattern::new(glob, "/p").expect(glob);
            assert_eq!(pattern.matches(path), wanted, "{glob} on {path}");
        }
    }
}
