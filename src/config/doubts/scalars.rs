//! Unquoted scalars that become another text than the one that is written (configuration
//! reference 2.2).

use crate::diag::{Code, Diagnostic};
use crate::source::SourceMap;
use crate::yaml::{Kind, Mapping, Value};

/// Keys whose values become text for a job.
const BECOME_TEXT: [&str; 2] = ["variables", "matrix"];

/// Warnings about values of variables and matrices that are read as numbers or booleans and lose
/// their form by that.
pub(super) fn retyped_scalars(document: &Mapping, sources: &SourceMap) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    walk(document, sources, &mut found);
    found
}

fn walk(mapping: &Mapping, sources: &SourceMap, found: &mut Vec<Diagnostic>) {
    for entry in mapping.entries() {
        if BECOME_TEXT.contains(&entry.key.text()) {
            texts(&entry.value, sources, found);
        } else {
            inside(&entry.value, sources, found);
        }
    }
}

fn inside(value: &Value, sources: &SourceMap, found: &mut Vec<Diagnostic>) {
    if let Some(mapping) = value.as_map() {
        walk(mapping, sources, found);
    }
    for item in value.as_seq().into_iter().flatten() {
        inside(item, sources, found);
    }
}

/// Every scalar below.
fn texts(value: &Value, sources: &SourceMap, found: &mut Vec<Diagnostic>) {
    match &value.kind {
        Kind::Map(mapping) => {
            // `expand` of a variable is a boolean.
            let entries = mapping.entries().iter();
            let entries = entries.filter(|entry| entry.key.text() != "expand");
            entries.for_each(|entry| texts(&entry.value, sources, found));
        }
        Kind::Seq(items) => items.iter().for_each(|item| texts(item, sources, found)),
        Kind::Int(_) | Kind::Float(_) | Kind::Bool(_) => found.extend(retyped(value, sources)),
        Kind::Null | Kind::Str(_) | Kind::Symbol(_) | Kind::Reference(_) => {}
    }
}

fn retyped(value: &Value, sources: &SourceMap) -> Option<Diagnostic> {
    let written = sources.text(value.span)?.trim();
    let read = value.scalar_text()?;
    // With a tag or quotes the type is meant, and a boolean in other letters is the same word.
    let is_meant = written.is_empty()
        || written.contains(['!', '"', '\'', '\n'])
        || written.eq_ignore_ascii_case(&read);
    if is_meant {
        return None;
    }
    let message = format!(
        "`{written}` without quotes is {}, and a job gets `{read}`",
        value.type_name()
    );
    Some(
        Diagnostic::new(Code::ScalarRetyped, message)
            .at(value.span)
            .help(format!("quote it: `\"{written}\"`")),
    )
}
