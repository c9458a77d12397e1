//! Merge keys, as Psych applies them: where they stand.
//!
//! `<<` overwrites the keys above it and is overwritten by the keys below it; in a list of
//! mappings the earlier wins; a value that can't be merged leaves a literal `<<` (configuration
//! reference 2.3).

use crate::source::Span;

use super::{Entry, Kind, Mapping, Value};

/// What stands behind a `<<`.
#[derive(Debug)]
pub(super) enum Merge {
    /// Mappings to put in, in this order, each with the place that brings it here.
    Mappings(Vec<(Value, Span)>),
    /// Not mergeable: the key stays as it is.
    Literal,
}

/// How the value of `<<` is written; Psych decides by that, not by its type.
#[derive(Debug)]
pub(super) enum Form {
    /// A scalar.
    Scalar,
    /// An alias or a mapping.
    Single,
    /// A list, with the place of each item.
    List(Vec<Span>),
}

/// Decides what `<<` with this `value`, written at `site`, does.
pub(super) fn plan(value: &Value, site: Span, form: Form) -> Merge {
    let is_map = |value: &Value| matches!(value.kind, Kind::Map(_));
    match (form, &value.kind) {
        (Form::Single, Kind::Map(_)) => Merge::Mappings(vec![(value.clone(), site)]),
        (Form::List(sites), Kind::Seq(items)) if items.iter().all(is_map) => {
            Merge::Mappings(items.iter().cloned().zip(sites).rev().collect())
        }
        _ => Merge::Literal,
    }
}

/// Puts the entries of `from` into `mapping` and returns what the user wrote above and lost:
/// the old entry and the place that overwrote it.
pub(super) fn apply(mapping: &mut Mapping, from: &Mapping, via: Span) -> Vec<(Entry, Span)> {
    let mut lost = Vec::new();
    for entry in from.entries() {
        let entry = Entry {
            via: Some(via),
            ..entry.clone()
        };
        if let Some(old) = mapping.insert(entry).filter(|old| old.via.is_none()) {
            lost.push((old, via));
        }
    }
    lost
}
