//! Failures that several steps have in common, in words.

use std::time::Duration;

use crate::run::message::Failure;
use crate::types::FailureReason;

/// What the job timeout says.
pub(super) fn out_of_time(timeout: Duration) -> String {
    format!("the job took longer than its timeout of {}", short(timeout))
}

/// A duration as Go and the runner write it, without the units that are zero: `1h30m`.
pub(super) fn short(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let parts = [
        (seconds / 3600, "h"),
        (seconds / 60 % 60, "m"),
        (seconds % 60, "s"),
    ];
    let mut shown = String::new();
    for (count, unit) in parts.into_iter().filter(|(count, _)| *count > 0) {
        shown.push_str(&count.to_string());
        shown.push_str(unit);
    }
    if shown.is_empty() {
        format!("{duration:?}")
    } else {
        shown
    }
}

/// The shell stopped though nobody asked for it.
pub(super) fn vanished() -> Failure {
    let text = "the script was stopped from outside";
    Failure::new(FailureReason::RunnerSystemFailure, text)
}
