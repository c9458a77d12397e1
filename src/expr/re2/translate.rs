//! Translates an RE2 pattern to one of the `regex` crate.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};

use regex::{Regex, RegexBuilder};

use super::Error;
use super::classes::{bracket, escape_class, push_literal};
use super::cursor::Cursor;

/// Memory that a compiled pattern may take, near what RE2 allows itself.
const SIZE_LIMIT: usize = 8 << 20;
/// Levels of nesting; keeps the crate's recursion shallow.
const NEST_LIMIT: u32 = 200;

/// Compiled patterns that are kept: thousands of jobs share the conditions of a few templates.
const KEPT: usize = 256;

thread_local! {
    /// By flags and pattern.
    static COMPILED: RefCell<HashMap<String, Regex>> = RefCell::default();
}

/// Compiles a pattern that stands without slashes. `flags` are letters of `ismU`. A pattern that
/// was compiled before is shared.
pub fn compile(pattern: &str, flags: &str) -> Result<Regex, Error> {
    let key = format!("{flags}/{pattern}");
    if let Some(known) = COMPILED.with_borrow(|known| known.get(&key).cloned()) {
        return Ok(known);
    }
    let regex = translated(pattern, flags)?;
    COMPILED.with_borrow_mut(|known| {
        if known.len() >= KEPT {
            known.clear();
        }
        known.insert(key, regex.clone());
    });
    Ok(regex)
}

fn translated(pattern: &str, flags: &str) -> Result<Regex, Error> {
    let mut out = String::new();
    if !flags.is_empty() {
        out = format!("(?{})", unique(flags));
    }
    Translator::new(pattern, &mut out).run()?;
    RegexBuilder::new(&out)
        .size_limit(SIZE_LIMIT)
        .nest_limit(NEST_LIMIT)
        .build()
        .map_err(|error| refused(pattern, &error))
}

/// Compiles text of the form `/pattern/flags`; `None` when it has another form. As on GitLab the
/// form may fill any one line of the text.
pub fn from_slashes(text: &str) -> Option<Result<Regex, Error>> {
    let (pattern, flags) = text.split('\n').find_map(split_slashes)?;
    Some(compile(pattern, flags))
}

fn split_slashes(line: &str) -> Option<(&str, &str)> {
    let (pattern, flags) = line.strip_prefix('/')?.rsplit_once('/')?;
    let known = flags.chars().all(|c| matches!(c, 'i' | 's' | 'm' | 'U'));
    known.then_some((pattern, flags))
}

/// The crate refuses a flag that is given twice.
fn unique(flags: &str) -> String {
    let mut seen = String::new();
    for flag in flags.chars() {
        if !seen.contains(flag) {
            seen.push(flag);
        }
    }
    seen
}

/// What only the crate finds out: the size, for all else has been read already.
fn refused(pattern: &str, error: &regex::Error) -> Error {
    let whole = 0..pattern.len();
    match error {
        regex::Error::CompiledTooBig(_) => {
            Error::new(whole, "the regular expression is too large when compiled")
                .help("use smaller repetitions")
        }
        _ => Error::new(whole, "the regular expression nests too deeply")
            .help("use fewer parentheses and repetitions"),
    }
}

/// What stands left of a repetition.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Left {
    /// Nothing that could be repeated.
    Nothing,
    /// Something; how often its parts repeat already.
    Atom(u32),
    /// A repetition, which can't be repeated again.
    Repetition(u32),
}

/// An open group.
pub(super) struct Group {
    pub(super) start: usize,
    /// Highest repetition count inside so far.
    pub(super) repeats: u32,
}

pub(super) struct Translator<'p, 'o> {
    pub(super) cursor: Cursor<'p>,
    /// The pattern for the crate.
    pub(super) out: &'o mut String,
    /// The groups that are open.
    pub(super) groups: Vec<Group>,
    /// The names of groups so far.
    pub(super) names: HashSet<&'p str>,
    /// What a repetition would repeat.
    pub(super) left: Left,
}

impl<'p, 'o> Translator<'p, 'o> {
    fn new(text: &'p str, out: &'o mut String) -> Self {
        Self {
            cursor: Cursor { text, at: 0 },
            out,
            groups: Vec::new(),
            names: HashSet::new(),
            left: Left::Nothing,
        }
    }

    fn run(mut self) -> Result<(), Error> {
        while let Some(c) = self.cursor.peek() {
            self.step(c)?;
        }
        match self.groups.pop() {
            None => Ok(()),
            Some(group) => Err(Error::new(
                group.start..group.start + 1,
                "this `(` is never closed",
            )
            .help("add `)`, or write `\\(` for the character")),
        }
    }

    fn step(&mut self, c: char) -> Result<(), Error> {
        let start = self.cursor.at;
        match c {
            '\\' => return self.escape(),
            '(' => return self.open(),
            '*' | '+' | '?' => {
                self.cursor.at += 1;
                return self.repeat(start, None);
            }
            '{' => {
                if let Some(bounds) = self.bounds() {
                    return self.repeat(start, Some(bounds));
                }
                self.cursor.at += 1;
                self.out.push_str("\\{");
            }
            ')' => {
                self.cursor.at += 1;
                return self.close(start);
            }
            '|' => {
                self.cursor.at += 1;
                self.finish_atom();
                self.out.push('|');
                self.left = Left::Nothing;
                return Ok(());
            }
            '[' => {
                self.cursor.at += 1;
                let class = bracket(&mut self.cursor, start)?;
                self.out.push_str(&class);
            }
            '.' | '^' | '$' => {
                self.cursor.at += 1;
                self.out.push(c);
            }
            _ => {
                self.cursor.at += c.len_utf8();
                push_literal(self.out, c);
            }
        }
        self.atom(1);
        Ok(())
    }

    /// Something that can be repeated has been written.
    fn atom(&mut self, repeats: u32) {
        self.finish_atom();
        self.left = Left::Atom(repeats);
    }

    /// The atom before is complete; its count belongs to the group around it.
    pub(super) fn finish_atom(&mut self) {
        if let (Left::Atom(repeats) | Left::Repetition(repeats), Some(group)) =
            (self.left, self.groups.last_mut())
        {
            group.repeats = group.repeats.max(repeats);
        }
    }

    fn escape(&mut self) -> Result<(), Error> {
        if let Some(class) = escape_class(&mut self.cursor)? {
            self.out.push_str(&class);
            self.atom(1);
            return Ok(());
        }
        let start = self.cursor.at;
        self.cursor.at += 1;
        let written = match self.cursor.peek() {
            Some('Q') => {
                self.cursor.at += 1;
                self.quoted();
                return Ok(());
            }
            Some('A') => "\\A",
            Some('z') => "\\z",
            Some('b') => "(?-u:\\b)",
            Some('B') => "(?-u:\\B)",
            // One byte in RE2; text is read by the character here.
            Some('C') => "(?s:.)",
            _ => "",
        };
        if written.is_empty() {
            let c = self.cursor.escape(start)?;
            push_literal(self.out, c);
        } else {
            self.cursor.at += 1;
            self.out.push_str(written);
        }
        self.atom(1);
        Ok(())
    }

    /// Up to `\E` or the end everything is literal.
    fn quoted(&mut self) {
        while !self.cursor.eat("\\E") {
            let Some(c) = self.cursor.next() else { break };
            push_literal(self.out, c);
            self.atom(1);
        }
    }
}
