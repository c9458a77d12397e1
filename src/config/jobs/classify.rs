//! What each top-level key is, and whether its name will do (configuration reference 2.5 to 2.8).

use crate::diag::{Code, Diagnostic, closest};
use crate::yaml::{Entry, Key};

use super::super::keywords::{RESERVED, ROOT};
use super::super::model::JobKind;
use super::super::shape::{instead_of, unquoted_key};

/// Characters of a job's name.
pub(in super::super) const NAME_LIMIT: usize = 255;

/// What a top-level key is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Class {
    Global,
    Hidden,
    Job(JobKind),
    Unknown,
}

/// Presence of keys decides, not their values; the order of the tests is GitLab's.
pub(in super::super) fn classify(entry: &Entry) -> Class {
    let name = entry.key.text();
    if RESERVED.contains(&name) {
        return Class::Global;
    }
    if name.starts_with('.') {
        return Class::Hidden;
    }
    if let Some(mapping) = entry.value.as_map() {
        let has = |key| mapping.get(key).is_some();
        if has("script") || has("run") {
            return Class::Job(JobKind::Script);
        }
        if has("trigger") || has("needs") {
            return Class::Job(JobKind::Trigger);
        }
    }
    if ROOT.contains(&name) {
        Class::Global
    } else {
        Class::Unknown
    }
}

/// Reports a key that is no job and nothing else.
pub(in super::super) fn report_unknown(entry: &Entry, found: &mut Vec<Diagnostic>) {
    let name = entry.key.text();
    let is_mapping = entry.value.as_map().is_some();
    let mut diagnostic = if is_mapping {
        Diagnostic::new(
            Code::JobWithoutScript,
            format!("job `{name}` has neither `script`, `run` nor `trigger`"),
        )
        .help("add a `script`, or begin its name with a dot to make it a template")
    } else {
        Diagnostic::new(
            Code::UnknownKey,
            format!(
                "`{name}` is no keyword of the top level, and no job: it is {}",
                entry.value.type_name()
            ),
        )
    };
    diagnostic = diagnostic
        .at(entry.key_span)
        .did_you_mean(name, ROOT.iter().copied());
    let removed = instead_of(name, ROOT.iter().copied()).map(str::to_owned);
    if let Some(advice) = removed.or_else(|| unquoted_key(&entry.key)) {
        diagnostic.help = vec![advice];
    }
    if let Some(mapping) = entry.value.as_map() {
        let slip = mapping
            .entries()
            .iter()
            .find(|e| closest(e.key.text(), ["script", "trigger", "run"]).is_some());
        if let Some(slip) = slip {
            diagnostic = diagnostic
                .with(slip.key_span, "this key is unknown")
                .did_you_mean(slip.key.text(), ["script", "trigger", "run"]);
        }
    }
    found.push(diagnostic);
}

/// Reports a template that is blank.
pub(in super::super) fn check_hidden(entry: &Entry, found: &mut Vec<Diagnostic>) {
    if entry.value.is_blank() {
        let message = format!("template `{}` is empty", entry.key.text());
        found.push(
            Diagnostic::new(Code::BlankValue, message)
                .at(entry.key_span)
                .help("give it content or remove it"),
        );
    }
}

/// Reports a name that no job can have.
pub(super) fn check_name(entry: &Entry, found: &mut Vec<Diagnostic>) {
    let name = entry.key.text();
    let diagnostic = match &entry.key {
        Key::Other(_) => Diagnostic::new(
            Code::JobNameInvalid,
            format!("job name `{name}` is not a string"),
        )
        .help(unquoted_key(&entry.key).unwrap_or_else(|| "put it in quotes".to_owned())),
        Key::Str(_) if name.trim().is_empty() => {
            Diagnostic::new(Code::JobNameInvalid, "a job name can't be blank")
        }
        Key::Str(_) if name.chars().count() > NAME_LIMIT => Diagnostic::new(
            Code::JobNameInvalid,
            format!("a job name can have at most {NAME_LIMIT} characters"),
        ),
        Key::Str(_) => return,
    };
    found.push(diagnostic.at(entry.key_span));
}
