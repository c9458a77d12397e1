//! Merge keys, as Psych applies them: where they stand.
//!
//! `<<` overwrites the keys above it and is overwritten by the keys below it; in a list of
//! mappings the earlier wins; a value that can't be merged leaves a literal `<<` (configuration
//! reference 2.3).

use std::sync::Arc;

use crate::source::Span;

use super::{Entry, Kind, Mapping, Value};

/// What stands behind a `<<`.
#[derive(Debug)]
pub(super) enum Merge {
    /// Mappings to put in, in this order.
    Mappings(Vec<Source>),
    /// Not mergeable: the key stays as it is.
    Literal,
}

/// A mapping to merge.
#[derive(Debug)]
pub(super) struct Source {
    /// Its entries.
    pub(super) mapping: Arc<Mapping>,
    /// The alias, or the mapping written in place.
    pub(super) via: Span,
}

/// How the value of `<<` is written; Psych decides by that, not by its type.
#[derive(Debug)]
pub(super) enum Form {
    /// A scalar, or a list that is not behind a `<<`.
    Scalar,
    /// An alias or a mapping.
    Single,
    /// A list, with the place of each item.
    List(Vec<Span>),
}

/// Decides what `<<` with this `value`, written at `site`, does.
pub(super) fn plan(value: &Value, site: Span, form: Form) -> Merge {
    let source = |value: &Value, via: Span| match &value.kind {
        Kind::Map(mapping) => Some(Source {
            mapping: mapping.clone(),
            via,
        }),
        _ => None,
    };
    let sources = match (form, &value.kind) {
        (Form::Single, _) => source(value, site).map(|source| vec![source]),
        (Form::List(sites), Kind::Seq(items)) => {
            let sources = items.iter().zip(sites).rev();
            sources.map(|(item, via)| source(item, via)).collect()
        }
        _ => None,
    };
    sources.map_or(Merge::Literal, Merge::Mappings)
}

/// Puts the entries of `source` into `mapping` and returns what the user wrote above and lost.
pub(super) fn apply(mapping: &mut Mapping, source: &Source) -> Vec<Entry> {
    let mut lost = Vec::new();
    for entry in source.mapping.entries() {
        let entry = Entry {
            via: Some(source.via),
            ..entry.clone()
        };
        let key_span = entry.key_span;
        // A mapping that merges itself loses nothing.
        let is_lost = |old: &Entry| old.via.is_none() && old.key_span != key_span;
        lost.extend(mapping.insert(entry).filter(is_lost));
    }
    lost
}
