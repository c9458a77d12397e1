//! Deep merge, as Rails' `deep_merge` does it (configuration reference 4.5, 6.6).

use std::sync::Arc;

use crate::yaml::{Kind, Mapping, Value};

/// `over` laid on `base`: two mappings are merged key by key, anything else is replaced. Keys
/// keep the place of their first appearance.
pub(super) fn deep_merge(base: &Value, over: &Value) -> Value {
    match (&base.kind, &over.kind) {
        (Kind::Map(lower), Kind::Map(upper)) => {
            Value::new(Kind::Map(Arc::new(merge_mappings(lower, upper))), over.span)
        }
        _ => over.clone(),
    }
}

/// The same for two mappings.
fn merge_mappings(lower: &Mapping, upper: &Mapping) -> Mapping {
    let mut merged = lower.clone();
    merge_into(&mut merged, upper);
    merged.shrink();
    merged
}

/// `upper` laid on `merged`, in place.
pub(super) fn merge_into(merged: &mut Mapping, upper: &Mapping) {
    if merged.is_empty() {
        merged.clone_from(upper);
        return;
    }
    for entry in upper.entries() {
        merged.merge(entry, deep_merge);
    }
}
