//! Which keywords of a job a run does not honour, or has no use for.

use std::collections::BTreeMap;

use crate::yaml::{Kind, Mapping};

use super::super::model::EffectUse;
use super::super::shape::{Keys, Shape, row};
use super::{Effect, Scope, artifacts, image};

/// Every use of a keyword of `effect` in a job's mapping, also inside its values.
pub fn scan(mapping: &Mapping, effect: Effect) -> Vec<EffectUse> {
    let mut found = BTreeMap::new();
    walk(mapping, &super::JOB, effect, &mut found);
    found
        .into_iter()
        .map(|(keyword, span)| EffectUse { keyword, span })
        .collect()
}

fn walk(
    mapping: &Mapping,
    keys: &'static Keys,
    effect: Effect,
    found: &mut BTreeMap<&'static str, crate::source::Span>,
) {
    for entry in mapping.entries() {
        let Some(row) = row(keys, entry, Scope::ANY).filter(|_| is_set(&entry.value.kind)) else {
            continue;
        };
        if row.effect == effect {
            found.entry(row.name).or_insert(entry.key_span);
        }
        let inner = match (&row.shape, row.name) {
            (Shape::Map(inner), _) => Some(*inner),
            (_, "artifacts") => Some(&artifacts::ARTIFACTS),
            (_, "image") => Some(&image::IMAGE),
            _ => None,
        };
        if let (Some(inner), Kind::Map(mapping)) = (inner, &entry.value.kind) {
            walk(mapping, inner, effect, found);
        }
    }
}

/// Null, false, and lists without anything else switch a keyword off rather than use it.
fn is_set(kind: &Kind) -> bool {
    match kind {
        Kind::Null | Kind::Bool(false) => false,
        Kind::Seq(items) => items.iter().any(|item| is_set(&item.kind)),
        Kind::Map(mapping) => !mapping.is_empty(),
        _ => true,
    }
}
