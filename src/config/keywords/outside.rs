//! Keywords that reach beyond one machine, or into other products: releases, Pages, tokens,
//! secrets, steps (configuration reference 6.21 to 6.26).

use crate::diag::{Code, Diagnostic};
use crate::yaml::{Kind, Value};

use super::super::shape::{Check, Keys, Shape, listed};
use super::{Scope, key, values};

/// Inputs that one job may have.
const MAX_INPUTS: usize = 50;

static RELEASE: Keys = Keys {
    rows: &[
        key("tag_name", "6.21", Shape::NonBlank),
        key("tag_message", "6.21", Shape::Text),
        key("description", "6.21", Shape::NonBlank),
        key("name", "6.21", Shape::Text),
        key("ref", "6.21", Shape::Text),
        key("milestones", "6.21", Shape::TextOrTexts),
        key("released_at", "6.21", Shape::Rule(released_at)),
        key("assets", "6.21", Shape::Map(&ASSETS)),
    ],
    required: &["tag_name", "description"],
    exclusive: &[],
};

static ASSETS: Keys = Keys {
    rows: &[key("links", "6.21", Shape::Rule(links))],
    required: &["links"],
    exclusive: &[],
};

/// `release`.
pub(super) fn release(value: &Value, check: &mut Check<'_>) {
    check.value(value, &Shape::Map(&RELEASE));
}

fn released_at(value: &Value, check: &mut Check<'_>) {
    let valid = value.as_str().is_some_and(looks_like_datetime);
    if !valid {
        check.invalid(Code::InvalidValue, value.span, "should be a date and time");
        check.help_last("write it like `'2026-03-15T08:00:00Z'`");
    }
}

/// An ISO 8601 date, with or without a time.
fn looks_like_datetime(text: &str) -> bool {
    let date = text.split(['T', ' ']).next().unwrap_or_default();
    let mut parts = date.split('-').map(str::parse::<u32>);
    let year = parts.next().is_some_and(|year| year.is_ok());
    let month = matches!(parts.next(), Some(Ok(1..=12)));
    let day = matches!(parts.next(), Some(Ok(1..=31)));
    year && month && day && parts.next().is_none()
}

fn links(value: &Value, check: &mut Check<'_>) {
    match &value.kind {
        Kind::Seq(items) if items.is_empty() => {
            check.invalid(Code::BlankValue, value.span, "can't be empty");
        }
        Kind::Seq(items) => {
            for item in items.iter().filter(|item| item.as_map().is_none()) {
                check.wrong_type(item, "a mapping, as each link");
            }
        }
        _ => check.wrong_type(value, "a list of mappings"),
    }
}

static PAGES: Keys = Keys {
    rows: &[
        key("publish", "6.22", Shape::Text),
        key("path_prefix", "6.22", Shape::Text),
        key("expire_in", "6.22", Shape::Rule(pages_expiry)),
    ],
    required: &[],
    exclusive: &[],
};

/// `pages`.
pub(super) fn pages(value: &Value, check: &mut Check<'_>) {
    match &value.kind {
        Kind::Bool(_) => {}
        Kind::Map(_) => check.value(value, &Shape::Map(&PAGES)),
        _ => check.wrong_type(value, "a boolean or a mapping"),
    }
}

fn pages_expiry(value: &Value, check: &mut Check<'_>) {
    if !value.as_str().is_some_and(|text| text.contains('$')) {
        values::duration_or_never(value, check);
    }
}

/// One entry of `id_tokens`.
pub(super) static ID_TOKEN: Keys = Keys {
    rows: &[key("aud", "6.24", Shape::TextOrTexts)],
    required: &["aud"],
    exclusive: &[],
};

/// `dast_configuration`.
pub(super) static DAST: Keys = Keys {
    rows: &[
        key("site_profile", "6.24", Shape::Text),
        key("scanner_profile", "6.24", Shape::Text),
    ],
    required: &[],
    exclusive: &[],
};

