//! `environment` (configuration reference 6.15).

use crate::diag::{Code, Diagnostic};
use crate::types::{EnvironmentAction, EnvironmentNameFault};
use crate::yaml::{Kind, Mapping, Value};

use super::super::model::{EnvironmentConfig, KubernetesConfig};
use super::super::read;
use super::super::shape::{Check, Keys, Scope, Shape, key};
use super::values;

const URL_LIMIT: usize = 255;

pub(super) static ENVIRONMENT: Keys = Keys {
    rows: &[
        key("name", "6.15", Shape::Rule(name)),
        key("url", "6.15", Shape::Rule(url)),
        key(
            "action",
            "6.15",
            Shape::OneOf(&["start", "stop", "prepare", "verify", "access"]),
        ),
        key("on_stop", "6.15", Shape::Text),
        key("auto_stop_in", "6.15", Shape::Text),
        key("deployment_tier", "6.15", Shape::Text),
        key("kubernetes", "6.15", Shape::Rule(kubernetes)),
    ],
    required: &["name"],
    exclusive: &[],
};

static KUBERNETES: Keys = Keys {
    rows: &[
        key("agent", "6.15", Shape::Text),
        key("namespace", "6.15", Shape::Text),
        key("flux_resource_path", "6.15", Shape::Text),
        key("managed_resources", "6.15", Shape::Map(&MANAGED)),
        key("dashboard", "6.15", Shape::Map(&DASHBOARD)),
    ],
    required: &[],
    exclusive: &[],
};

/// An agent's deployment; with a Flux resource its agent and namespace must be named.
fn kubernetes(value: &Value, check: &mut Check<'_>) {
    let Some(mapping) = check.mapping(value) else {
        return;
    };
    if mapping.is_empty() {
        return check.invalid(Code::BlankValue, value.span, "can't be an empty mapping");
    }
    check.keys(mapping, value.span, &KUBERNETES, Scope::ANY);
    let filled = |key: &str| {
        mapping
            .get(key)
            .is_some_and(|entry| !entry.value.is_blank())
    };
    for key in ["agent", "namespace"] {
        if filled("flux_resource_path") && !filled(key) {
            let message = format!("{} lacks the key `{key}`", check.subject());
            check.report(Diagnostic::new(Code::MissingKey, message).at(value.span));
        }
    }
}

static MANAGED: Keys = Keys {
    rows: &[key("enabled", "6.15", Shape::Boolean)],
    required: &[],
    exclusive: &[],
};

static DASHBOARD: Keys = Keys {
    rows: &[
        key("namespace", "6.15", Shape::Text),
        key("flux_resource_path", "6.15", Shape::Text),
    ],
    required: &[],
    exclusive: &[],
};

/// `environment`.
pub(super) fn check(value: &Value, check: &mut Check<'_>) {
    match &value.kind {
        Kind::Str(_) => name(value, check),
        Kind::Map(_) => check.value(value, &Shape::Map(&ENVIRONMENT)),
        _ => check.wrong_type(value, "a string or a mapping with `name`"),
    }
}

fn name(value: &Value, check: &mut Check<'_>) {
    check.value(value, &Shape::NonBlank);
    let Some(text) = value.as_str().filter(|text| !text.trim().is_empty()) else {
        return;
    };
    // How long it is shows when its variables are put in.
    let fault = EnvironmentNameFault::of(text);
    if fault.is_some_and(|fault| !matches!(fault, EnvironmentNameFault::TooLong(_))) {
        check.invalid(
            Code::InvalidValue,
            value.span,
            "can hold only letters, digits, blanks and `-_/${}.`, and no `/` at its ends",
        );
    }
}

fn url(value: &Value, check: &mut Check<'_>) {
    check.value(value, &Shape::Text);
    values::limited(value, check, URL_LIMIT);
}

/// A checked `environment`.
pub(crate) fn read(value: &Value) -> Option<EnvironmentConfig> {
    let named = |name, name_span| EnvironmentConfig {
        name,
        name_span,
        url: None,
        action: EnvironmentAction::Start,
        on_stop: None,
        tier: None,
        auto_stop_in: None,
        kubernetes: None,
        span: value.span,
    };
    let Some(mapping) = value.as_map() else {
        return Some(named(value.as_str()?.into(), value.span));
    };
    let kubernetes = read::get(mapping, "kubernetes").and_then(Value::as_map);
    Some(EnvironmentConfig {
        url: read::text(mapping, "url"),
        action: read::text(mapping, "action")
            .and_then(|word| EnvironmentAction::parse(&word))
            .unwrap_or_default(),
        on_stop: read::spanned(mapping, "on_stop"),
        tier: read::spanned(mapping, "deployment_tier"),
        auto_stop_in: read::text(mapping, "auto_stop_in"),
        kubernetes: kubernetes.map(read_kubernetes),
        ..named(
            read::text(mapping, "name")?,
            read::get(mapping, "name")?.span,
        )
    })
}

fn read_kubernetes(mapping: &Mapping) -> KubernetesConfig {
    KubernetesConfig {
        agent: read::text(mapping, "agent"),
        namespace: read::text(mapping, "namespace"),
        flux_resource_path: read::text(mapping, "flux_resource_path"),
    }
}
