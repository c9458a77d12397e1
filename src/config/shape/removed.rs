//! Keywords that GitLab has taken away, and what to write instead: old configurations have them
//! still.

/// Old name, the keyword beside which it stood, what to do.
static REMOVED: &[(&str, &str, &str)] = &[
    (
        "cobertura",
        "coverage_report",
        "GitLab 15 took it away: write `coverage_report: {coverage_format: cobertura, path: …}`",
    ),
    (
        "license_management",
        "license_scanning",
        "GitLab took it away: write `license_scanning`",
    ),
    ("type", "stage", "GitLab took it away: write `stage`"),
    ("types", "stages", "GitLab took it away: write `stages`"),
];

/// What to write instead of `key` where the keywords are `known`.
pub(crate) fn instead_of<'k>(
    key: &str,
    mut known: impl Iterator<Item = &'k str>,
) -> Option<&'static str> {
    let (_, new, advice) = REMOVED.iter().find(|(old, ..)| *old == key)?;
    known.any(|name| name == *new).then_some(*advice)
}
