//! What the anchors of one document stand for.

use std::collections::HashMap;

use crate::source::Span;

use super::{Kind, Value};

/// Names a node that has an anchor, for as long as the document is built.
pub(super) type Slot = usize;

/// A finished node and how deep it nests.
#[derive(Debug, Clone)]
pub(super) struct Node {
    /// The value.
    pub(super) value: Value,
    /// Levels of lists and mappings: 0 for a scalar.
    pub(super) height: usize,
}

impl Node {
    /// A scalar.
    pub(super) fn scalar(kind: Kind, span: Span) -> Self {
        Self {
            value: Value::new(kind, span),
            height: 0,
        }
    }
}

/// What a slot holds.
#[derive(Debug)]
pub(super) enum Target {
    /// The collection in the frame of that depth is still being read.
    Open(usize),
    /// The node is complete.
    Done(Node),
}

/// The anchors seen so far. A name that comes again stands for the newer node.
#[derive(Debug, Default)]
pub(super) struct Anchors {
    names: HashMap<Box<str>, Slot>,
    slots: Vec<Target>,
    /// Names that Psych forgets: anchors of `!reference` lists.
    forgotten: Vec<Box<str>>,
}

impl Anchors {
    /// Takes a new anchor.
    pub(super) fn register(&mut self, name: Box<str>, target: Target) -> Slot {
        self.slots.push(target);
        self.names.insert(name, self.slots.len() - 1);
        self.slots.len() - 1
    }

    /// Notes a name that can't be used.
    pub(super) fn forget(&mut self, name: Box<str>) {
        self.forgotten.push(name);
    }

    /// Fills the slot of a collection that is complete now.
    pub(super) fn complete(&mut self, slot: Slot, node: Node) {
        self.slots[slot] = Target::Done(node);
    }

    /// What `name` stands for here.
    pub(super) fn get(&self, name: &str) -> Option<&Target> {
        self.names.get(name).map(|slot| &self.slots[*slot])
    }

    /// Whether `name` was on a `!reference` list.
    pub(super) fn is_forgotten(&self, name: &str) -> bool {
        self.forgotten.iter().any(|forgotten| **forgotten == *name)
    }

    /// All names that can be used.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.names.keys().map(|name| &**name)
    }
}
