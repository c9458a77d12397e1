//! The globs of artifacts over one path (runtime reference 16.1). A stand-in: the language of
//! globs is to live in `expr`; only this file changes then.

use regex::Regex;

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

    /// The path, where nothing in it is a glob.
    pub(super) fn literal(&self) -> Option<&str> {
        let plain = !self.relative.is_empty() && !self.relative.contains(GLOB);
        plain.then_some(self.relative.as_str())
    }

    /// The folder that holds every match, or the path itself where nothing in it is a glob.
    pub(super) fn root(&self) -> String {
        let parts = self.relative.split('/');
        let plain: Vec<&str> = parts.take_while(|part| !part.contains(GLOB)).collect();
        plain.join("/")
    }
}

/// Characters that make a part of a path a glob.
const GLOB: [char; 5] = ['*', '?', '[', '{', '\\'];

/// `text` relative to the project directory, cleaned; `None` when it leads outside.
fn below(text: &str, project_dir: &str) -> Option<String> {
    let text = if text.starts_with('/') {
        let rest = text.strip_prefix(project_dir)?;
        if !rest.is_empty() && !rest.starts_with('/') {
            return None;
        }
        rest
    } else {
        text
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
    let alternatives: Vec<String> = alternatives(glob).iter().map(|glob| path(glob)).collect();
    format!("(?s)^(?:{})$", alternatives.join("|"))
}

/// Most alternatives that braces may stand for; beyond, they are plain characters.
const MOST: usize = 1000;

/// `{a,b}` written out, the outermost first.
fn alternatives(glob: &str) -> Vec<String> {
    let mut done = Vec::new();
    let mut open = vec![glob.to_owned()];
    while let Some(glob) = open.pop() {
        match first_braces(&glob) {
            Some((before, choices, after)) if open.len() + done.len() < MOST => {
                let written = choices
                    .iter()
                    .map(|choice| format!("{before}{choice}{after}"));
                open.extend(written);
            }
            _ => done.push(glob),
        }
    }
    done
}

/// Text before the first braces, what they choose from, and text after them.
fn first_braces(glob: &str) -> Option<(&str, Vec<&str>, &str)> {
    let mut depth = 0_usize;
    let mut cuts = Vec::new();
    let mut chars = glob.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => {
                chars.next();
            }
            '{' => {
                depth += 1;
                if depth == 1 {
                    cuts.push(at);
                }
            }
            ',' if depth == 1 => cuts.push(at),
            '}' if depth == 1 => {
                cuts.push(at);
                let choices = cuts.windows(2).map(|cut| &glob[cut[0] + 1..cut[1]]);
                return Some((&glob[..cuts[0]], choices.collect(), &glob[at + 1..]));
            }
            '}' if depth > 1 => depth -= 1,
            _ => {}
        }
    }
    None
}

fn path(glob: &str) -> String {
    let parts: Vec<&str> = glob.split('/').collect();
    let mut regex = String::new();
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
    regex
}

fn push_part(part: &str, regex: &mut String) {
    let mut chars = part.chars().peekable();
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
            ("{a,b{1,2}}x", "b2x", true),
            ("{a", "{a", true),
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
