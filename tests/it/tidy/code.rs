//! A look at Rust text that is just sharp enough: what is code, and which paths it names.

/// The text with comments, strings and characters blanked out; lines stay where they were.
pub(super) fn without_text(source: &str) -> String {
    let mut out = String::with_capacity(source.len());
    let mut rest = source;
    while let Some(c) = rest.chars().next() {
        let length = skip(rest, out.chars().next_back());
        if length == 0 {
            out.push(c);
            rest = &rest[c.len_utf8()..];
        } else {
            out.extend(
                rest[..length]
                    .chars()
                    .map(|c| if c == '\n' { c } else { ' ' }),
            );
            rest = &rest[length..];
        }
    }
    out
}

/// How many bytes at the start are not code.
fn skip(rest: &str, before: Option<char>) -> usize {
    let in_word = before.is_some_and(is_word);
    if rest.starts_with("//") {
        rest.find('\n').unwrap_or(rest.len())
    } else if rest.starts_with("/*") {
        rest.find("*/").map_or(rest.len(), |end| end + 2)
    } else if rest.starts_with('"') {
        quoted(rest)
    } else if !in_word && rest.starts_with(['r', 'b', 'c']) {
        raw(rest)
    } else if rest.starts_with('\'') {
        character(rest)
    } else {
        0
    }
}

/// The length of `"…"`, escapes included.
fn quoted(rest: &str) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

/// The length of `r#"…"#`, `br"…"` and the like; 0 for a word that only begins so.
fn raw(rest: &str) -> usize {
    let prefix = rest.len() - rest.trim_start_matches(['b', 'c']).len();
    let Some(body) = rest[prefix..].strip_prefix('r') else {
        return 0;
    };
    let hashes = body.len() - body.trim_start_matches('#').len();
    if !body[hashes..].starts_with('"') {
        return 0;
    }
    let end = format!("\"{}", "#".repeat(hashes));
    let start = prefix + 1 + hashes + 1;
    rest[start..]
        .find(&end)
        .map_or(rest.len(), |at| start + at + end.len())
}

/// The length of `'x'` or `'\n'`; 0 for a lifetime.
fn character(rest: &str) -> usize {
    let inner = &rest[1..];
    if inner.starts_with('\\') {
        return inner[2..].find('\'').map_or(0, |end| 1 + 2 + end + 1);
    }
    let Some(c) = inner.chars().next() else {
        return 0;
    };
    if inner[c.len_utf8()..].starts_with('\'') {
        c.len_utf8() + 2
    } else {
        0
    }
}

/// The code (see [`without_text`]) with each item under `#[cfg(test)]` blanked out.
pub(super) fn without_tests(code: &str) -> String {
    const MARK: &str = "#[cfg(test)]";
    let mut out = code.to_owned();
    while let Some(start) = out.find(MARK) {
        let end = start + item_length(&out[start..]);
        let blank: String = (out[start..end].chars())
            .map(|c| if c == '\n' { c } else { ' ' })
            .collect();
        out.replace_range(start..end, &blank);
    }
    out
}

/// The source with each line blanked out that belongs to an item under `#[cfg(test)]`.
pub(super) fn without_test_lines(source: &str) -> String {
    let code = without_text(source);
    let mut is_test = vec![false; source.lines().count() + 1];
    let mut from = 0;
    while let Some(found) = code[from..].find("#[cfg(test)]") {
        let start = from + found;
        let end = start + item_length(&code[start..]);
        let line = |at: usize| code[..at].matches('\n').count();
        is_test[line(start)..=line(end)].fill(true);
        from = end;
    }
    let lines = source.lines().zip(is_test);
    let lines = lines.map(|(line, is_test)| if is_test { "" } else { line });
    lines.collect::<Vec<_>>().join("\n")
}

/// To the `;` or the closing brace of the item that starts here.
fn item_length(item: &str) -> usize {
    let mut depth = 0_usize;
    for (at, c) in item.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth <= 1 => return at + 1,
            '}' => depth -= 1,
            ';' if depth == 0 => return at + 1,
            _ => {}
        }
    }
    item.len()
}

/// A path that code names, such as `std::fs::read`, and its line.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) line: usize,
    pub(super) path: Vec<String>,
}

impl Named {
    /// Does the path begin with `prefix` (`std::time::Instant`)?
    pub(super) fn starts_with(&self, prefix: &str) -> bool {
        let prefix: Vec<&str> = prefix.split("::").collect();
        self.path.len() >= prefix.len() && self.path.iter().zip(&prefix).all(|(a, b)| a == b)
    }
}

