//! Root variables that GitLab asks for when somebody starts a pipeline by hand: those with a
//! description (configuration reference 5.6).

use std::sync::Arc;

use crate::yaml::{Mapping, Value};

use super::read;

/// A variable that whoever starts a pipeline may set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prefilled {
    /// Name.
    pub key: Arc<str>,
    /// Unexpanded value where nobody sets one.
    pub value: Arc<str>,
    /// What it is for.
    pub description: Arc<str>,
    /// The values to choose from, where there is a choice.
    pub options: Vec<Arc<str>>,
}

/// Those of a checked document.
pub(super) fn prefilled(document: &Mapping) -> Vec<Prefilled> {
    let variables = read::get(document, "variables").and_then(Value::as_map);
    let entries = variables.map(Mapping::entries).unwrap_or_default();
    entries
        .iter()
        .filter_map(|entry| {
            let definition = entry.value.as_map()?;
            let text = |key| read::get(definition, key).and_then(Value::scalar_text);
            Some(Prefilled {
                key: entry.key.text().into(),
                value: text("value").unwrap_or_default().into(),
                description: text("description")?.into(),
                options: read::get(definition, "options")
                    .map(read::strings)
                    .unwrap_or_default(),
            })
        })
        .collect()
}
