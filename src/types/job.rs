//! `when`, `allow_failure` and `retry` of a job.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// The value of `when` once rules were applied (configuration reference 6.8).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// Earlier work succeeded.
    #[default]
    OnSuccess,
    /// At least one earlier job failed.
    OnFailure,
    /// Whatever happened, unless it was cancelled.
    Always,
    /// A person starts it.
    Manual,
    /// Starts by itself after `start_in`.
    Delayed,
    /// Only inside rules: the job is left out.
    Never,
}

impl When {
    /// GitLab's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OnSuccess => "on_success",
            Self::OnFailure => "on_failure",
            Self::Always => "always",
            Self::Manual => "manual",
            Self::Delayed => "delayed",
            Self::Never => "never",
        }
    }

    /// Reads GitLab's word.
    pub fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "on_success" => Self::OnSuccess,
            "on_failure" => Self::OnFailure,
            "always" => Self::Always,
            "manual" => Self::Manual,
            "delayed" => Self::Delayed,
            "never" => Self::Never,
            _ => return None,
        })
    }
}

/// `start_in` (configuration reference 6.8).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delay {
    /// How long a job waits.
    pub seconds: u64,
    /// As written.
    pub text: Arc<str>,
}

/// `when` of artifacts and caches: after which result of a job they are kept (configuration
/// reference 6.18, 6.19).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum KeepWhen {
    /// Only of a job that succeeded.
    #[default]
    OnSuccess,
    /// Only of one that did not.
    OnFailure,
    /// Of both.
    Always,
}

impl KeepWhen {
    /// GitLab's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OnSuccess => "on_success",
            Self::OnFailure => "on_failure",
            Self::Always => "always",
        }
    }

    /// Reads GitLab's word.
    pub fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "on_success" => Self::OnSuccess,
            "on_failure" => Self::OnFailure,
            "always" => Self::Always,
            _ => return None,
        })
    }

    /// Whether files are kept after that result.
    pub const fn keeps(self, success: bool) -> bool {
        match self {
            Self::OnSuccess => success,
            Self::OnFailure => !success,
            Self::Always => true,
        }
    }
}

/// How a failure of the job counts (configuration reference 6.12).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum AllowFailure {
    /// A failure is a failure.
    #[default]
    No,
    /// A failure is a warning.
    Yes,
    /// A failure with one of these exit codes is a warning.
    ExitCodes(Vec<i64>),
}

impl AllowFailure {
    /// What GitLab stores as the job's flag: exit codes count as `false` until one is met.
    pub fn flag(&self) -> bool {
        matches!(self, Self::Yes)
    }
}

/// `retry` (configuration reference 6.13, runtime reference 4.4).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Retry {
    /// Attempts beyond the first; `None` where a mapping has no `max`, which retries nothing.
    pub max: Option<u32>,
    /// The reasons that are retried; `None` when not given.
    pub when: Option<Vec<RetryWhen>>,
    /// The exit codes that are retried.
    pub exit_codes: Vec<i64>,
}

/// One entry of `retry:when`: `always` or the name of a failure reason. Reasons that only a
/// server knows are kept as their text; they never match here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RetryWhen {
    /// Any failure.
    Always,
    /// The failure reason of that name.
    Reason(String),
}
