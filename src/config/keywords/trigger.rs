//! `trigger` (configuration reference 6.25).

use crate::diag::Code;
use crate::yaml::{Kind, Value};

use super::super::shape::{Check, Keys, Shape};
use super::key;

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
    required: &["include"],
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

static INCLUDE: Keys = Keys {
    rows: &[
        key("local", "4.1", Shape::Text),
        key("file", "4.1", Shape::TextOrTexts),
        key("remote", "4.1", Shape::Text),
        key("project", "4.1", Shape::Text),
        key("ref", "4.1", Shape::Text),
        key("integrity", "4.1", Shape::Text),
        key("cache", "4.1", Shape::Any),
        key("template", "4.1", Shape::Text),
        key("artifact", "4.1", Shape::Text),
        key("inputs", "4.1", Shape::Named(&Shape::Any)),
        key("job", "4.1", Shape::Text),
        key("rules", "4.3", Shape::Rule(rules)),
        key("component", "4.1", Shape::Text),
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
        Kind::Seq(items) => &items[..],
        _ => std::slice::from_ref(value),
    };
    if items.len() > MAX_INCLUDES {
        let what = format!("has more than {MAX_INCLUDES} files");
        check.invalid(Code::TooMany, value.span, &what);
    }
    for item in items {
        match &item.kind {
            Kind::Str(_) => {}
            Kind::Map(_) => check.value(item, &Shape::Map(&INCLUDE)),
            _ => check.wrong_type(item, "a path or a mapping"),
        }
    }
}

fn rules(value: &Value, check: &mut Check<'_>) {
    super::check_rules(value, check, &super::INCLUDE_RULE);
}

/// The keys that an item of `include` may have.
pub(crate) static INCLUDE_KEYS: &Keys = &INCLUDE;
