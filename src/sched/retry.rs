//! Whether a failed attempt is followed by another (runtime reference 4.4).

use crate::types::{FailureReason, Retry, RetryWhen};

/// `retried` counts the earlier attempts of the job, whoever asked for them.
pub(super) fn retries(
    retry: &Retry,
    reason: FailureReason,
    exit_code: Option<i64>,
    retried: u32,
) -> bool {
    !is_final(reason)
        && (matches_reason(retry, reason) || matches_code(retry, exit_code))
        && retry.max.is_some_and(|max| max > retried)
}

/// Reasons that no configuration can retry.
fn is_final(reason: FailureReason) -> bool {
    matches!(
        reason,
        FailureReason::MissingDependencyFailure | FailureReason::EnvironmentCreationFailure
    )
}

/// Without `when` every reason counts, unless exit codes are given: then they alone decide.
fn matches_reason(retry: &Retry, reason: FailureReason) -> bool {
    match &retry.when {
        None => retry.exit_codes.is_empty(),
        Some(list) => list.iter().any(|entry| match entry {
            RetryWhen::Always => true,
            RetryWhen::Reason(word) => word == reason.as_str(),
        }),
    }
}

fn matches_code(retry: &Retry, exit_code: Option<i64>) -> bool {
    exit_code.is_some_and(|code| retry.exit_codes.contains(&code))
}

#[cfg(test)]
mod tests {
    use super::*;
    use FailureReason::{MissingDependencyFailure, RunnerSystemFailure, ScriptFailure};

    fn retry(max: Option<u32>, when: Option<&[&str]>, exit_codes: &[i64]) -> Retry {
        let entry = |word: &&str| match *word {
            "always" => RetryWhen::Always,
            word => RetryWhen::Reason(word.to_owned()),
        };
        Retry {
            max,
            when: when.map(|words| words.iter().map(entry).collect()),
            exit_codes: exit_codes.to_vec(),
        }
    }

    #[test]
    fn the_rules() {
        let script: &[&str] = &["script_failure"];
        let system: &[&str] = &["runner_system_failure"];
        let always: &[&str] = &["always"];
        let rows = [
            (
                "plain",
                retry(Some(2), None, &[]),
                ScriptFailure,
                Some(1),
                0,
                true,
            ),
            (
                "used up",
                retry(Some(2), None, &[]),
                ScriptFailure,
                Some(1),
                2,
                false,
            ),
            ("none", Retry::default(), ScriptFailure, Some(1), 0, false),
            (
                "no max",
                retry(None, Some(always), &[]),
                ScriptFailure,
                Some(1),
                0,
                false,
            ),
            (
                "reason",
                retry(Some(1), Some(script), &[]),
                ScriptFailure,
                Some(1),
                0,
                true,
            ),
            (
                "other reason",
                retry(Some(1), Some(system), &[]),
                ScriptFailure,
                Some(1),
                0,
                false,
            ),
            (
                "always",
                retry(Some(1), Some(always), &[]),
                RunnerSystemFailure,
                None,
                0,
                true,
            ),
            (
                "code",
                retry(Some(1), None, &[42]),
                ScriptFailure,
                Some(42),
                0,
                true,
            ),
            (
                "other code",
                retry(Some(1), None, &[42]),
                ScriptFailure,
                Some(1),
                0,
                false,
            ),
            (
                "code or reason: code",
                retry(Some(1), Some(system), &[42]),
                ScriptFailure,
                Some(42),
                0,
                true,
            ),
            (
                "code or reason: reason",
                retry(Some(1), Some(system), &[42]),
                RunnerSystemFailure,
                None,
                0,
                true,
            ),
            (
                "code or reason: neither",
                retry(Some(1), Some(system), &[42]),
                ScriptFailure,
                Some(1),
                0,
                false,
            ),
            (
                "never retried",
                retry(Some(2), Some(always), &[]),
                MissingDependencyFailure,
                None,
                0,
                false,
            ),
        ];
        for (row, retry, reason, code, retried, want) in rows {
            assert_eq!(retries(&retry, reason, code, retried), want, "{row}");
        }
    }
}
