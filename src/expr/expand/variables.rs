//! Variables in the order of their precedence.

use std::collections::HashMap;
use std::sync::Arc;

use crate::expr::Lookup;

use super::VariableOrigin;
use super::value::Value;

/// One variable. Copies share their texts.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of its own on GitLab"
)]
pub struct Variable {
    /// Its name.
    pub key: Arc<str>,
    /// Its value; for a file variable, the content.
    pub value: Value,
    /// `expand: false`: references in the value are never followed.
    pub raw: bool,
    /// The job gets the path of a file with the value.
    pub file: bool,
    /// The value is hidden in logs.
    pub masked: bool,
    /// For the job alone: its services don't get it (runtime reference 8.3).
    pub private: bool,
    /// Where it comes from.
    pub origin: VariableOrigin,
}

impl Variable {
    /// A plain variable.
    pub fn new(key: impl Into<Arc<str>>, value: impl Into<Value>) -> Self {
        Self {
            key: key.into(),
            value: value.into(),
            raw: false,
            file: false,
            masked: false,
            private: false,
            origin: VariableOrigin::Predefined,
        }
    }

    /// Whether there can be references in the value that are followed.
    pub(super) fn may_refer(&self) -> bool {
        !self.raw && self.value.may_refer()
    }
}

/// An ordered collection; of several entries of one name the last one counts.
///
/// Thousands of jobs share most of their variables: a collection is a stack of layers, and
/// [`append`](Self::append) and `clone` copy pointers to the layers below.
#[derive(Debug, Clone, Default)]
pub struct Variables {
    sealed: Vec<Arc<Layer>>,
    top: Layer,
}

#[derive(Debug, Clone, Default)]
struct Layer {
    entries: Vec<Variable>,
    /// The entries whose values may refer to others: few, and the only ones that can form a circle.
    referring: Vec<usize>,
    /// The last entry of each name. Empty while there are so few that looking at each is faster.
    last: HashMap<Arc<str>, usize>,
}

impl Layer {
    /// Jobs have layers of their own, by thousands, and most are smaller than this.
    const FEW: usize = 12;

    fn push(&mut self, variable: Variable) {
        if variable.may_refer() {
            self.referring.push(self.entries.len());
        }
        self.entries.push(variable);
        match self.entries.len() {
            few if few <= Self::FEW => {}
            many => {
                let new = if self.last.is_empty() { 0 } else { many - 1 };
                let keys = self.entries[new..].iter().map(|entry| entry.key.clone());
                self.last.extend(keys.zip(new..));
            }
        }
    }

    fn get(&self, key: &str) -> Option<&Variable> {
        if self.last.is_empty() {
            return self.entries.iter().rev().find(|entry| *entry.key == *key);
        }
        self.last.get(key).map(|at| &self.entries[*at])
    }
}

impl Variables {
    /// An empty collection.
    pub fn new() -> Self {
        Self::default()
    }

    /// The variable of that name with the highest precedence.
    pub fn get(&self, key: &str) -> Option<&Variable> {
        let below = || self.sealed.iter().rev().find_map(|layer| layer.get(key));
        self.top.get(key).or_else(below)
    }

    /// The value of that variable.
    pub fn value(&self, key: &str) -> Option<&str> {
        self.get(key).map(|variable| &*variable.value)
    }

    /// Adds a variable of higher precedence than all before.
    pub fn push(&mut self, variable: Variable) {
        self.top.push(variable);
    }

    /// Adds a whole collection of higher precedence. What `later` has sealed is shared.
    pub fn append(&mut self, later: &Self) {
        self.seal();
        self.sealed.extend(later.sealed.iter().cloned());
        self.top = later.top.clone();
    }

    /// Makes the entries so far a layer that copies share. Worth it before many copies.
    pub fn seal(&mut self) {
        if !self.top.entries.is_empty() {
            self.sealed.push(Arc::new(std::mem::take(&mut self.top)));
        }
    }

    /// All entries from the lowest precedence to the highest, overridden ones too.
    pub fn iter(&self) -> impl Iterator<Item = &Variable> {
        self.sealed
            .iter()
            .map(AsRef::as_ref)
            .chain(std::iter::once(&self.top))
            .flat_map(|layer| &layer.entries)
    }

    /// The entries that count and whose values may refer to others.
    pub(super) fn referring(&self) -> impl Iterator<Item = &Variable> {
        let layers = self.sealed.iter().map(AsRef::as_ref).chain([&self.top]);
        let entries = layers.flat_map(|layer| layer.referring.iter().map(|at| &layer.entries[*at]));
        entries.filter(|variable| self.counts(variable))
    }

    /// The entries that count, each name once, where its last entry stands.
    pub fn effective(&self) -> impl Iterator<Item = &Variable> {
        self.iter().filter(|variable| self.counts(variable))
    }

    /// Whether this entry of the collection is the one of its name that counts.
    pub(super) fn counts(&self, entry: &Variable) -> bool {
        self.get(&entry.key)
            .is_some_and(|counts| std::ptr::eq(counts, entry))
    }

    /// Number of entries, overridden ones too.
    pub fn len(&self) -> usize {
        self.iter().count()
    }

    /// Whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }
}

impl Extend<Variable> for Variables {
    fn extend<I: IntoIterator<Item = Variable>>(&mut self, variables: I) {
        for variable in variables {
            self.push(variable);
        }
    }
}

impl FromIterator<Variable> for Variables {
    fn from_iter<I: IntoIterator<Item = Variable>>(variables: I) -> Self {
        let mut collection = Self::new();
        collection.extend(variables);
        collection
    }
}

impl Lookup for Variables {
    fn variable(&self, name: &str) -> Option<&str> {
        self.value(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys_and_values<'v>(variables: impl Iterator<Item = &'v Variable>) -> String {
        let texts = variables.map(|v| format!("{}={}", v.key, v.value));
        texts.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn later_entries_override_through_layers() {
        let mut root: Variables = [Variable::new("A", "1"), Variable::new("B", "1")]
            .into_iter()
            .collect();
        root.seal();
        let mut job = root.clone();
        job.push(Variable::new("A", "2"));
        let mut all = Variables::new();
        all.push(Variable::new("B", "0"));
        all.append(&job);
        all.push(Variable::new("C", "3"));

        assert_eq!(keys_and_values(all.iter()), "B=0 A=1 B=1 A=2 C=3");
        assert_eq!(keys_and_values(all.effective()), "B=1 A=2 C=3");
        assert_eq!(all.value("B"), Some("1"));
        assert_eq!(all.value("D"), None);
        assert_eq!((root.len(), job.len()), (2, 3));
    }

    #[test]
    fn the_last_entry_counts_in_small_and_in_large_layers() {
        for size in [1, Layer::FEW, Layer::FEW + 1, 3 * Layer::FEW] {
            let mut layer = Layer::default();
            for at in 0..size {
                layer.push(Variable::new("A", at.to_string()));
                layer.push(Variable::new(format!("V{at}"), at.to_string()));
                let last = layer.get("A").map(|found| &*found.value);
                assert_eq!(last, Some(at.to_string().as_str()), "{size}");
            }
            assert_eq!(layer.get("V0").map(|found| &*found.value), Some("0"));
            assert_eq!(layer.get("B"), None);
        }
    }

    #[test]
    fn appending_shares_what_is_sealed() {
        let mut root: Variables = [Variable::new("A", "1")].into_iter().collect();
        root.seal();
        let mut job = Variables::new();
        job.append(&root);
        assert!(std::ptr::eq(
            root.get("A").expect("in root"),
            job.get("A").expect("in job")
        ));
    }
}
