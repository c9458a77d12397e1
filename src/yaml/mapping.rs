//! Mappings: keys in GitLab's order, found fast whether there are three or thirty thousand.

use std::collections::HashMap;
use std::sync::Arc;

use crate::source::Span;

use super::Value;

/// Up to this many entries are searched one by one, which is faster and smaller than an index.
const INDEX_FROM: usize = 16;

/// A mapping in the order GitLab sees it, duplicates and merges already decided.
#[derive(Debug, Clone, Default)]
pub struct Mapping {
    entries: Vec<Entry>,
    /// Present in large mappings only.
    index: Option<Box<Index>>,
}

/// One key with its value.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The key.
    pub key: Key,
    /// Where the key was written.
    pub key_span: Span,
    /// The value.
    pub value: Value,
    /// The alias (or the mapping written in place) that brought the entry here through `<<`.
    pub via: Option<Span>,
}

/// A mapping's key. Strings and symbols become symbols in GitLab; other values stay what they
/// are, and only symbols can name jobs (configuration reference 2.1).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Key {
    /// Text.
    Str(Arc<str>),
    /// Anything else, as Ruby would print it; `null` for nothing.
    Other(Arc<str>),
}

/// Where each key stands, by kind of key.
#[derive(Debug, Clone, Default)]
struct Index {
    text: HashMap<Arc<str>, usize>,
    other: HashMap<Arc<str>, usize>,
}

impl Key {
    /// The text of the key.
    pub fn text(&self) -> &str {
        match self {
            Self::Str(text) | Self::Other(text) => text,
        }
    }

    /// The same, to keep.
    pub fn shared_text(&self) -> Arc<str> {
        match self {
            Self::Str(text) | Self::Other(text) => Arc::clone(text),
        }
    }
}

impl Index {
    fn new(entries: &[Entry]) -> Self {
        let mut index = Self::default();
        for (at, entry) in entries.iter().enumerate() {
            index.add(&entry.key, at);
        }
        index
    }

    fn add(&mut self, key: &Key, at: usize) {
        match key {
            Key::Str(text) => self.text.insert(text.clone(), at),
            Key::Other(text) => self.other.insert(text.clone(), at),
        };
    }
}

impl Mapping {
    /// The entries in order.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Number of entries.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The entry of the text key `key`.
    pub fn get(&self, key: &str) -> Option<&Entry> {
        self.position_of_text(key).map(|at| &self.entries[at])
    }

    /// The entry of `key`.
    pub fn find(&self, key: &Key) -> Option<&Entry> {
        self.position(key).map(|at| &self.entries[at])
    }

    /// Puts an entry: a key that exists keeps its place in the order and gets the new value and
    /// spans, as a Ruby hash does. Returns the entry that was replaced.
    pub fn insert(&mut self, entry: Entry) -> Option<Entry> {
        if let Some(at) = self.position(&entry.key) {
            return Some(std::mem::replace(&mut self.entries[at], entry));
        }
        self.append(entry);
        None
    }

    /// Puts an entry as [`insert`](Self::insert) does; where its key exists already, `merge` makes
    /// the value of the old one and the new one.
    pub fn merge(&mut self, entry: &Entry, merge: impl FnOnce(&Value, &Value) -> Value) {
        match self.position(&entry.key) {
            Some(at) => {
                let value = merge(&self.entries[at].value, &entry.value);
                self.entries[at] = Entry {
                    key: entry.key.clone(),
                    value,
                    ..*entry
                };
            }
            None => self.append(entry.clone()),
        }
    }

    /// Gives back the room for entries that never came.
    pub fn shrink(&mut self) {
        self.entries.shrink_to_fit();
    }

    /// An entry of a new key.
    fn append(&mut self, entry: Entry) {
        if let Some(index) = &mut self.index {
            index.add(&entry.key, self.entries.len());
        }
        self.entries.push(entry);
        if self.index.is_none() && self.entries.len() > INDEX_FROM {
            self.index = Some(Box::new(Index::new(&self.entries)));
        }
    }

    /// Takes an entry out; the order of the others stays.
    pub fn remove(&mut self, key: &str) -> Option<Entry> {
        let at = self.position_of_text(key)?;
        let entry = self.entries.remove(at);
        if self.index.is_some() {
            self.index = Some(Box::new(Index::new(&self.entries)));
        }
        Some(entry)
    }

    fn position(&self, key: &Key) -> Option<usize> {
        match (key, &self.index) {
            (Key::Str(text), _) => self.position_of_text(text),
            (Key::Other(text), Some(index)) => index.other.get(text).copied(),
            (Key::Other(_), None) => self.entries.iter().position(|entry| entry.key == *key),
        }
    }

    fn position_of_text(&self, key: &str) -> Option<usize> {
        match &self.index {
            Some(index) => index.text.get(key).copied(),
            None => self
                .entries
                .iter()
                .position(|entry| matches!(&entry.key, Key::Str(text) if **text == *key)),
        }
    }
}

impl FromIterator<Entry> for Mapping {
    fn from_iter<I: IntoIterator<Item = Entry>>(entries: I) -> Self {
        let mut mapping = Self::default();
        for entry in entries {
            mapping.insert(entry);
        }
        mapping
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::FileId;
    use crate::yaml::Kind;

    fn entry(key: Key, number: usize) -> Entry {
        let span = Span::new(FileId(0), 0, 0);
        let number = i64::try_from(number).expect("a small number");
        Entry {
            key,
            key_span: span,
            value: Value::new(Kind::Int(number), span),
            via: None,
        }
    }

    fn text(number: usize) -> Key {
        Key::Str(format!("k{number}").into())
    }

    #[test]
    fn small_and_large_mappings_behave_alike() {
        for size in [3, INDEX_FROM, INDEX_FROM + 1, 200] {
            let mut mapping: Mapping = (0..size).map(|n| entry(text(n), n)).collect();
            let replaced = mapping.insert(entry(text(1), 77)).expect("k1 is there");
            assert!(matches!(replaced.value.kind, Kind::Int(1)), "{size}");
            assert_eq!(mapping.entries()[1].key, text(1), "{size}: the order stays");
            assert!(mapping.find(&Key::Other("k1".into())).is_none(), "{size}");
            mapping.insert(entry(Key::Other("k1".into()), 5));
            assert_eq!(mapping.len(), size + 1, "{size}: 1 and \"1\" are two keys");
            assert!(mapping.remove("k0").is_some(), "{size}");
            assert!(mapping.remove("k0").is_none(), "{size}");
            let found = mapping.get("k2").expect("k2 is still there");
            assert!(matches!(found.value.kind, Kind::Int(2)), "{size}");
            let last = mapping
                .find(&Key::Other("k1".into()))
                .expect("the other k1");
            assert!(matches!(last.value.kind, Kind::Int(5)), "{size}");
        }
    }
}
