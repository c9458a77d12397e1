//! Keywords that reach beyond one machine, or into other products: releases, Pages, tokens,
//! secrets (configuration reference 6.21 to 6.24).

use crate::diag::{Code, Diagnostic};
use crate::yaml::{Kind, Mapping, Value};

use super::super::model::{
    IdTokenConfig, PagesConfig, ReleaseConfig, ReleaseLink, SecretConfig, SecretProvider,
};
use super::super::read;
use super::super::shape::{Check, Keys, Scope, Shape, key, listed};
use super::values;

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
    let (date, time) = text
        .split_once(['T', ' '])
        .map_or((text, None), |(date, time)| (date, Some(time)));
    is_date(date) && time.is_none_or(is_time)
}

fn is_date(date: &str) -> bool {
    let mut parts = date.split('-');
    let (Some(year), Some(month), Some(day), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return false;
    };
    match (year.parse(), month.parse(), day.parse()) {
        (Ok(year), Ok(month), Ok(day)) => jiff::civil::Date::new(year, month, day).is_ok(),
        _ => false,
    }
}

/// Hours, then perhaps minutes, seconds and a zone.
fn is_time(time: &str) -> bool {
    let clock = time.split(['Z', '+', '-']).next().unwrap_or_default();
    let mut parts = clock.split(':').zip([24, 59, 60]);
    parts.all(|(part, most)| {
        let whole = part.split('.').next().unwrap_or_default();
        whole.parse::<u8>().is_ok_and(|number| number <= most)
    })
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
    if !value.as_str().is_some_and(values::may_refer) {
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
    if providers(mapping).count() != 1 {
        let known = SecretProvider::ALL.map(SecretProvider::as_str);
        let message = format!(
            "{} needs exactly one of {}",
            check.subject(),
            listed(&known)
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

/// The providers that an entry of `secrets` names.
fn providers(secret: &Mapping) -> impl Iterator<Item = SecretProvider> {
    let all = SecretProvider::ALL.into_iter();
    all.filter(|provider| secret.get(provider.as_str()).is_some())
}

/// Checked `secrets`.
pub(crate) fn read_secrets(value: &Value) -> Vec<SecretConfig> {
    let entries = value.as_map().map_or(&[][..], Mapping::entries).iter();
    let read = entries.map(|entry| {
        let secret = entry.value.as_map()?;
        Some(SecretConfig {
            name: entry.key.text().into(),
            provider: providers(secret).next()?,
            file: read::boolean(secret, "file").unwrap_or(true),
            token: read::text(secret, "token"),
            span: entry.value.span,
        })
    });
    read.flatten().collect()
}

/// Checked `id_tokens`.
pub(crate) fn read_id_tokens(value: &Value) -> Vec<IdTokenConfig> {
    let entries = value.as_map().map_or(&[][..], Mapping::entries).iter();
    let read = entries.map(|entry| {
        let audience = read::get(entry.value.as_map()?, "aud")?;
        Some(IdTokenConfig {
            name: entry.key.text().into(),
            audience: read::strings(audience),
            span: entry.value.span,
        })
    });
    read.flatten().collect()
}

/// Whether a job is a Pages job (configuration reference 6.22).
pub(crate) fn is_pages(name: &str, mapping: &Mapping) -> bool {
    match mapping.get("pages").map(|entry| &entry.value.kind) {
        Some(Kind::Bool(value)) => *value,
        Some(Kind::Map(_)) => true,
        _ => name == "pages",
    }
}

/// `pages` and what belongs to it in the mapping of a Pages job.
pub(crate) fn read_pages(job: &Mapping) -> PagesConfig {
    let none = Mapping::default();
    let pages = read::get(job, "pages")
        .and_then(Value::as_map)
        .unwrap_or(&none);
    PagesConfig {
        publish: read::text(pages, "publish").or_else(|| read::text(job, "publish")),
        path_prefix: read::text(pages, "path_prefix"),
        expire_in: read::text(pages, "expire_in"),
    }
}

/// A checked `release`.
pub(crate) fn read_release(value: &Value) -> Option<ReleaseConfig> {
    let mapping = value.as_map()?;
    let assets = read::get(mapping, "assets").and_then(Value::as_map);
    let links = assets.and_then(|assets| read::get(assets, "links")?.as_seq());
    let milestones = read::get(mapping, "milestones").map(read::strings);
    Some(ReleaseConfig {
        tag_name: read::text(mapping, "tag_name")?,
        tag_message: read::text(mapping, "tag_message"),
        description: read::text(mapping, "description")?,
        name: read::text(mapping, "name"),
        reference: read::text(mapping, "ref"),
        milestones: milestones.unwrap_or_default(),
        released_at: read::text(mapping, "released_at"),
        links: links
            .unwrap_or_default()
            .iter()
            .filter_map(Value::as_map)
            .map(read_link)
            .collect(),
        span: value.span,
    })
}

fn read_link(link: &Mapping) -> ReleaseLink {
    ReleaseLink {
        name: read::text(link, "name"),
        url: read::text(link, "url"),
        filepath: read::text(link, "filepath"),
        link_type: read::text(link, "link_type"),
    }
}
