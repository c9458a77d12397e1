//! A report of files, and the format in which GitLab has its type uploaded.

use std::sync::Arc;

/// A report of files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportFiles {
    /// GitLab's type of it: `junit`, `cobertura`.
    pub kind: String,
    /// Globs, variables unexpanded.
    pub paths: Vec<Arc<str>>,
}

/// How the runner sends a report, which says what one may be of (runtime reference 16.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::run) enum ReportFormat {
    /// Any number of regular files.
    Gzip,
    /// One file, also behind a link.
    Raw,
    /// Whatever artifacts may be of.
    Zip,
}

/// Types that GitLab wants as they are.
const RAW: [&str; 17] = [
    "accessibility",
    "api_fuzzing",
    "browser_performance",
    "cluster_image_scanning",
    "codequality",
    "container_scanning",
    "coverage_fuzzing",
    "dast",
    "dependency_scanning",
    "license_scanning",
    "load_performance",
    "performance",
    "requirements",
    "requirements_v2",
    "sast",
    "secret_detection",
    "terraform",
];

impl ReportFormat {
    /// That of a type.
    pub(in crate::run) fn of(kind: &str) -> Self {
        match kind {
            "lsif" => Self::Zip,
            kind if RAW.contains(&kind) => Self::Raw,
            _ => Self::Gzip,
        }
    }
}
