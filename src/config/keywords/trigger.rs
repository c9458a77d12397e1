//! `trigger` (configuration reference 6.25).

use std::sync::Arc;

use crate::diag::{Code, Diagnostic};
use crate::yaml::{Entry, Kind, Mapping, Value};

use super::super::model::{
    ChildInclude, Forward, ProjectTrigger, TriggerConfig, TriggerStrategy, TriggerTarget,
};
use super::super::read;
use super::super::shape::{Check, Keys, Scope, Shape, key};

/// Child configurations of one trigger job.
const MAX_INCLUDES: usize = 3;

static PROJECT: Keys = Keys {
    rows: &[
        key("project", "6.25", Shape::NonBlank),
        key("branch", "6.25", Shape::Text),
        key("strategy", "6.25", Shape::OneOf(STRATEGIES)),
        key("forward", "6.25", Shape::Map(&FORWARD)),
        key("inputs", "6.25", Shape::Named(&Shape::Any)),
    ],
    required: &["project"],
    exclusive: &[],
};

static CHILD: Keys = Keys {
    rows: &[
        key("include", "6.25", Shape::Rule(includes)),
        key("strategy", "6.25", Shape::OneOf(STRATEGIES)),
        key("forward", "6.25", Shape::Map(&FORWARD)),
    ],
    required: &[],
    exclusive: &[],
};

static STRATEGIES: &[&str] = &["depend", "mirror"];

static FORWARD: Keys = Keys {
    rows: &[
        key("yaml_variables", "6.25", Shape::Boolean),
        key("pipeline_variables", "6.25", Shape::Boolean),
    ],
    required: &[],
    exclusive: &[],
};

/// An entry of `include`. Types are not checked here: a value of the wrong type names nothing
/// when the file is read.
static INCLUDE: Keys = Keys {
    rows: &[
        key("local", "4.1", Shape::Any),
        key("file", "4.1", Shape::Any),
        key("remote", "4.1", Shape::Any),
        key("project", "4.1", Shape::Any),
        key("ref", "4.1", Shape::Any),
        key("integrity", "4.1", Shape::Any),
        key("cache", "4.1", Shape::Any),
        key("template", "4.1", Shape::Any),
        key("artifact", "4.1", Shape::Any),
        key("inputs", "4.1", Shape::Any),
        key("job", "4.1", Shape::Any),
        key("rules", "4.3", Shape::Rule(rules)),
        key("component", "4.1", Shape::Any),
    ],
    required: &[],
    exclusive: &[],
};

/// `trigger`.
pub(super) fn check(value: &Value, check: &mut Check<'_>) {
    match &value.kind {
        Kind::Str(_) => check.value(value, &Shape::NonBlank),
        Kind::Map(mapping) if mapping.is_empty() => {
            check.invalid(Code::BlankValue, value.span, "can't be empty");
        }
        Kind::Map(mapping) if mapping.get("include").is_some() => {
            check.value(value, &Shape::Map(&CHILD));
        }
        Kind::Map(_) => check.value(value, &Shape::Map(&PROJECT)),
        _ => check.wrong_type(value, "a project's path or a mapping"),
    }
}

fn includes(value: &Value, check: &mut Check<'_>) {
    let items = match &value.kind {
        Kind::Str(_) => return,
        Kind::Seq(items) => items,
        _ => return check.wrong_type(value, "a path or a list"),
    };
    if items.len() > MAX_INCLUDES {
        let what = format!("has more than {MAX_INCLUDES} files");
        check.invalid(Code::TooMany, value.span, &what);
    }
    for item in items.iter() {
        match &item.kind {
            Kind::Str(_) | Kind::Null => {}
            Kind::Map(mapping) => include_item(item, mapping, check),
            _ => check.wrong_type(item, "a path or a mapping"),
        }
    }
}

