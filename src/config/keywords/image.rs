//! `image` and `services` (configuration reference 6.3, 6.4).

use std::sync::Arc;

use crate::diag::Code;
use crate::source::Span;
use crate::types::PullPolicy;
use crate::yaml::{Kind, Mapping, Value};

use super::super::model::{ImageConfig, ServiceConfig};
use super::super::read;
use super::super::shape::{Check, Keys, Shape, entries, key};
use super::{values, variables};

pub(super) static IMAGE: Keys = Keys {
    rows: &[
        key("name", "6.3", Shape::NonBlank),
        key("entrypoint", "6.3", Shape::Texts),
        key("pull_policy", "6.3", Shape::Rule(pull_policy)),
        key("docker", "6.3", Shape::Map(&DOCKER)),
        key("kubernetes", "6.3", Shape::Map(&KUBERNETES)).inert(),
    ],
    required: &["name"],
    exclusive: &[],
};

pub(super) static SERVICE: Keys = Keys {
    rows: &[
        key("name", "6.4", Shape::NonBlank),
        key("entrypoint", "6.4", Shape::Texts),
        key("pull_policy", "6.4", Shape::Rule(pull_policy)),
        key("docker", "6.4", Shape::Map(&DOCKER)),
        key("kubernetes", "6.4", Shape::Map(&KUBERNETES)).inert(),
        key("alias", "6.4", Shape::Text),
        key("command", "6.4", Shape::Script),
        key("variables", "6.4", Shape::Rule(variables::check_plain)),
    ],
    required: &["name"],
    exclusive: &[],
};

static DOCKER: Keys = Keys {
    rows: &[
        key("platform", "6.3", Shape::Rule(platform)).never_null(),
        key("user", "6.3", Shape::Rule(user)).never_null(),
    ],
    required: &[],
    exclusive: &[],
};

static KUBERNETES: Keys = Keys {
    rows: &[key("user", "6.3", Shape::Rule(kubernetes_user)).never_null()],
    required: &[],
    exclusive: &[],
};

fn platform(value: &Value, check: &mut Check<'_>) {
    check.value(value, &Shape::NonBlank);
    values::limited(value, check, 64);
}

fn user(value: &Value, check: &mut Check<'_>) {
    check.value(value, &Shape::NonBlank);
    values::limited(value, check, 255);
}

fn kubernetes_user(value: &Value, check: &mut Check<'_>) {
    if !matches!(value.kind, Kind::Str(_) | Kind::Int(_)) {
        check.wrong_type(value, "a string or an integer");
    }
}

fn pull_policy(value: &Value, check: &mut Check<'_>) {
    static POLICIES: &[&str] = &["always", "never", "if-not-present"];
    match &value.kind {
        Kind::Seq(items) if items.is_empty() => {
            check.invalid(Code::BlankValue, value.span, "can't be empty");
        }
        Kind::Seq(items) => items.iter().for_each(|item| check.one_of(item, POLICIES)),
        _ => check.one_of(value, POLICIES),
    }
}

fn named(value: &Value, check: &mut Check<'_>, keys: &'static Keys) {
    match &value.kind {
        Kind::Str(_) => check.value(value, &Shape::NonBlank),
        Kind::Map(_) => check.value(value, &Shape::Map(keys)),
        _ => check.wrong_type(value, "a string or a mapping with `name`"),
    }
}

/// `image`.
pub(super) fn check(value: &Value, check: &mut Check<'_>) {
    named(value, check, &IMAGE);
}

/// `services`.
pub(super) fn check_services(value: &Value, check: &mut Check<'_>) {
    let Some(items) = entries(value) else {
        return check.wrong_type(value, "a list");
    };
    for item in items {
        named(item, check, &SERVICE);
    }
}

/// A checked `image`.
pub(crate) fn read(value: &Value) -> Option<ImageConfig> {
    match value.as_map() {
        Some(mapping) => read_mapping(mapping, value.span),
        None => Some(named_only(value.as_str()?, value.span)),
    }
}

/// Checked `services`.
pub(crate) fn read_services(value: &Value) -> Vec<ServiceConfig> {
    let items = entries(value).unwrap_or_default();
    items.into_iter().filter_map(read_service).collect()
}

fn read_service(value: &Value) -> Option<ServiceConfig> {
    let image = read(value)?;
    let Some(mapping) = value.as_map() else {
        return Some(ServiceConfig {
            image,
            aliases: Vec::new(),
            command: None,
            variables: Vec::new(),
        });
    };
    let aliases = read::text(mapping, "alias").unwrap_or_default();
    let aliases = aliases.split([',', ' ', '\t', '\n', '\r']);
    Some(ServiceConfig {
        image,
        aliases: aliases
            .filter(|alias| !alias.is_empty())
            .map(Into::into)
            .collect(),
        command: read::get(mapping, "command").map(read::strings),
        variables: variables::read(mapping),
    })
}

fn named_only(name: &str, span: Span) -> ImageConfig {
    ImageConfig {
        name: name.into(),
        entrypoint: None,
        platform: None,
        user: None,
        pull_policies: Vec::new(),
        span,
    }
}

fn read_mapping(mapping: &Mapping, span: Span) -> Option<ImageConfig> {
    let docker = read::get(mapping, "docker").and_then(Value::as_map);
    let of_docker = |key| docker.and_then(|docker| read::text(docker, key));
    let policies = read::get(mapping, "pull_policy").map(read::strings);
    let policies: Vec<Arc<str>> = policies.unwrap_or_default();
    Some(ImageConfig {
        entrypoint: read::get(mapping, "entrypoint").map(read::strings),
        platform: of_docker("platform"),
        user: of_docker("user"),
        pull_policies: policies
            .iter()
            .filter_map(|word| PullPolicy::parse(word))
            .collect(),
        ..named_only(&read::text(mapping, "name")?, span)
    })
}
