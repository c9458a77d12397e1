//! `run` and `inputs` of a job (configuration reference 6.26).

use crate::diag::{Code, Diagnostic};
use crate::yaml::{Entry, Kind, Value};

use super::super::inputs;
use super::super::shape::{Check, Keys, Scope, Shape, key};

/// Inputs that one job may have.
const MAX_INPUTS: usize = 50;

static STEP: Keys = Keys {
    rows: &[
        key("name", "6.26", Shape::Text).never_null(),
        key("script", "6.26", Shape::Text).never_null(),
        key("step", "6.26", Shape::Rule(reference)).never_null(),
        key("func", "6.26", Shape::Rule(reference)).never_null(),
        key("env", "6.26", Shape::Named(&Shape::Text)).never_null(),
        key("inputs", "6.26", Shape::Named(&Shape::Any)).never_null(),
    ],
    required: &["name"],
    exclusive: &[("script", "step"), ("script", "func"), ("step", "func")],
};

static REFERENCE: Keys = Keys {
    rows: &[
        key("git", "6.26", Shape::Map(&GIT)).never_null(),
        key("oci", "6.26", Shape::Map(&OCI)).never_null(),
    ],
    required: &[],
    exclusive: &[("git", "oci")],
};

static GIT: Keys = Keys {
    rows: &[
        key("url", "6.26", Shape::Text),
        key("rev", "6.26", Shape::Text),
        key("dir", "6.26", Shape::Text),
        key("file", "6.26", Shape::Text),
    ],
    required: &["url", "rev"],
    exclusive: &[],
};

static OCI: Keys = Keys {
    rows: &[
        key("registry", "6.26", Shape::Text),
        key("repository", "6.26", Shape::Text),
        key("tag", "6.26", Shape::Text),
        key("dir", "6.26", Shape::Text),
        key("file", "6.26", Shape::Text),
    ],
    required: &["registry", "repository", "tag"],
    exclusive: &[],
};

/// `run`: a flat list of steps.
pub(super) fn run(value: &Value, check: &mut Check<'_>) {
    let Some(steps) = value.as_seq() else {
        return check.wrong_type(value, "a list of steps");
    };
    for item in steps {
        step(item, check);
    }
}

fn step(value: &Value, check: &mut Check<'_>) {
    let Some(mapping) = check.mapping(value) else {
        return;
    };
    check.keys(mapping, value.span, &STEP, Scope::ANY);
    if !["script", "step", "func"]
        .iter()
        .any(|key| mapping.get(key).is_some())
    {
        let message = format!("a step in {} needs `script` or `step`", check.subject());
        check.report(Diagnostic::new(Code::MissingKey, message).at(value.span));
    }
}

/// Where a step lies: text, a git repository or an OCI image.
fn reference(value: &Value, check: &mut Check<'_>) {
    match &value.kind {
        Kind::Str(_) => {}
        Kind::Map(mapping) => {
            check.keys(mapping, value.span, &REFERENCE, Scope::ANY);
            if mapping.is_empty() {
                let message = format!("{} needs `git` or `oci`", check.subject());
                check.report(Diagnostic::new(Code::MissingKey, message).at(value.span));
            }
        }
        _ => check.wrong_type(value, "a string or a mapping with `git` or `oci`"),
    }
}

/// `inputs` of a job: declared like those of a file, each with a default and without rules.
pub(super) fn inputs(value: &Value, check: &mut Check<'_>) {
    let Some(mapping) = check.mapping(value) else {
        return;
    };
    if mapping.len() > MAX_INPUTS {
        let what = format!("has more than {MAX_INPUTS} inputs");
        check.invalid(Code::TooMany, value.span, &what);
    }
    for entry in mapping.entries() {
        input(entry, check);
    }
}

/// A default is needed; whether it fits is seen when the job is started.
fn input(entry: &Entry, check: &mut Check<'_>) {
    let given = |key| entry.value.as_map().and_then(|input| input.get(key));
    check.within(entry.key.text(), |check| {
        if given("default").is_none_or(|default| default.value.is_null()) {
            check.invalid(Code::MissingKey, entry.key_span, "must have a `default`");
        }
        if given("rules").is_some() {
            return check.invalid(Code::UnknownKey, entry.key_span, "can't have `rules`");
        }
        let mut found = Vec::new();
        inputs::check_declaration(entry, &mut found);
        for diagnostic in found {
            check.report(diagnostic);
        }
    });
}
