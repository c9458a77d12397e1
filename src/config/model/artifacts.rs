//! `artifacts` as a type.

use std::sync::Arc;

use crate::source::Span;
use crate::types::Artifacts;

/// `artifacts` (configuration reference 6.18). No text is expanded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArtifactsConfig {
    /// Which files are kept.
    pub files: Artifacts,
    /// `name` of the archive.
    pub name: Option<Arc<str>>,
    /// `reports`.
    pub reports: ReportsConfig,
    /// Where it was written.
    pub span: Span,
}

/// `artifacts:reports`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReportsConfig {
    /// `dotenv`: files of variables for later jobs.
    pub dotenv: Vec<Arc<str>>,
    /// The others of files, each with its type: `junit`.
    pub others: Vec<(Arc<str>, Vec<Arc<str>>)>,
    /// `coverage_report`.
    pub coverage: Option<CoverageReport>,
}

/// `artifacts:reports:coverage_report`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CoverageReport {
    /// `cobertura` or `jacoco`.
    pub format: Arc<str>,
    /// Which files.
    pub path: Arc<str>,
}