/// All paths of a file's code, groups such as `a::{b, c::d}` taken apart. Single words are paths
/// too; whoever asks knows which first words matter.
pub(super) fn paths(code: &str) -> Vec<Named> {
    let mut found = Vec::new();
    let mut reader = Reader {
        code,
        at: 0,
        line: 1,
        line_of: 0,
    };
    while reader.at < code.len() {
        match reader.word() {
            Some(word) => reader.tree(&mut vec![word], &mut found),
            None => reader.step(),
        }
    }
    found
}

struct Reader<'a> {
    code: &'a str,
    at: usize,
    /// The line of the place `line_of`: counted on from there, not from the start each time.
    line: usize,
    line_of: usize,
}

impl Reader<'_> {
    fn rest(&self) -> &str {
        &self.code[self.at..]
    }

    fn step(&mut self) {
        self.at += self.rest().chars().next().map_or(1, char::len_utf8);
    }

    /// The line where the reader is.
    fn line(&mut self) -> usize {
        self.line += self.code[self.line_of..self.at].matches('\n').count();
        self.line_of = self.at;
        self.line
    }

    fn space(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start().len();
    }

    fn word(&mut self) -> Option<String> {
        let rest = self.rest();
        let word = &rest[..rest.find(|c| !is_word(c)).unwrap_or(rest.len())];
        let word = word.to_owned();
        self.at += word.len();
        (!word.is_empty()).then_some(word)
    }

    fn eat(&mut self, token: &str) -> bool {
        let found = self.rest().starts_with(token);
        if found {
            self.at += token.len();
        }
        found
    }

    /// What follows a word: nothing, `::word`, or `::{ … }`.
    fn tree(&mut self, path: &mut Vec<String>, found: &mut Vec<Named>) {
        let line = self.line();
        let length = path.len();
        loop {
            if !self.eat("::") {
                break;
            }
            if self.eat("{") {
                self.group(path, found);
                path.truncate(length);
                return;
            }
            match self.word() {
                Some(word) => path.push(word),
                None => break,
            }
        }
        found.push(Named {
            line,
            path: path.clone(),
        });
        path.truncate(length);
    }

    fn group(&mut self, path: &mut Vec<String>, found: &mut Vec<Named>) {
        while self.at < self.code.len() {
            self.space();
            if self.eat("}") {
                return;
            }
            match self.word() {
                Some(word) => {
                    path.push(word);
                    self.tree(path, found);
                    path.pop();
                }
                None => self.step(),
            }
        }
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

#[test]
fn text_is_no_code() {
    let rows = [
        ("a // b\nc", "a     \nc"),
        ("a /* b */ c", "a         c"),
        (r#"f("x\"y") + 1"#, "f(      ) + 1"),
        (r##"f(r#"x"y"#, z)"##, "f(        , z)"),
        ("('\"', 'a', '\\'', &'a str)", "(   ,    ,     , &'a str)"),
        ("for r in b {}", "for r in b {}"),
    ];
    for (source, code) in rows {
        assert_eq!(without_text(source), code, "{source}");
    }
}

#[test]
fn test_items_are_left_out() {
    let rows = [
        ("a; #[cfg(test)] mod t { fn f() { g() } } b;", "a; b;"),
        ("#[cfg(test)]\nmod t;\nb;", "b;"),
        ("#[cfg(test)]\nuse crate::x;\nb;", "b;"),
    ];
    for (source, code) in rows {
        let left = without_tests(source);
        assert_eq!(
            left.split_whitespace().collect::<Vec<_>>().join(" "),
            code,
            "{source}"
        );
    }
}

#[test]
fn groups_are_taken_apart() {
    let rows = [
        ("use std::fs;", "use std::fs"),
        (
            "use std::{fs, time::{Duration, Instant as I}, self};",
            "use std::fs std::time::Duration std::time::Instant std::time::as std::time::I std::self",
        ),
        ("crate::a::b(x)", "crate::a::b x"),
        ("crate::{\n    a::*,\n    b::C,\n}", "crate::a crate::b::C"),
        ("Vec::<u8>::new()", "Vec u8 new"),
        ("S { a: crate::b::C }", "S a crate::b::C"),
    ];
    for (code, expected) in rows {
        let found: Vec<String> = paths(code)
            .iter()
            .map(|named| named.path.join("::"))
            .collect();
        assert_eq!(found.join(" "), expected, "{code}");
    }
}
