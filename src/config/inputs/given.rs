//! Values for the main file's inputs that come from outside the configuration
//! (configuration reference 3.3, *Pipeline-level inputs*).

use crate::diag::Diagnostic;
use crate::source::{SourceMap, Span};
use crate::yaml::{self, Entry, Key, Kind, Mapping, Value};

/// Where values come from. Later ones override earlier ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GivenInput {
    /// One value, as text. Inputs of other types read it as JSON, as GitLab does with text.
    Value {
        /// The input.
        name: String,
        /// Its value.
        value: String,
    },
    /// A YAML file that maps inputs to values.
    File {
        /// The file's name, for messages.
        name: String,
        /// Its text.
        text: String,
    },
}

/// All values, and what is wrong with the files that hold them.
pub(in super::super) fn read(
    given: &[GivenInput],
    sources: &mut SourceMap,
) -> (Mapping, Vec<Diagnostic>) {
    let mut values = Mapping::default();
    let mut found = Vec::new();
    for source in given {
        match source {
            GivenInput::Value { name, value } => {
                values.insert(one(name, value, sources));
            }
            GivenInput::File { name, text } => {
                let file = sources.add(name.as_str(), text.as_str());
                let (loaded, mut problems) = yaml::load(file, text);
                found.append(&mut problems);
                let mapping = loaded.as_ref().and_then(|loaded| loaded.content.as_map());
                for entry in mapping.into_iter().flat_map(Mapping::entries) {
                    values.insert(entry.clone());
                }
            }
        }
    }
    (values, found)
}

/// `name=value`, shown in messages as the option that gave it.
fn one(name: &str, value: &str, sources: &mut SourceMap) -> Entry {
    let place = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
    let file = sources.add("--input", format!("{name}={value}"));
    let (end, all) = (place(name.len()), place(name.len() + 1 + value.len()));
    Entry {
        key: Key::Str(name.into()),
        key_span: Span::new(file, 0, end),
        value: Value::new(Kind::Str(value.into()), Span::new(file, end + 1, all)),
        via: None,
    }
}
