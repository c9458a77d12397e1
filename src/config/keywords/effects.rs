//! Which keywords of a job a run does not honour, or has no use for.

use std::collections::BTreeMap;

use crate::source::Span;
use crate::yaml::{Kind, Mapping, Value};

use super::super::model::{Effect, KeywordUse};
use super::super::shape::{Keys, Scope, Shape, entries, row};
use super::image;

/// Every such keyword in a job's mapping, also inside of others, at its first place.
pub(crate) fn without_effect(job: &Mapping) -> Vec<KeywordUse> {
    let mut found = BTreeMap::new();
    walk(job, &super::JOB, &mut found);
    let uses = found.into_iter();
    uses.map(|((effect, keyword), span)| KeywordUse {
        keyword,
        effect,
        span,
    })
    .collect()
}

fn walk(
    mapping: &Mapping,
    keys: &'static Keys,
    found: &mut BTreeMap<(Effect, &'static str), Span>,
) {
    for entry in mapping.entries() {
        let Some(row) = row(keys, entry, Scope::ANY).filter(|_| is_set(&entry.value.kind)) else {
            continue;
        };
        if row.name == "trigger" && !is_child(&entry.value) {
            // Whichever way the project was written.
            let use_of = (Effect::Refused, "trigger:project");
            found.entry(use_of).or_insert(entry.key_span);
        }
        if row.effect != Effect::Honoured {
            found
                .entry((row.effect, row.name))
                .or_insert(entry.key_span);
        }
        let inner = match (&row.shape, row.name) {
            (Shape::Map(inner), _) => Some(*inner),
            (_, "image") => Some(&image::IMAGE),
            _ => None,
        };
        if let (Some(inner), Kind::Map(mapping)) = (inner, &entry.value.kind) {
            walk(mapping, inner, found);
        }
        if row.name == "services" {
            let services = entries(&entry.value).unwrap_or_default();
            for service in services.into_iter().filter_map(Value::as_map) {
                walk(service, &image::SERVICE, found);
            }
        }
    }
}

/// Whether a `trigger` makes a child pipeline and not one of another project.
fn is_child(trigger: &Value) -> bool {
    let mapping = trigger.as_map();
    mapping.is_some_and(|mapping| mapping.get("include").is_some())
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
