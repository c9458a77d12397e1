//! The result that a run prints as JSON in the end: its jobs, and those that are held.

use serde_json::Value;

/// `name status` of each job, in pipeline order.
pub(crate) fn jobs(result: &Value) -> Vec<String> {
    let line = |job: &Value| format!("{} {}", word(&job["name"]), word(&job["status"]));
    each(&result["jobs"], line)
}

/// The names of held jobs.
pub(crate) fn held(result: &Value) -> Vec<String> {
    each(&result["held"], |job| word(&job["name"]).to_owned())
}

fn each(list: &Value, told: impl FnMut(&Value) -> String) -> Vec<String> {
    list.as_array().into_iter().flatten().map(told).collect()
}

fn word(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