/// One mapping of an `include`, in a trigger or left over at the top level (configuration
/// reference 4.1).
pub(crate) fn include_item(item: &Value, mapping: &Mapping, check: &mut Check<'_>) {
    check.keys(mapping, item.span, &INCLUDE, Scope::ANY);
    let given = |key: &str| {
        let off = |entry: &&Entry| matches!(entry.value.kind, Kind::Null | Kind::Bool(false));
        mapping.get(key).filter(|entry| !off(entry))
    };
    let filled = |key: &str| {
        mapping
            .get(key)
            .is_some_and(|entry| !entry.value.is_blank())
    };
    for (key, other) in [("artifact", "job"), ("project", "file")] {
        if let Some(entry) = given(key).filter(|_| !filled(other)) {
            let message = format!("an `include` with `{key}` lacks the key `{other}`");
            check.report(Diagnostic::new(Code::MissingKey, message).at(entry.key_span));
        }
    }
    if let Some(integrity) = given("integrity") {
        check_integrity(&integrity.value, filled("remote"), check);
    }
}

/// `integrity` is the digest of a remote file (configuration reference 4.1).
fn check_integrity(value: &Value, remote: bool, check: &mut Check<'_>) {
    let problem = if !remote {
        "only a `remote` file can have `integrity`"
    } else if !value.as_str().is_some_and(is_sha256) {
        "`integrity` should be `sha256-` and the digest in base64"
    } else {
        return;
    };
    check.report(Diagnostic::new(Code::IncludeInvalid, problem).at(value.span));
}

/// `sha256-` and base64: groups of four digits, the last one perhaps filled up with `=`.
fn is_sha256(text: &str) -> bool {
    let digit = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/');
    text.strip_prefix("sha256-").is_some_and(|base64| {
        let digits = base64
            .strip_suffix("==")
            .or_else(|| base64.strip_suffix('='))
            .unwrap_or(base64);
        base64.len().is_multiple_of(4) && digits.chars().all(digit)
    })
}

fn rules(value: &Value, check: &mut Check<'_>) {
    super::check_rules(value, check, &super::INCLUDE_RULE);
}

/// A checked `trigger`.
pub(crate) fn read(value: &Value) -> Option<TriggerConfig> {
    let Some(mapping) = value.as_map() else {
        return Some(TriggerConfig {
            target: TriggerTarget::Project(ProjectTrigger {
                project: value.as_str()?.into(),
                branch: None,
                inputs: Arc::default(),
            }),
            strategy: None,
            forward: Forward::default(),
            span: value.span,
        });
    };
    Some(TriggerConfig {
        target: match mapping.get("include") {
            Some(include) => TriggerTarget::Child(read_includes(&include.value)),
            None => TriggerTarget::Project(read_project(mapping)?),
        },
        strategy: match read::text(mapping, "strategy").as_deref() {
            Some("depend") => Some(TriggerStrategy::Depend),
            Some("mirror") => Some(TriggerStrategy::Mirror),
            _ => None,
        },
        forward: read_forward(mapping),
        span: value.span,
    })
}

fn read_includes(value: &Value) -> Vec<ChildInclude> {
    let entries = match &value.kind {
        Kind::Seq(entries) => &entries[..],
        _ => std::slice::from_ref(value),
    };
    let include = |entry: &Value| ChildInclude {
        entry: entry.clone(),
        artifact: entry.as_map().and_then(|it| read::text(it, "artifact")),
        job: entry.as_map().and_then(|it| read::spanned(it, "job")),
    };
    let entries = entries.iter().filter(|entry| !entry.is_null());
    entries.map(include).collect()
}

fn read_project(mapping: &Mapping) -> Option<ProjectTrigger> {
    let inputs = read::get(mapping, "inputs").map(|inputs| &inputs.kind);
    Some(ProjectTrigger {
        project: read::text(mapping, "project")?,
        branch: read::text(mapping, "branch"),
        inputs: match inputs {
            Some(Kind::Map(inputs)) => Arc::clone(inputs),
            _ => Arc::default(),
        },
    })
}

fn read_forward(mapping: &Mapping) -> Forward {
    let usual = Forward::default();
    let forward = read::get(mapping, "forward").and_then(Value::as_map);
    let says = |key, usual| {
        forward
            .and_then(|forward| read::boolean(forward, key))
            .unwrap_or(usual)
    };
    Forward {
        yaml_variables: says("yaml_variables", usual.yaml_variables),
        pipeline_variables: says("pipeline_variables", usual.pipeline_variables),
    }
}
