//! The wording of quantities: durations, sizes, plurals, the source mode.
//!
//! PURE. Everything a reporter says about a number is said here, so that it is said one way.

use std::time::Duration;

use crate::event::{Phase, SourceMode, TestSummary};
use crate::types::EnvironmentAction;

/// A duration for people: `0.4s`, `1m 05s`, `2h 03m`. Rounded down, so that a clock never runs
/// ahead of the time it shows.
pub fn duration(value: Duration) -> String {
    let seconds = value.as_secs();
    match seconds {
        0..60 => format!("{seconds}.{}s", value.subsec_millis() / 100),
        60..3600 => format!("{}m {:02}s", seconds / 60, seconds % 60),
        _ => format!("{}h {:02}m", seconds / 3600, seconds % 3600 / 60),
    }
}

/// How long ago something was: `just now`, `5m ago`, `3h ago`, `2d ago`.
pub fn age(value: Duration) -> String {
    let minutes = value.as_secs() / 60;
    match minutes {
        0 => "just now".to_owned(),
        1..60 => format!("{minutes}m ago"),
        60..1440 => format!("{}h ago", minutes / 60),
        _ => format!("{}d ago", minutes / 1440),
    }
}

/// A size in decimal units, as registries and engines state them: `812 B`, `34.1 MB`.
pub fn size(bytes: u64) -> String {
    const UNITS: [(u64, &str); 3] = [(1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB")];
    for (unit, name) in UNITS {
        if bytes >= unit {
            return format!("{}.{} {name}", bytes / unit, bytes % unit * 10 / unit);
        }
    }
    format!("{bytes} B")
}

/// `1 job`, `3 jobs`.
pub fn count(number: usize, noun: &str) -> String {
    if number == 1 {
        format!("{number} {noun}")
    } else {
        format!("{number} {noun}s")
    }
}

/// The first `limit` names, and how many more there are: `` `a`, `b` and 3 more ``.
pub fn names<S: AsRef<str>>(names: &[S], limit: usize) -> String {
    let shown = if names.len() <= limit {
        names.len()
    } else {
        limit
    };
    let quoted: Vec<String> = names[..shown]
        .iter()
        .map(|name| format!("`{}`", name.as_ref()))
        .collect();
    match (names.len() - shown, quoted.split_last()) {
        (0, Some((last, rest))) if !rest.is_empty() => {
            format!("{} and {last}", rest.join(", "))
        }
        (0, _) => quoted.concat(),
        (more, _) => format!("{} and {more} more", quoted.join(", ")),
    }
}

/// What the jobs see beyond the commit, where they see more (design chapter 2).
pub fn source_mode(mode: SourceMode) -> Option<String> {
    let SourceMode::WorkTree {
        uncommitted,
        untracked,
    } = mode
    else {
        return None;
    };
    let parts: Vec<String> = [(uncommitted, "uncommitted"), (untracked, "untracked")]
        .into_iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, word)| format!("{number} {word}"))
        .collect();
    let them = if uncommitted + untracked == 1 {
        "it"
    } else {
        "them"
    };
    (!parts.is_empty()).then(|| format!("{}: GitLab will not see {them}", parts.join(", ")))
}

/// `coverage 83.5%`.
pub fn coverage(percent: f64) -> String {
    format!("coverage {percent}%")
}

/// `tests: 12, 1 failed, 2 skipped`.
pub fn tests(summary: &TestSummary) -> String {
    let TestSummary { failed, errors, .. } = *summary;
    let errors = (errors > 0).then(|| count(errors, "error"));
    let counted = |number: usize, word| (number > 0).then(|| format!("{number} {word}"));
    let parts = [
        counted(failed, "failed"),
        errors,
        counted(summary.skipped, "skipped"),
    ];
    let parts = parts.into_iter().flatten();
    let parts: Vec<String> = [format!("tests: {}", summary.total)]
        .into_iter()
        .chain(parts)
        .collect();
    parts.join(", ")
}

