//! The `spec` header of a file: which inputs it takes (configuration reference 3.1).

use std::sync::Arc;

use crate::diag::{Code, Diagnostic};
use crate::yaml::{Mapping, Value};

use super::inputs::{self, Inputs, unknown_keys};
use super::read;

/// Characters of `spec:description`.
const DESCRIPTION_LIMIT: usize = 256;
static SPEC_KEYS: &[&str] = &["description", "component", "include", "inputs"];
static COMPONENT_KEYS: &[&str] = &["name", "sha", "version", "reference"];

/// The values of the inputs that `header` declares, from those given and the defaults.
///
/// `more` are declarations that `spec:include` brought.
pub(super) fn resolve(
    header: &Value,
    given: &Mapping,
    more: &[Mapping],
) -> Result<Inputs, Vec<Diagnostic>> {
    let declared = declarations(header, more)?;
    inputs::resolve(&declared, given)
}

/// The fields that `spec:component` asks for.
pub(super) fn component_fields(header: &Value) -> Vec<Arc<str>> {
    let component = header
        .as_map()
        .and_then(|header| read::get(header, "spec"))
        .and_then(Value::as_map)
        .and_then(|spec| read::get(spec, "component"));
    component.map(read::strings).unwrap_or_default()
}

/// The files that `spec:include` names.
pub(super) fn included(header: &Value) -> Vec<Value> {
    let include = header
        .as_map()
        .and_then(|header| read::get(header, "spec"))
        .and_then(Value::as_map)
        .and_then(|spec| read::get(spec, "include"));
    match include {
        Some(value) => match value.as_seq() {
            Some(items) => items
                .iter()
                .filter(|item| !item.is_null())
                .cloned()
                .collect(),
            None => vec![value.clone()],
        },
        None => Vec::new(),
    }
}

fn declarations(header: &Value, more: &[Mapping]) -> Result<Mapping, Vec<Diagnostic>> {
    let mut found = Vec::new();
    let mut declared = Mapping::default();
    for mapping in more {
        for entry in mapping.entries() {
            if declared.insert(entry.clone()).is_some() {
                found.push(duplicate(entry));
            }
        }
    }
    if let Some(header) = header.as_map() {
        unknown_keys(header, &["spec"], "the header", &mut found);
        if let Some(spec) = read::get(header, "spec") {
            check_spec(spec, &mut declared, &mut found);
        }
    }
    if found.is_empty() {
        Ok(declared)
    } else {
        Err(found)
    }
}

fn check_spec(spec: &Value, declared: &mut Mapping, found: &mut Vec<Diagnostic>) {
    let Some(mapping) = spec.as_map() else {
        found.push(invalid(spec, "`spec` should be a mapping"));
        return;
    };
    unknown_keys(mapping, SPEC_KEYS, "`spec`", found);
    if let Some(description) = read::get(mapping, "description") {
        let fits = description
            .as_str()
            .is_some_and(|text| text.chars().count() <= DESCRIPTION_LIMIT);
        if !fits {
            let message = format!(
                "`spec:description` should be a string of at most {DESCRIPTION_LIMIT} characters"
            );
            found.push(invalid(description, &message));
        }
    }
    if let Some(component) = read::get(mapping, "component") {
        let fits = component.as_seq().is_some_and(|items| {
            items.iter().all(|item| {
                item.as_str()
                    .is_some_and(|word| COMPONENT_KEYS.contains(&word))
            })
        });
        if !fits {
            found.push(invalid(
                component,
                "`spec:component` should be a list of `name`, `sha`, `version`, `reference`",
            ));
        }
    }
    let Some(own) = read::get(mapping, "inputs") else {
        return;
    };
    match own.as_map() {
        Some(own) => {
            for entry in own.entries() {
                if declared.insert(entry.clone()).is_some() {
                    found.push(duplicate(entry));
                }
            }
        }
        None => found.push(invalid(own, "`spec:inputs` should be a mapping")),
    }
}

fn duplicate(entry: &crate::yaml::Entry) -> Diagnostic {
    let message = format!("input `{}` is declared twice", entry.key.text());
    Diagnostic::new(Code::SpecInvalid, message).at(entry.key_span)
}

fn invalid(value: &Value, message: &str) -> Diagnostic {
    Diagnostic::new(Code::SpecInvalid, message).at(value.span)
}
