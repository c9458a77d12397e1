//! `cache` (configuration reference 6.19).

use crate::diag::{Code, Diagnostic};
use crate::types::KeepWhen;
use crate::yaml::{Kind, Mapping, Value};

use super::super::model::{CacheConfig, CacheKey, CacheKeyFiles, CachePolicy, DigestOf};
use super::super::read;
use super::super::shape::{Check, Keys, Shape, flatten, key};
use super::values;

const MAX_CACHES: usize = 4;
const MAX_FALLBACK_KEYS: usize = 5;
const MAX_KEY_FILES: usize = 2;

static CACHE: Keys = Keys {
    rows: &[
        key("key", "6.19", Shape::Rule(check_key)),
        key("paths", "6.19", Shape::Texts),
        key("policy", "6.19", Shape::Rule(policy)),
        key("when", "6.19", Shape::OneOf(values::RESULT_WHEN)),
        key("untracked", "6.19", Shape::Boolean),
        key("unprotect", "6.19", Shape::Boolean),
        key("fallback_keys", "6.19", Shape::Rule(fallback_keys)),
    ],
    required: &[],
    exclusive: &[],
};

static KEY: Keys = Keys {
    rows: &[
        key("files", "6.19", Shape::Rule(key_files)),
        key("files_commits", "6.19", Shape::Rule(key_files)),
        key("prefix", "6.19", Shape::Rule(key_text)),
    ],
    required: &[],
    exclusive: &[("files", "files_commits")],
};

/// `cache`: one, or a list of up to four.
pub(super) fn check(value: &Value, check: &mut Check<'_>) {
    let caches = match &value.kind {
        Kind::Map(_) => vec![value],
        Kind::Seq(_) => flatten(value).unwrap_or_default(),
        _ => return check.wrong_type(value, "a mapping or a list of mappings"),
    };
    if caches.len() > MAX_CACHES {
        let what = format!("has more than {MAX_CACHES} caches");
        check.invalid(Code::TooMany, value.span, &what);
    }
    // An empty entry is one cache without settings.
    for cache in caches.into_iter().filter(|cache| !cache.is_null()) {
        check.value(cache, &Shape::Map(&CACHE));
    }
}

fn check_key(value: &Value, check: &mut Check<'_>) {
    match &value.kind {
        Kind::Str(_) | Kind::Symbol(_) => key_text(value, check),
        Kind::Map(mapping) => {
            check.value(value, &Shape::Map(&KEY));
            if mapping.get("files").is_none() && mapping.get("files_commits").is_none() {
                let message = format!("{} needs `files` or `files_commits`", check.subject());
                let diagnostic = Diagnostic::new(Code::MissingKey, message).at(value.span);
                check.report(
                    diagnostic.help("a `prefix` stands before a key that is made of files"),
                );
            }
        }
        _ => check.wrong_type(value, "a string or a mapping"),
    }
}

/// A literal key names one folder; a slash may only come from a variable.
fn key_text(value: &Value, check: &mut Check<'_>) {
    let (Kind::Str(text) | Kind::Symbol(text)) = &value.kind else {
        return check.wrong_type(value, "a string");
    };
    let lower = text.to_ascii_lowercase();
    if lower.contains('/') || lower.contains("%2f") {
        check.invalid(Code::InvalidValue, value.span, "can't contain `/`");
    }
    let plain = lower.replace("%2e", ".");
    if !plain.is_empty() && plain.chars().all(|c| c == '.') && plain.len() <= 2 {
        check.invalid(Code::InvalidValue, value.span, "can't be `.` or `..`");
    }
}

fn key_files(value: &Value, check: &mut Check<'_>) {
    check.value(value, &Shape::Texts);
    let count = value.as_seq().map_or(1, <[Value]>::len);
    if count == 0 {
        check.invalid(Code::BlankValue, value.span, "needs at least one path");
    }
    if count > MAX_KEY_FILES {
        let what = format!("has more than {MAX_KEY_FILES} paths");
        check.invalid(Code::TooMany, value.span, &what);
    }
}

fn policy(value: &Value, check: &mut Check<'_>) {
    // GitLab looks for one of its words, or a variable, anywhere in the text.
    let accepted = |text: &str| {
        text.trim().is_empty() || ["pull", "push", "$"].iter().any(|part| text.contains(part))
    };
    if !value.as_str().is_some_and(accepted) {
        values::word_of(value, check, &["pull-push", "pull", "push"]);
    }
}

fn fallback_keys(value: &Value, check: &mut Check<'_>) {
    check.value(value, &Shape::Texts);
    if value
        .as_seq()
        .is_some_and(|keys| keys.len() > MAX_FALLBACK_KEYS)
    {
        let what = format!("has more than {MAX_FALLBACK_KEYS} keys");
        check.invalid(Code::TooMany, value.span, &what);
    }
}

/// The caches of a checked `cache`.
pub(crate) fn read(value: &Value) -> Vec<CacheConfig> {
    let caches = flatten(value).unwrap_or_else(|| vec![value]);
    caches.into_iter().map(read_one).collect()
}

/// An empty entry is one cache without settings.
fn read_one(value: &Value) -> CacheConfig {
    let none = Mapping::default();
    let cache = value.as_map().unwrap_or(&none);
    let list = |key| read::get(cache, key).map(read::strings).unwrap_or_default();
    CacheConfig {
        key: read::get(cache, "key").map_or(CacheKey::Default, read_key),
        fallback_keys: list("fallback_keys"),
        paths: list("paths"),
        untracked: read::boolean(cache, "untracked").unwrap_or(false),
        policy: read_policy(cache),
        when: read::text(cache, "when")
            .and_then(|word| KeepWhen::parse(&word))
            .unwrap_or_default(),
        unprotect: read::boolean(cache, "unprotect").unwrap_or(false),
        span: value.span,
    }
}

fn read_policy(cache: &Mapping) -> CachePolicy {
    let text = read::text(cache, "policy").filter(|text| !text.trim().is_empty());
    text.map_or(CachePolicy::PullPush, |text| {
        CachePolicy::parse(&text).unwrap_or(CachePolicy::Unexpanded(text))
    })
}

fn read_key(value: &Value) -> CacheKey {
    let (Kind::Str(text) | Kind::Symbol(text)) = &value.kind else {
        return value
            .as_map()
            .and_then(read_key_files)
            .map_or(CacheKey::Default, CacheKey::Files);
    };
    CacheKey::Text(text.clone())
}

fn read_key_files(key: &Mapping) -> Option<CacheKeyFiles> {
    let kinds = [
        ("files", DigestOf::Content),
        ("files_commits", DigestOf::Commits),
    ];
    kinds.into_iter().find_map(|(word, digest_of)| {
        Some(CacheKeyFiles {
            paths: read::strings(read::get(key, word)?),
            digest_of,
            prefix: read::text(key, "prefix"),
        })
    })
}
