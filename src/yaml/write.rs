//! Values as YAML that reads back to the same values, whoever reads it: Psych or this reader.
//!
//! In block style, without anchors and tags of its own. A text that would be read as something else
//! stands in quotes.

use std::sync::Arc;

use crate::foreign::is_hidden;
use crate::source::Span;

use super::scalar::{self, Plain};
use super::{Key, Kind, Mapping, Value};

/// Columns that each level is moved in.
const INDENT: usize = 2;
/// Bytes beyond which libyaml takes nothing for a simple key.
const SIMPLE_KEY: usize = 1000;

/// What is said behind the value that was written at a place; nothing where that is `None`.
pub type Comments<'a> = &'a dyn Fn(Span) -> Option<String>;

/// A mapping as the text of a file.
pub fn write(mapping: &Mapping, comments: Comments<'_>) -> String {
    let mut writer = Writer {
        text: String::new(),
        comments,
    };
    if mapping.is_empty() {
        writer.text.push_str("{}\n");
    } else {
        writer.entries(mapping, 0, true);
    }
    writer.text
}

struct Writer<'a> {
    text: String,
    comments: Comments<'a>,
}

impl Writer<'_> {
    /// The entries of a mapping. Unless `begins_line`, the first one goes on a line that is begun.
    fn entries(&mut self, mapping: &Mapping, indent: usize, begins_line: bool) {
        let mut begins_line = begins_line;
        for entry in mapping.entries() {
            if begins_line {
                self.blanks(indent);
            }
            begins_line = true;
            let key = key(&entry.key);
            if key.len() > SIMPLE_KEY {
                self.text.push_str("? ");
                self.text.push_str(&key);
                self.text.push('\n');
                self.blanks(indent);
            } else {
                self.text.push_str(&key);
            }
            self.text.push(':');
            self.value(&entry.value, indent + INDENT);
            // One blank line between what stands at the top.
            if indent == 0 && entry.value.as_map().is_some_and(|map| !map.is_empty()) {
                self.text.push('\n');
            }
        }
        if indent == 0 && self.text.ends_with("\n\n") {
            self.text.pop();
        }
    }

    /// A value behind `key:`, and the end of its line. Lists and mappings stand below, `indent`
    /// columns in.
    fn value(&mut self, value: &Value, indent: usize) {
        match &value.kind {
            Kind::Map(mapping) if !mapping.is_empty() => {
                self.text.push('\n');
                self.entries(mapping, indent, true);
            }
            Kind::Seq(items) if !items.is_empty() => {
                self.text.push('\n');
                self.items(items, indent, true);
            }
            _ => self.scalar(value, indent),
        }
    }

    fn items(&mut self, items: &[Value], indent: usize, begins_line: bool) {
        let mut begins_line = begins_line;
        for item in items {
            if begins_line {
                self.blanks(indent);
            }
            begins_line = true;
            self.text.push('-');
            match &item.kind {
                Kind::Map(mapping) if !mapping.is_empty() => {
                    self.text.push(' ');
                    self.entries(mapping, indent + INDENT, false);
                }
                Kind::Seq(inner) if !inner.is_empty() => {
                    self.text.push(' ');
                    self.items(inner, indent + INDENT, false);
                }
                _ => self.scalar(item, indent + INDENT),
            }
        }
    }

    /// A scalar, or an empty list or mapping, behind a blank.
    fn scalar(&mut self, value: &Value, indent: usize) {
        let comment = (self.comments)(value.span);
        let comment = comment.map_or_else(String::new, |comment| format!("  # {comment}"));
        if let Kind::Str(text) = &value.kind
            && let Some(keeps_end) = block(text)
        {
            self.text.push_str(if keeps_end { " |" } else { " |-" });
            self.text.push_str(&comment);
            self.text.push('\n');
            for line in text.lines() {
                if !line.is_empty() {
                    self.blanks(indent);
                    self.text.push_str(line);
                }
                self.text.push('\n');
            }
            return;
        }
        self.text.push(' ');
        self.text.push_str(&flow(value));
        self.text.push_str(&comment);
        self.text.push('\n');
    }

    fn blanks(&mut self, count: usize) {
        self.text.extend(std::iter::repeat_n(' ', count));
    }
}

