//! Keywords with small values: durations, `retry`, `tags`, `allow_failure`, `coverage`.

use std::sync::Arc;

use crate::diag::{Code, Diagnostic};
use crate::expr::re2;
use crate::types::{AllowFailure, Retry, RetryWhen, duration};
use crate::yaml::{Kind, Value};

use super::super::read;
use super::super::shape::{Check, Keys, Shape, key, listed};

/// What to do about a regular expression that does not compile.
pub(super) const RE2: &str =
    "GitLab takes RE2: a character that has a meaning of its own needs a backslash";
/// Fewer tags than this (configuration reference 6.14).
const TAG_LIMIT: usize = 50;
/// Characters of a workflow's name (configuration reference 5.5).
const NAME_LIMIT: usize = 255;

/// Checks a duration, in seconds at most `limit`.
fn duration_up_to(value: &Value, check: &mut Check<'_>, limit: u64, limit_words: &str) {
    let Some(text) = value.as_str() else {
        check.wrong_type(value, "a duration as a string");
        check.help_last("put it in quotes, like `\"1h 30m\"` or `\"3600\"`");
        return;
    };
    match duration::parse(text) {
        Ok(seconds) if seconds > limit => {
            let what = format!("is `{text}`, which is longer than {limit_words}");
            check.invalid(Code::InvalidDuration, value.span, &what);
        }
        Ok(_) => {}
        Err(_) => {
            let what = format!("is `{text}`, which is no duration");
            check.invalid(Code::InvalidDuration, value.span, &what);
            check.help_last("write it like `90s`, `1h 30m`, `2 days`");
        }
    }
}

/// `timeout`: at most a month.
pub(super) fn timeout(value: &Value, check: &mut Check<'_>) {
    duration_up_to(value, check, duration::TIMEOUT_LIMIT, "a month");
}

/// `start_in`: at most a week.
pub(crate) fn start_in(value: &Value, check: &mut Check<'_>) {
    duration_up_to(value, check, duration::START_IN_LIMIT, "a week");
}

/// `expire_in` and the like: a duration or `never`.
pub(super) fn duration_or_never(value: &Value, check: &mut Check<'_>) {
    if value.as_str() != Some("never") {
        duration_up_to(value, check, u64::MAX, "any limit");
    }
}

/// `allow_failure`; a trigger job takes only a boolean, which `jobs` checks.
pub(super) fn allow_failure(value: &Value, check: &mut Check<'_>) {
    static KEYS: Keys = Keys {
        rows: &[key("exit_codes", "6.12", Shape::Integers)],
        required: &[],
        exclusive: &[],
    };
    match &value.kind {
        Kind::Bool(_) => {}
        Kind::Map(_) => check.value(value, &Shape::Map(&KEYS)),
        _ => check.wrong_type(value, "a boolean or a mapping with `exit_codes`"),
    }
}

/// Failure reasons that GitLab documents for `retry:when` (configuration reference 6.13).
static RETRY_WHEN: &[&str] = &[
    "always",
    "unknown_failure",
    "script_failure",
    "api_failure",
    "stuck_or_timeout_failure",
    "runner_system_failure",
    "runner_unsupported",
    "stale_schedule",
    "job_execution_timeout",
    "archived_failure",
    "unmet_prerequisites",
    "scheduler_failure",
    "data_integrity_failure",
];

/// Reasons that it accepts beyond these.
static OTHER_REASONS: &[&str] = &[
    "missing_dependency_failure",
    "forward_deployment_failure",
    "failed_outdated_deployment_job",
    "insufficient_bridge_permissions",
    "downstream_bridge_project_not_found",
    "invalid_bridge_trigger",
    "bridge_pipeline_is_child_pipeline",
    "downstream_pipeline_creation_failed",
    "upstream_bridge_project_not_found",
    "protected_environment_failure",
    "insufficient_upstream_permissions",
    "secrets_provider_not_found",
    "reached_max_descendant_pipelines_depth",
    "reached_max_pipeline_hierarchy_size",
    "reached_downstream_pipeline_trigger_rate_limit",
    "ip_restriction_failure",
    "deployment_rejected",
    "no_matching_runner",
    "trace_size_exceeded",
    "builds_disabled",
    "environment_creation_failure",
    "job_token_expired",
    "pipeline_loop_detected",
    "user_blocked",
    "ci_quota_exceeded",
    "project_deleted",
    "job_execution_server_timeout",
    "runner_provisioning_failure",
    "job_router_failure",
    "duo_workflow_not_allowed",
];

/// `retry`.
pub(super) fn retry(value: &Value, check: &mut Check<'_>) {
    static KEYS: Keys = Keys {
        rows: &[
            key("max", "6.13", Shape::Rule(retry_count)),
            key("when", "6.13", Shape::Rule(retry_when)),
            key("exit_codes", "6.13", Shape::Integers),
        ],
        required: &[],
        exclusive: &[],
    };
    match &value.kind {
        Kind::Int(_) => retry_count(value, check),
        Kind::Map(_) => check.value(value, &Shape::Map(&KEYS)),
        _ => check.wrong_type(value, "an integer or a mapping"),
    }
}

fn retry_count(value: &Value, check: &mut Check<'_>) {
    integer_between(value, check, 0, 2);
}

/// Checks an integer within limits.
pub(super) fn integer_between(value: &Value, check: &mut Check<'_>, low: i64, high: i64) {
    match &value.kind {
        Kind::Int(number) if (low..=high).contains(number) => {}
        Kind::Int(number) => {
            let what = format!("is {number}; it should be from {low} to {high}");
            check.invalid(Code::InvalidValue, value.span, &what);
        }
        _ => check.wrong_type(value, "an integer"),
    }
}

