//! `$[[ … ]]` in a file with a header (configuration reference 3.3).

use std::collections::HashSet;
use std::sync::{Arc, LazyLock};

use regex::Regex;

use crate::diag::{Code, Diagnostic};
use crate::source::Span;
use crate::yaml::{Entry, Key, Kind, Mapping, Value};

use super::budget::{Budget, Weight};
use super::component::ComponentFacts;
use super::inputs::{Inputs, ruby_text};

const MAX_FUNCTIONS: usize = 3;
const MAX_BLOCKS: usize = 10_000;
const MAX_ACCESS_PARTS: usize = 5;
/// Bytes of one text, blocks replaced.
const MAX_TEXT: usize = 1 << 20;

static BLOCK: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\$\[\[\s*(\S.*?\S)\s*\]\]").expect("the pattern is a constant"));
static INDEX: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^([^\[\]]*)((?:\[\d+\])*)$").expect("the pattern is a constant"));

/// What blocks can refer to.
pub(super) struct Interpolation<'a> {
    pub(super) inputs: &'a Inputs,
    /// The component that the file is, and the fields that it asked for.
    pub(super) component: Option<(&'a ComponentFacts, Vec<Arc<str>>)>,
    /// Expansion of `expand_vars`: unknown names stay.
    pub(super) expand: &'a dyn Fn(&str) -> String,
}

/// The content with every block replaced; stops at the first bad one.
pub(super) fn apply(content: &Value, with: &Interpolation<'_>) -> Result<Value, Diagnostic> {
    let mut walk = Walk {
        with,
        blocks: HashSet::new(),
        budget: Budget::of_file(),
        level: 0,
    };
    Ok(walk.value(content)?.unwrap_or_else(|| content.clone()))
}

struct Walk<'a> {
    with: &'a Interpolation<'a>,
    blocks: HashSet<String>,
    budget: Budget,
    /// The level of the value that is being looked at.
    level: usize,
}

