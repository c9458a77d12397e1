//! `needs` (configuration reference 6.10).

use crate::diag::Code;
use crate::yaml::{Kind, Mapping, Value};

use super::super::shape::{Check, Keys, Shape, flatten};
use super::{key, parallel};

/// Needs on other pipelines that one job may have.
const MAX_EXTERNAL: usize = 5;

static JOB: Keys = Keys {
    rows: &[
        key("job", "6.10", Shape::NonBlank),
        key("artifacts", "6.10", Shape::Boolean),
        key("optional", "6.10", Shape::Boolean),
        key("parallel", "6.10", Shape::Rule(parallel::check_need)),
    ],
    required: &["job"],
    exclusive: &[],
};

static PIPELINE: Keys = Keys {
    rows: &[
        key("pipeline", "6.10", Shape::NonBlank),
        key("job", "6.10", Shape::NonBlank),
        key("artifacts", "6.10", Shape::Boolean),
    ],
    required: &["pipeline", "job"],
    exclusive: &[],
};

static PROJECT: Keys = Keys {
    rows: &[
        key("project", "6.10", Shape::NonBlank),
        key("job", "6.10", Shape::NonBlank),
        key("ref", "6.10", Shape::NonBlank),
        key("artifacts", "6.10", Shape::Boolean),
    ],
    required: &["project", "job", "ref"],
    exclusive: &[],
};

static MIRROR: Keys = Keys {
    rows: &[key("pipeline", "6.10", Shape::NonBlank)],
    required: &["pipeline"],
    exclusive: &[],
};

/// `needs`: a list, or a single mapping.
pub(super) fn check(value: &Value, check: &mut Check<'_>) {
    let items = match &value.kind {
        Kind::Map(mapping) if mapping.is_empty() => {
            return check.invalid(Code::BlankValue, value.span, "can't be an empty mapping");
        }
        Kind::Map(_) => vec![value],
        Kind::Seq(_) => flatten(value).unwrap_or_default(),
        _ => return check.wrong_type(value, "a list or a mapping"),
    };
    for item in &items {
        check_item(item, check);
    }
    let external = items.iter().filter(|item| is_external(item)).count();
    if external > MAX_EXTERNAL {
        let what = format!("has more than {MAX_EXTERNAL} needs on other pipelines");
        check.invalid(Code::TooMany, value.span, &what);
    }
}

fn check_item(item: &Value, check: &mut Check<'_>) {
    match &item.kind {
        Kind::Str(_) => check.value(item, &Shape::NonBlank),
        Kind::Map(mapping) => check.value(item, &Shape::Map(keys_of(mapping))),
        _ => check.wrong_type(item, "a job's name or a mapping with `job`"),
    }
}

fn keys_of(mapping: &Mapping) -> &'static Keys {
    let has = |key| mapping.get(key).is_some();
    if has("project") {
        &PROJECT
    } else if has("pipeline") && has("job") {
        &PIPELINE
    } else if has("pipeline") {
        &MIRROR
    } else {
        &JOB
    }
}

/// Whether an item points out of this pipeline.
pub(super) fn is_external(item: &Value) -> bool {
    item.as_map()
        .is_some_and(|m| m.get("pipeline").is_some() || m.get("project").is_some())
}