fn key(key: &Key) -> String {
    match key {
        // Psych merges also a quoted one, but not one with a tag.
        Key::Str(text) if &**text == "<<" => "!!str <<".to_owned(),
        Key::Str(text) => string(text),
        Key::Other(text) if is_scalar(text) => text.to_string(),
        Key::Other(text) => quoted(text),
    }
}

/// Whether the text of a key is read as the number, boolean or null that it is.
fn is_scalar(text: &str) -> bool {
    let shared: Arc<str> = text.into();
    !matches!(
        scalar::resolve(&shared),
        Plain::Value(Kind::Str(_)) | Plain::Timestamp(_)
    )
}

/// A scalar, or an empty list or mapping, on one line.
fn flow(value: &Value) -> String {
    match &value.kind {
        Kind::Null => "null".to_owned(),
        Kind::Bool(true) => "true".to_owned(),
        Kind::Bool(false) => "false".to_owned(),
        Kind::Int(number) => number.to_string(),
        Kind::Float(number) if number.is_nan() => ".nan".to_owned(),
        Kind::Float(number) if number.is_infinite() => {
            if *number > 0.0 { ".inf" } else { "-.inf" }.to_owned()
        }
        Kind::Float(_) => value.scalar_text().unwrap_or_default(),
        Kind::Str(text) => string(text),
        Kind::Symbol(text) => format!("!ruby/symbol {}", quoted(text)),
        Kind::Seq(_) => "[]".to_owned(),
        Kind::Map(_) => "{}".to_owned(),
        Kind::Reference(names) => format!("!reference {}", flow_list(names)),
    }
}

fn flow_list(value: &Value) -> String {
    match value.as_seq() {
        Some(items) => format!(
            "[{}]",
            items.iter().map(flow_list).collect::<Vec<_>>().join(", ")
        ),
        None => value.as_str().map_or_else(|| flow(value), quoted),
    }
}

/// A text on one line: plain where it is read as just this text, else in quotes.
fn string(text: &str) -> String {
    if is_plain(text) {
        text.to_owned()
    } else {
        quoted(text)
    }
}

fn quoted(text: &str) -> String {
    let is_simple = |c: char| !c.is_control() && !needs_escape(c);
    if !text.contains('\'') && text.chars().all(is_simple) {
        return format!("'{text}'");
    }
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if c.is_control() || needs_escape(c) => {
                out.push_str(&format!("\\U{:08X}", u32::from(c)));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// Characters that break lines for YAML, that its readers refuse or drop, or that nobody sees.
fn needs_escape(c: char) -> bool {
    is_hidden(c)
        || matches!(
            c,
            '\u{85}' | '\u{a0}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}'
        )
}

/// Whether a text without quotes is read as itself.
fn is_plain(text: &str) -> bool {
    let Some(first) = text.chars().next() else {
        return false;
    };
    let last = text.chars().next_back().unwrap_or(first);
    let fits = |c: char| !c.is_control() && !needs_escape(c);
    let has_syntax = "-?:,[]{}#&*!|>'\"%@`=<~".contains(first)
        || first.is_whitespace()
        || last.is_whitespace()
        || last == ':'
        || text.contains(": ")
        || text.contains(" #")
        || text.starts_with("...");
    let shared: Arc<str> = text.into();
    !has_syntax
        && text.chars().all(fits)
        && matches!(scalar::resolve(&shared), Plain::Value(Kind::Str(read)) if *read == *text)
}

/// Whether a text of several lines can stand as a block, and if so whether it ends with a line
/// break. What the borders of a block would change stands in quotes.
fn block(text: &str) -> Option<bool> {
    let fits = |c: char| c == '\n' || (!c.is_control() && !needs_escape(c));
    let is_block = text.trim_end_matches('\n').contains('\n') || text.ends_with('\n');
    let starts = text.chars().next()?;
    let ends_once = !text.ends_with("\n\n");
    let sound = is_block && !starts.is_whitespace() && ends_once && text.chars().all(fits);
    sound.then(|| text.ends_with('\n'))
}
