//! The way of a value from where it is written to where it counts, noted while it is walked:
//! through `include`, `extends`, `!reference`, and aliases with `<<`.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::source::{FileId, Span};
use crate::yaml::{Entry, Key, Mapping, Value};

/// All ways of one configuration.
#[derive(Debug, Clone, Default)]
pub struct Trail {
    /// By the extending key: what it extends, with the place of each name, in order.
    pub(super) extended: HashMap<Key, Vec<(Key, Span)>>,
    /// Each `!reference` that was followed: where it stands, and what it brought.
    pub(super) references: Vec<(Span, Span)>,
    /// Each file that was included: the entry that brought it first.
    pub(super) included: HashMap<FileId, Span>,
}

/// One step on the way of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// The job, or a template on the way, extends this template.
    Extends {
        /// The name of the template.
        name: Arc<str>,
        /// Where the name stands.
        span: Span,
    },
    /// A `!reference` stands there.
    Reference(Span),
    /// An alias, or a mapping that is merged in place, stands there.
    Merge(Span),
    /// An entry of `include` stands there.
    Include(Span),
}

impl Step {
    /// Where it stands.
    pub const fn span(&self) -> Span {
        match self {
            Self::Extends { span, .. }
            | Self::Reference(span)
            | Self::Merge(span)
            | Self::Include(span) => *span,
        }
    }
}

impl Trail {
    /// The steps from the key of the merged document to what is written at `place`, the first one
    /// in the key itself. None where it is written there, or is no part of it.
    pub fn way(&self, merged: &Mapping, key: &Key, place: Span) -> Vec<Step> {
        let mut search = Search {
            trail: self,
            merged,
            tried: HashSet::new(),
            steps: Vec::new(),
        };
        search.reaches(key, place);
        search.steps
    }

    /// The templates that a key extends, and what those extend, nearest first, each once.
    pub fn templates(&self, key: &str) -> Vec<Step> {
        let mut steps: Vec<Step> = Vec::new();
        let mut seen = HashSet::new();
        let mut level = vec![Key::Str(key.into())];
        while !level.is_empty() {
            let bases = level.iter().filter_map(|key| self.extended.get(key));
            let bases: Vec<(Key, Span)> = bases.flatten().cloned().collect();
            level = Vec::new();
            for (base, span) in bases {
                if seen.insert(base.clone()) {
                    let name = base.text().into();
                    steps.push(Step::Extends { name, span });
                    level.push(base);
                }
            }
        }
        steps
    }

    /// The entries of `include` that brought the file of a place, the outermost first.
    pub fn included(&self, place: Span) -> Vec<Step> {
        let mut steps = Vec::new();
        let mut file = place.file;
        while let Some(span) = self.included.get(&file) {
            // A file that includes itself was brought by something else first.
            if steps.len() > self.included.len() {
                break;
            }
            steps.push(Step::Include(*span));
            file = span.file;
        }
        steps.reverse();
        steps
    }
}

/// Parts of a way that are tried before it is given up: no sane one is as long.
const MAX_TRIED: usize = 2000;

/// A search for one way.
struct Search<'a> {
    trail: &'a Trail,
    merged: &'a Mapping,
    /// What was looked for, and in which key.
    tried: HashSet<(Key, Span)>,
    /// The way so far.
    steps: Vec<Step>,
}

impl Search<'_> {
    /// Whether the place is a part of the key's value or of what that takes in.
    fn reaches(&mut self, key: &Key, place: Span) -> bool {
        let Some(entry) = self.merged.find(key) else {
            return false;
        };
        if self.tried.len() > MAX_TRIED || !self.tried.insert((key.clone(), place)) {
            return false;
        }
        if let Some(via) = holds_entry(entry, place) {
            self.steps.extend(via.map(Step::Merge));
            return true;
        }
        let trail = self.trail;
        // Of several the last one counts most.
        for (base, span) in trail.extended.get(key).into_iter().flatten().rev() {
            let name = base.text().into();
            self.steps.push(Step::Extends { name, span: *span });
            if self.reaches(base, place) {
                return true;
            }
            self.steps.pop();
        }
        for (at, target) in &trail.references {
            if encloses(*target, place) && !encloses(*at, place) && self.reaches(key, *at) {
                self.steps.push(Step::Reference(*at));
                return true;
            }
        }
        false
    }
}

fn encloses(outer: Span, inner: Span) -> bool {
    outer.file == inner.file && outer.start <= inner.start && inner.end <= outer.end
}

/// Whether the place is a part of an entry as it is written, and the alias that brought it there.
#[expect(
    clippy::option_option,
    reason = "what is found may have come through an alias, or not"
)]
fn holds_entry(entry: &Entry, place: Span) -> Option<Option<Span>> {
    if encloses(entry.key_span, place) {
        return Some(entry.via);
    }
    holds(&entry.value, place).map(|via| via.or(entry.via))
}

#[expect(
    clippy::option_option,
    reason = "what is found may have come through an alias, or not"
)]
fn holds(value: &Value, place: Span) -> Option<Option<Span>> {
    if value.span == place {
        return Some(None);
    }
    if let Some(mapping) = value.as_map() {
        return mapping
            .entries()
            .iter()
            .find_map(|entry| holds_entry(entry, place));
    }
    if let Some(items) = value.as_seq() {
        return items.iter().find_map(|item| holds(item, place));
    }
    encloses(value.span, place).then_some(None)
}