impl Walk<'_> {
    /// The new value, or `None` where there is no block in it.
    fn value(&mut self, value: &Value) -> Result<Option<Value>, Diagnostic> {
        match &value.kind {
            Kind::Str(text) if text.contains("$[[") => self.scalar(text, value.span),
            Kind::Seq(items) => self.deeper(|walk| walk.list(items, value.span)),
            Kind::Map(mapping) => self.deeper(|walk| walk.mapping(mapping, value.span)),
            _ => Ok(None),
        }
    }

    fn deeper<T>(&mut self, walk: impl FnOnce(&mut Self) -> T) -> T {
        self.level += 1;
        let made = walk(self);
        self.level -= 1;
        made
    }

    /// Counts a value that a block brings, as large as it is when it is written out.
    fn spend(&mut self, value: &Value, span: Span) -> Result<(), Diagnostic> {
        let mut weight = self.budget.scales.value(value);
        weight.levels += self.level;
        self.budget.spend(weight, span, "this value")
    }

    fn list(&mut self, items: &[Value], span: Span) -> Result<Option<Value>, Diagnostic> {
        let mut made = Vec::with_capacity(items.len());
        let mut changed = false;
        for item in items {
            match self.value(item)? {
                // A list input that is a whole entry is spliced in.
                Some(Value {
                    kind: Kind::Seq(inner),
                    ..
                }) if item.as_str().is_some() => {
                    changed = true;
                    made.extend(inner.iter().cloned());
                }
                Some(value) => {
                    changed = true;
                    made.push(value);
                }
                None => made.push(item.clone()),
            }
        }
        Ok(changed.then(|| Value::new(Kind::Seq(made.into()), span)))
    }

    fn mapping(&mut self, mapping: &Mapping, span: Span) -> Result<Option<Value>, Diagnostic> {
        let mut made = Vec::with_capacity(mapping.len());
        let mut changed = false;
        for entry in mapping.entries() {
            let key = match &entry.key {
                Key::Str(text) if text.contains("$[[") => self
                    .scalar(text, entry.key_span)?
                    .map(|value| Key::Str(ruby_text(&value).into())),
                _ => None,
            };
            let value = self.value(&entry.value)?;
            changed |= key.is_some() || value.is_some();
            made.push(Entry {
                key: key.unwrap_or_else(|| entry.key.clone()),
                value: value.unwrap_or_else(|| entry.value.clone()),
                ..entry.clone()
            });
        }
        Ok(changed.then(|| Value::new(Kind::Map(Arc::new(made.into_iter().collect())), span)))
    }

    /// A text with blocks. A block that is the whole text keeps the type of its value.
    fn scalar(&mut self, text: &str, span: Span) -> Result<Option<Value>, Diagnostic> {
        let mut out = String::new();
        let mut end = 0;
        for found in BLOCK.captures_iter(text) {
            let (Some(whole), Some(inside)) = (found.get(0), found.get(1)) else {
                continue;
            };
            let Some(value) = self.block(inside.as_str(), span)? else {
                continue;
            };
            self.spend(&value, span)?;
            if whole.as_str() == text {
                return Ok(Some(Value::new(value.kind, span)));
            }
            out.push_str(&text[end..whole.start()]);
            out.push_str(&ruby_text(&value));
            end = whole.end();
            if out.len() > MAX_TEXT {
                return Err(too_long(span));
            }
        }
        if end == 0 {
            return Ok(None);
        }
        out.push_str(&text[end..]);
        self.budget
            .spend(Weight::of_texts([out.as_str()]), span, "this text")?;
        Ok(Some(Value::new(Kind::Str(out.into()), span)))
    }

    /// The value of one block; `None` for a matrix expression, which is resolved later.
    fn block(&mut self, inside: &str, span: Span) -> Result<Option<Value>, Diagnostic> {
        let mut parts = inside.split('|').map(str::trim);
        let access = parts.next().unwrap_or_default();
        if access.starts_with("matrix.") {
            return Ok(None);
        }
        self.blocks.insert(inside.to_owned());
        if self.blocks.len() > MAX_BLOCKS {
            return Err(bad(
                span,
                format!("there are more than {MAX_BLOCKS} interpolation blocks"),
            ));
        }
        let functions: Vec<&str> = parts.collect();
        if functions.len() > MAX_FUNCTIONS {
            return Err(bad(
                span,
                format!(
                    "a block can have at most {MAX_FUNCTIONS} functions, not {}",
                    functions.len()
                ),
            ));
        }
        let mut value = self.access(access, span)?;
        for function in functions {
            value = self.function(function, &value, span)?;
            if value.as_str().is_some_and(|text| text.len() > MAX_TEXT) {
                return Err(too_long(span));
            }
        }
        Ok(Some(value))
    }

    fn access(&self, access: &str, span: Span) -> Result<Value, Diagnostic> {
        let Some((root, path)) = access.split_once('.') else {
            return Err(bad(span, format!("`{access}` is no interpolation"))
                .help("write `$[[ inputs.name ]]`"));
        };
        if root == "component" {
            return self
                .component(path, span)
                .ok_or_else(|| self.unknown(access, span));
        }
        let parts: Vec<&str> = path.split('.').collect();
        if root != "inputs" || parts.len() >= MAX_ACCESS_PARTS {
            return Err(bad(
                span,
                format!("`{access}` names nothing that can be interpolated"),
            )
            .help("write `$[[ inputs.name ]]`"));
        }
        let mut value: Option<Value> = None;
        for part in parts {
            let Some((name, indexes)) = indexed(part) else {
                return Err(self.unknown(access, span));
            };
            let next = match &value {
                None => self.with.inputs.get(name).cloned(),
                Some(value) => value
                    .as_map()
                    .and_then(|m| m.get(name))
                    .map(|e| e.value.clone()),
            };
            let mut next = next.ok_or_else(|| self.unknown(access, span))?;
            for index in indexes {
                let item = next.as_seq().and_then(|items| items.get(index)).cloned();
                next = item.ok_or_else(|| self.unknown(access, span))?;
            }
            value = Some(next);
        }
        value.ok_or_else(|| self.unknown(access, span))
    }

    /// A field of the component, if its header asks for it.
    fn component(&self, field: &str, span: Span) -> Option<Value> {
        let (facts, declared) = self.with.component.as_ref()?;
        let asked = declared.iter().any(|name| **name == *field);
        let text = facts.field(field).filter(|_| asked)?;
        Some(Value::new(Kind::Str(text.into()), span))
    }

    fn unknown(&self, access: &str, span: Span) -> Diagnostic {
        let name = access.strip_prefix("inputs.").unwrap_or(access);
        bad(span, format!("there is no input for `{access}`"))
            .did_you_mean(name, self.with.inputs.names())
    }

    fn function(&self, call: &str, value: &Value, span: Span) -> Result<Value, Diagnostic> {
        let known = || {
            bad(span, format!("`{call}` is no function that can be used here"))
                .help("the functions are `expand_vars`, `truncate(offset,length)` and `posix_escape`, all of them for text")
        };
        let text = value.as_str().ok_or_else(known)?;
        let made = match call {
            "expand_vars" => (self.with.expand)(text),
            "posix_escape" => posix_escape(text),
            _ => {
                let (offset, length) = truncate_arguments(call).ok_or_else(known)?;
                text.chars().skip(offset).take(length).collect()
            }
        };
        Ok(Value::new(Kind::Str(made.into()), span))
    }
}

/// `name[0][1]` as name and indexes.
fn indexed(part: &str) -> Option<(&str, Vec<usize>)> {
    let found = INDEX.captures(part)?;
    let name = found.get(1)?.as_str();
    let indexes = found.get(2)?.as_str();
    let numbers: Vec<usize> = indexes
        .split(['[', ']'])
        .filter(|digits| !digits.is_empty())
        .map(|digits| digits.parse().unwrap_or(usize::MAX))
        .collect();
    (numbers.len() <= MAX_ACCESS_PARTS).then_some((name, numbers))
}

fn truncate_arguments(call: &str) -> Option<(usize, usize)> {
    let inside = call.strip_prefix("truncate(")?.strip_suffix(')')?;
    let (offset, length) = inside.split_once(',')?;
    Some((offset.trim().parse().ok()?, length.trim().parse().ok()?))
}

/// What Ruby's `shellescape` makes of a text.
fn posix_escape(text: &str) -> String {
    if text.is_empty() {
        return "''".to_owned();
    }
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => out.push_str("'\n'"),
            c if c.is_ascii_alphanumeric() || "_-.,:+/@".contains(c) => out.push(c),
            c => {
                out.push('\\');
                out.push(c);
            }
        }
    }
    out
}

fn too_long(span: Span) -> Diagnostic {
    let message = format!("the text grows beyond {} MiB", MAX_TEXT >> 20);
    bad(span, message).help("let the input, or what is made of it, be shorter")
}

fn bad(span: Span, message: String) -> Diagnostic {
    Diagnostic::new(Code::Interpolation, message).at(span)
}
