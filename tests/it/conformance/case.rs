//! One case as it is written in the sets.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value as Json;

/// A pipeline with its files, and what GitLab makes of it.
#[derive(Clone, Deserialize)]
pub(super) struct Case {
    pub(super) name: String,
    /// Path → text.
    pub(super) files: BTreeMap<String, String>,
    pub(super) verdict: Verdict,
}

#[derive(Clone, Deserialize)]
pub(super) struct Verdict {
    pub(super) valid: bool,
    #[serde(default)]
    pub(super) errors: Vec<String>,
    #[serde(default)]
    pub(super) runs: Vec<Run>,
    /// Files that the event changed.
    #[serde(default)]
    pub(super) changed: Vec<String>,
    /// Variables given to the pipeline.
    #[serde(default)]
    pub(super) vars: BTreeMap<String, String>,
}

/// What some events have in common.
#[derive(Clone, Deserialize)]
pub(super) struct Run {
    #[serde(rename = "for")]
    pub(super) events: Vec<String>,
    pub(super) created: bool,
    /// The error shows only when the jobs are known: rejecting is as right as not creating.
    #[serde(default)]
    pub(super) config_error: bool,
    #[serde(default)]
    pub(super) jobs: Vec<Json>,
}