fn retry_when(value: &Value, check: &mut Check<'_>) {
    match &value.kind {
        Kind::Str(_) => retry_reason(value, check),
        Kind::Seq(items) if items.iter().all(|item| item.as_str().is_some()) => {
            items.iter().for_each(|item| retry_reason(item, check));
        }
        _ => check.wrong_type(value, "a failure reason or a list of them"),
    }
}

/// Servers learn new reasons, which older ones refuse: what has the form of one is a warning.
fn retry_reason(value: &Value, check: &mut Check<'_>) {
    let word = value.as_str().unwrap_or_default();
    if OTHER_REASONS.contains(&word) {
        return;
    }
    if RETRY_WHEN.contains(&word) || !looks_like_reason(word) {
        return check.one_of(value, RETRY_WHEN);
    }
    let message = format!(
        "{} names `{word}`, which GitLab 18.11 does not know and refuses; newer servers may take it",
        check.subject()
    );
    let known = RETRY_WHEN.iter().chain(OTHER_REASONS).copied();
    check.report(
        Diagnostic::new(Code::RetryReasonUnknown, message)
            .at(value.span)
            .note(format!("documented are {}", listed(RETRY_WHEN)))
            .did_you_mean(word, known),
    );
}

/// Words in lower case with `_` between them, as all reasons but `always` are.
fn looks_like_reason(word: &str) -> bool {
    let is_part = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase());
    word.contains('_') && word.split('_').all(is_part)
}

/// `tags`.
pub(super) fn tags(value: &Value, check: &mut Check<'_>) {
    check.value(value, &Shape::Texts);
    if value.as_seq().is_some_and(|items| items.len() >= TAG_LIMIT) {
        let what = format!("has {TAG_LIMIT} tags or more");
        check.invalid(Code::TooMany, value.span, &what);
        check.help_last("give the job fewer of them");
    }
}

/// `coverage`: `/…/` with RE2 syntax.
pub(super) fn coverage(value: &Value, check: &mut Check<'_>) {
    let Some(text) = value.as_str() else {
        return check.wrong_type(value, "a regular expression between slashes, as a string");
    };
    match re2::from_slashes(text) {
        Some(Ok(_)) => {}
        Some(Err(error)) => {
            check.invalid(
                Code::InvalidRegex,
                value.span,
                &format!("is not RE2: {error}"),
            );
            check.help_last(RE2);
        }
        None => {
            check.invalid(
                Code::InvalidRegex,
                value.span,
                "should be a regular expression between slashes",
            );
            check.help_last(r"write it like `'/Coverage: \d+/'`");
        }
    }
}

/// `workflow:name`. A number makes the server fail, so it is refused here.
pub(super) fn workflow_name(value: &Value, check: &mut Check<'_>) {
    check.value(value, &Shape::Text);
    limited(value, check, NAME_LIMIT);
}

/// Checks the length of a text in characters.
pub(super) fn limited(value: &Value, check: &mut Check<'_>, limit: usize) {
    if value.as_str().is_some_and(|t| t.chars().count() > limit) {
        let what = format!("is longer than {limit} characters");
        check.invalid(Code::TooMany, value.span, &what);
    }
}

/// Whether the text may hold a reference to a variable, so that its value is not known yet.
pub(super) fn may_refer(text: &str) -> bool {
    text.contains(['$', '%'])
}

/// `when` of artifacts and caches.
pub(super) static RESULT_WHEN: &[&str] = &["on_success", "on_failure", "always"];

/// Checks a word against a list, naming the list in the message.
pub(super) fn word_of(value: &Value, check: &mut Check<'_>, words: &'static [&'static str]) {
    match value.as_str() {
        Some(_) => check.one_of(value, words),
        None => check.wrong_type(value, &format!("one of {}", listed(words))),
    }
}

/// A checked `allow_failure`.
pub(crate) fn read_allow_failure(value: &Value) -> AllowFailure {
    let codes = match &value.kind {
        Kind::Bool(true) => return AllowFailure::Yes,
        Kind::Map(mapping) => read::get(mapping, "exit_codes").map(integers),
        _ => None,
    };
    match codes {
        Some(codes) if !codes.is_empty() => AllowFailure::ExitCodes(codes),
        _ => AllowFailure::No,
    }
}

/// A checked `retry`.
pub(crate) fn read_retry(value: &Value) -> Retry {
    let count = |value: &Value| match value.kind {
        Kind::Int(number) => u32::try_from(number).ok(),
        _ => None,
    };
    let Some(mapping) = value.as_map() else {
        return Retry {
            max: count(value),
            ..Retry::default()
        };
    };
    let reason = |word: Arc<str>| match &*word {
        "always" => RetryWhen::Always,
        _ => RetryWhen::Reason(word.to_string()),
    };
    Retry {
        max: read::get(mapping, "max").and_then(count),
        when: read::get(mapping, "when")
            .map(|when| read::strings(when).into_iter().map(reason).collect()),
        exit_codes: read::get(mapping, "exit_codes")
            .map(integers)
            .unwrap_or_default(),
    }
}

fn integers(value: &Value) -> Vec<i64> {
    let one = |value: &Value| match value.kind {
        Kind::Int(number) => Some(number),
        _ => None,
    };
    match value.as_seq() {
        Some(items) => items.iter().filter_map(one).collect(),
        None => one(value).into_iter().collect(),
    }
}