/// `environment staging at https://staging.example`, `environment staging stopped`.
pub fn environment(name: &str, action: EnvironmentAction, url: Option<&str>) -> String {
    match (action, url) {
        (EnvironmentAction::Stop, _) => format!("environment {name} stopped"),
        (_, Some(url)) => format!("environment {name} at {url}"),
        (_, None) => format!("environment {name}"),
    }
}

/// What goes on in a phase; empty for the script, whose output speaks for itself.
pub fn phase(phase: Phase) -> &'static str {
    match phase {
        Phase::Prepare => "preparing",
        Phase::Sources => "getting sources",
        Phase::RestoreCache => "restoring cache",
        Phase::DownloadArtifacts => "downloading artifacts",
        Phase::Script => "",
        Phase::AfterScript => "after_script",
        Phase::SaveCache => "saving cache",
        Phase::UploadArtifacts => "uploading artifacts",
        Phase::Cleanup => "cleaning up",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        let rows = [
            ("zero", 0, "0.0s"),
            ("below a tenth", 99, "0.0s"),
            ("tenths", 1_250, "1.2s"),
            ("never rounded up", 59_999, "59.9s"),
            ("a minute", 60_000, "1m 00s"),
            ("minutes", 65_400, "1m 05s"),
            ("an hour", 3_600_000, "1h 00m"),
            ("hours", 7_380_000, "2h 03m"),
        ];
        for (name, millis, expected) in rows {
            assert_eq!(duration(Duration::from_millis(millis)), expected, "{name}");
        }
    }

    #[test]
    fn ages() {
        for (seconds, expected) in [
            (0, "just now"),
            (59, "just now"),
            (60, "1m ago"),
            (3_599, "59m ago"),
            (3_600, "1h ago"),
            (86_399, "23h ago"),
            (200_000, "2d ago"),
        ] {
            assert_eq!(age(Duration::from_secs(seconds)), expected);
        }
    }

    #[test]
    fn numbers_of_tests() {
        for (total, failed, errors, skipped, expected) in [
            (1, 0, 0, 0, "tests: 1"),
            (12, 1, 1, 2, "tests: 12, 1 failed, 1 error, 2 skipped"),
            (3, 0, 2, 0, "tests: 3, 2 errors"),
        ] {
            let summary = TestSummary {
                total,
                failed,
                errors,
                skipped,
                failures: Vec::new(),
            };
            assert_eq!(tests(&summary), expected);
        }
    }

    #[test]
    fn sizes() {
        let rows = [
            (0, "0 B"),
            (999, "999 B"),
            (1_000, "1.0 kB"),
            (34_190_000, "34.1 MB"),
            (2_000_000_000, "2.0 GB"),
            (u64::MAX, "18446744073.7 GB"),
        ];
        for (bytes, expected) in rows {
            assert_eq!(size(bytes), expected);
        }
    }

    #[test]
    fn lists_of_names() {
        let rows: [(&[&str], usize, &str); 5] = [
            (&[], 3, ""),
            (&["a"], 3, "`a`"),
            (&["a", "b"], 3, "`a` and `b`"),
            (&["a", "b", "c"], 3, "`a`, `b` and `c`"),
            (&["a", "b", "c", "d"], 2, "`a`, `b` and 2 more"),
        ];
        for (list, limit, expected) in rows {
            assert_eq!(names(list, limit), expected);
        }
    }

    #[test]
    fn source_mode_speaks_only_of_what_gitlab_lacks() {
        let tree = |uncommitted, untracked| {
            source_mode(SourceMode::WorkTree {
                uncommitted,
                untracked,
            })
        };
        assert_eq!(tree(0, 0), None);
        assert_eq!(source_mode(SourceMode::Commit), None);
        assert_eq!(
            tree(3, 1).as_deref(),
            Some("3 uncommitted, 1 untracked: GitLab will not see them")
        );
        assert_eq!(
            tree(0, 1).as_deref(),
            Some("1 untracked: GitLab will not see it")
        );
    }
}
