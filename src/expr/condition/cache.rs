//! Conditions that many jobs share are read once.

use std::collections::HashMap;
use std::sync::Arc;

use super::{Condition, ConditionError};

/// The conditions read so far, by their text. Jobs that extend one template repeat its rules, and
/// compiling regular expressions is what reading a condition costs.
#[derive(Debug, Default)]
pub struct Conditions {
    read: HashMap<Box<str>, Result<Arc<Condition>, ConditionError>>,
}

impl Conditions {
    /// As [`Condition::parse`].
    pub fn parse(&mut self, text: &str) -> Result<Arc<Condition>, ConditionError> {
        if let Some(known) = self.read.get(text) {
            return known.clone();
        }
        let fresh = Condition::parse(text).map(Arc::new);
        self.read.insert(text.into(), fresh.clone());
        fresh
    }
}