static PROVIDERS: &[&str] = &[
    "vault",
    "azure_key_vault",
    "gcp_secret_manager",
    "gitlab_secrets_manager",
    "aws_secrets_manager",
];

static SECRET: Keys = Keys {
    rows: &[
        key("vault", "6.24", Shape::Rule(vault)),
        key("azure_key_vault", "6.24", Shape::Map(&NAME_VERSION)),
        key("gcp_secret_manager", "6.24", Shape::Map(&NAME_VERSION)),
        key("gitlab_secrets_manager", "6.24", Shape::Any),
        key("aws_secrets_manager", "6.24", Shape::Any),
        key("file", "6.24", Shape::Boolean),
        key("token", "6.24", Shape::Text),
    ],
    required: &[],
    exclusive: &[],
};

static NAME_VERSION: Keys = Keys {
    rows: &[
        key("name", "6.24", Shape::NonBlank),
        key("version", "6.24", Shape::Any),
    ],
    required: &["name"],
    exclusive: &[],
};

static VAULT: Keys = Keys {
    rows: &[
        key("engine", "6.24", Shape::Map(&ENGINE)),
        key("path", "6.24", Shape::NonBlank),
        key("field", "6.24", Shape::NonBlank),
    ],
    required: &["engine", "path", "field"],
    exclusive: &[],
};

static ENGINE: Keys = Keys {
    rows: &[
        key("name", "6.24", Shape::NonBlank),
        key("path", "6.24", Shape::NonBlank),
    ],
    required: &["name", "path"],
    exclusive: &[],
};

fn vault(value: &Value, check: &mut Check<'_>) {
    match &value.kind {
        Kind::Str(_) => check.value(value, &Shape::NonBlank),
        _ => check.value(value, &Shape::Map(&VAULT)),
    }
}

/// One entry of `secrets`: exactly one provider.
pub(super) fn secret(value: &Value, check: &mut Check<'_>) {
    let Some(mapping) = check.mapping(value) else {
        return;
    };
    check.keys(mapping, value.span, &SECRET, Scope::ANY);
    let given = PROVIDERS.iter().filter(|name| mapping.get(name).is_some());
    if given.count() != 1 {
        let message = format!(
            "{} needs exactly one of {}",
            check.subject(),
            listed(PROVIDERS)
        );
        check.report(Diagnostic::new(Code::ExclusiveKeys, message).at(value.span));
    }
    if mapping.get("gcp_secret_manager").is_some() && mapping.get("token").is_none() {
        let message = format!(
            "{} needs a `token` for `gcp_secret_manager`",
            check.subject()
        );
        check.report(Diagnostic::new(Code::MissingKey, message).at(value.span));
    }
}

static STEP: Keys = Keys {
    rows: &[
        key("name", "6.26", Shape::NonBlank),
        key("script", "6.26", Shape::Any),
        key("step", "6.26", Shape::Any),
        key("func", "6.26", Shape::Any),
        key("env", "6.26", Shape::Named(&Shape::Text)),
        key("inputs", "6.26", Shape::Named(&Shape::Any)),
    ],
    required: &["name"],
    exclusive: &[("script", "step"), ("script", "func"), ("step", "func")],
};

/// One entry of `run`.
pub(super) fn step(value: &Value, check: &mut Check<'_>) {
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

/// `inputs` of a job: each needs a default.
pub(super) fn job_inputs(value: &Value, check: &mut Check<'_>) {
    let Some(mapping) = check.mapping(value) else {
        return;
    };
    if mapping.len() > MAX_INPUTS {
        let what = format!("has more than {MAX_INPUTS} inputs");
        check.invalid(Code::TooMany, value.span, &what);
    }
    for entry in mapping.entries() {
        check.within(entry.key.text(), |check| {
            let has_default = entry
                .value
                .as_map()
                .is_some_and(|input| input.get("default").is_some());
            if !has_default {
                check.invalid(Code::MissingKey, entry.key_span, "must have a `default`");
            }
        });
    }
}
