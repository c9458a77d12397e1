//! `artifacts` (configuration reference 6.18).

use crate::diag::{Code, Diagnostic};
use crate::types::{Artifacts, KeepWhen};
use crate::yaml::{Mapping, Value};

use super::super::model::{ArtifactsConfig, CoverageReport, ReportsConfig};
use super::super::read;
use super::super::shape::{Check, Keys, Keyword, Scope, Shape, key};
use super::values;

static ARTIFACTS: Keys = Keys {
    rows: &[
        key("paths", "6.18", Shape::Texts),
        key("exclude", "6.18", Shape::Texts),
        key("name", "6.18", Shape::Text),
        key("untracked", "6.18", Shape::Boolean),
        key("when", "6.18", Shape::OneOf(values::RESULT_WHEN)),
        key("expire_in", "6.18", Shape::Rule(values::duration_or_never)),
        key("expose_as", "6.18", Shape::Rule(expose_as)),
        key("public", "6.18", Shape::Boolean),
        key(
            "access",
            "6.18",
            Shape::OneOf(&["none", "developer", "maintainer", "all"]),
        ),
        key("reports", "6.18", Shape::Map(&REPORTS)),
    ],
    required: &[],
    exclusive: &[("public", "access")],
};

const fn report(name: &'static str) -> Keyword {
    key(name, "6.18", Shape::TextOrTexts)
}

static REPORTS: Keys = Keys {
    rows: &[
        report("dotenv"),
        key("coverage_report", "6.18", Shape::Map(&COVERAGE)),
        report("accessibility"),
        report("annotations"),
        report("api_fuzzing"),
        report("browser_performance"),
        report("cluster_image_scanning"),
        report("codequality"),
        report("container_scanning"),
        report("coverage_fuzzing"),
        report("cyclonedx"),
        report("dast"),
        report("dependency_scanning"),
        report("junit"),
        report("license_scanning"),
        report("load_performance"),
        report("lsif"),
        report("metrics"),
        report("performance"),
        report("repository_xray"),
        report("requirements"),
        report("requirements_v2"),
        report("sarif"),
        report("sast"),
        report("secret_detection"),
        report("terraform"),
    ],
    required: &[],
    exclusive: &[],
};

static COVERAGE: Keys = Keys {
    rows: &[
        key(
            "coverage_format",
            "6.18",
            Shape::OneOf(&["cobertura", "jacoco"]),
        ),
        key("path", "6.18", Shape::NonBlank),
    ],
    required: &["coverage_format", "path"],
    exclusive: &[],
};

/// `artifacts`.
pub(super) fn check(value: &Value, check: &mut Check<'_>) {
    let Some(mapping) = check.mapping(value) else {
        return;
    };
    check.keys(mapping, value.span, &ARTIFACTS, Scope::ANY);
    exposed(mapping, check);
}

fn expose_as(value: &Value, check: &mut Check<'_>) {
    check.value(value, &Shape::Text);
    values::limited(value, check, 100);
    let Some(text) = value.as_str() else {
        return;
    };
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let fits = text.chars().next().is_some_and(word)
        && text.chars().all(|c| word(c) || c == '-' || c == ' ');
    if !fits {
        check.invalid(
            Code::InvalidValue,
            value.span,
            "can hold only letters, digits, `-`, `_` and blanks",
        );
    }
}

/// What is exposed must be named by plain paths.
fn exposed(mapping: &Mapping, check: &mut Check<'_>) {
    let Some(exposed) = mapping.get("expose_as").filter(|e| !e.value.is_null()) else {
        return;
    };
    let paths = mapping.get("paths").filter(|paths| !paths.value.is_blank());
    let Some(paths) = paths else {
        let message = format!("{} has `expose_as` but no `paths`", check.subject());
        check.report(Diagnostic::new(Code::MissingKey, message).at(exposed.key_span));
        return;
    };
    for path in paths.value.as_seq().unwrap_or_default() {
        if path.as_str().is_some_and(|text| text.contains('*')) {
            check.invalid(
                Code::InvalidValue,
                path.span,
                "can't use `*` in `paths` together with `expose_as`",
            );
        }
    }
}

/// Checked `artifacts`.
pub(crate) fn read(value: &Value) -> Option<ArtifactsConfig> {
    let mapping = value.as_map()?;
    let list = |key| {
        read::get(mapping, key)
            .map(read::strings)
            .unwrap_or_default()
    };
    let reports = read::get(mapping, "reports").and_then(Value::as_map);
    Some(ArtifactsConfig {
        files: Artifacts {
            paths: list("paths"),
            exclude: list("exclude"),
            untracked: read::boolean(mapping, "untracked").unwrap_or(false),
            when: read::text(mapping, "when")
                .and_then(|word| KeepWhen::parse(&word))
                .unwrap_or_default(),
        },
        name: read::text(mapping, "name"),
        reports: reports.map(read_reports).unwrap_or_default(),
        span: value.span,
    })
}

fn read_reports(mapping: &Mapping) -> ReportsConfig {
    let mut reports = ReportsConfig::default();
    for entry in mapping.entries() {
        let files = read::strings(&entry.value);
        match (entry.key.text(), entry.value.as_map()) {
            ("dotenv", _) => reports.dotenv = files,
            ("coverage_report", Some(coverage)) => reports.coverage = read_coverage(coverage),
            (kind, _) if !files.is_empty() => reports.others.push((kind.into(), files)),
            _ => {}
        }
    }
    reports
}

fn read_coverage(mapping: &Mapping) -> Option<CoverageReport> {
    Some(CoverageReport {
        format: read::text(mapping, "coverage_format")?,
        path: read::text(mapping, "path")?,
    })
}
