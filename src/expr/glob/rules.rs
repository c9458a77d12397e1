//! Whether `changes` and `exists` match a list of paths (configuration reference 8.2, 8.3).

use super::{Fnmatch, GlobError};

/// Comparisons of a path with a pattern after which GitLab takes the clause for true.
const COMPARISON_LIMIT: usize = 50_000;

/// Whether one of the changed paths matches one of the patterns of `changes`.
pub fn changes_match(
    patterns: &[impl AsRef<str>],
    changed: &[impl AsRef<str>],
) -> Result<bool, GlobError> {
    if patterns.len().saturating_mul(changed.len()) > COMPARISON_LIMIT {
        return Ok(true);
    }
    let globs = compile(patterns.iter().map(AsRef::as_ref))?;
    Ok(any_match(&globs, changed.iter().map(AsRef::as_ref)))
}

/// Whether one of the patterns of `exists` names a file of the tree. `paths` are all files of the
/// commit, sorted by their bytes.
pub fn exists_match(
    patterns: &[impl AsRef<str>],
    paths: &[impl AsRef<str>],
) -> Result<bool, GlobError> {
    let is_literal = |pattern: &str| !pattern.contains(['*', '?', '[', '{']);
    let (literal, special): (Vec<&str>, Vec<&str>) = patterns
        .iter()
        .map(AsRef::as_ref)
        .partition(|pattern| is_literal(pattern));
    if literal.iter().any(|pattern| literal_exists(pattern, paths)) {
        return Ok(true);
    }
    let is_extension = |pattern: &str| {
        pattern
            .strip_prefix("**/*.")
            .is_some_and(|extension| is_literal(extension) && !extension.contains('/'))
    };
    let counted = special
        .iter()
        .filter(|pattern| !is_extension(pattern))
        .count();
    // GitLab lists the top level only when no pattern can lead below it.
    let shallow = patterns
        .iter()
        .map(AsRef::as_ref)
        .all(|p| !p.contains('/') && !p.contains("**"));
    let candidates = || {
        let all = paths.iter().map(AsRef::as_ref);
        all.filter(|path: &&str| !shallow || !path.contains('/'))
    };
    if counted > 0 && candidates().count().saturating_mul(counted) > COMPARISON_LIMIT {
        return Ok(true);
    }
    Ok(any_match(&compile(special.into_iter())?, candidates()))
}

/// A literal file, or with a `/` at its end a directory.
///
/// GitLab looks for the directory by bisection as if all paths behind it were in it too, and so
/// misses it when others sort behind; so do we.
fn literal_exists(pattern: &str, paths: &[impl AsRef<str>]) -> bool {
    if !pattern.ends_with('/') {
        return paths
            .binary_search_by(|path| path.as_ref().cmp(pattern))
            .is_ok();
    }
    let (mut low, mut high) = (0, paths.len());
    let mut found = false;
    while low < high {
        let middle = low + (high - low) / 2;
        if paths[middle].as_ref().starts_with(pattern) {
            found = true;
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    found
}

fn compile<'p>(patterns: impl Iterator<Item = &'p str>) -> Result<Vec<Fnmatch>, GlobError> {
    patterns.map(Fnmatch::new).collect()
}

fn any_match<'p>(globs: &[Fnmatch], mut paths: impl Iterator<Item = &'p str>) -> bool {
    !globs.is_empty() && paths.any(|path| globs.iter().any(|glob| glob.matches(path)))
}

#[cfg(test)]
mod tests {
    use super::super::IncludeGlob;
    use super::*;

    #[test]
    fn globs_of_the_table() {
        for row in include_str!("../../../tests/data/globs.tsv")
            .lines()
            .skip(1)
        {
            let columns: Vec<&str> = row.split('\t').collect();
            let (pattern, path) = (columns[0], columns[1]);
            let got = [
                changes_match(&[pattern], &[path]).expect("few alternatives"),
                exists_match(&[pattern], &[path]).expect("few alternatives"),
                IncludeGlob::new(pattern).matches(path),
            ];
            let want = [columns[2], columns[3], columns[4]].map(|column| column == "true");
            assert_eq!(got, want, "{pattern} on {path}: changes, exists, include");
        }
    }

    #[test]
    fn a_directory_is_missed_when_files_sort_behind_it() {
        let rows: [(&[&str], bool); 4] = [
            (&["docs/a", "docs/b"], true),
            (&["a", "docs/a"], true),
            (&["docs/a", "x", "y"], false),
            (&[], false),
        ];
        for (paths, want) in rows {
            assert_eq!(exists_match(&["docs/"], paths), Ok(want), "{paths:?}");
        }
    }

    #[test]
    fn too_many_comparisons_count_as_true() {
        let paths: Vec<String> = (0..30_000).map(|n| format!("d/{n:05}")).collect();
        assert_eq!(changes_match(&["x", "y"], &paths), Ok(true));
        assert_eq!(changes_match(&["x"], &paths), Ok(false));
        assert_eq!(exists_match(&["x*/", "y*/"], &paths), Ok(true));
        assert_eq!(
            exists_match(&["x*", "y*"], &paths),
            Ok(false),
            "top level only"
        );
        assert_eq!(exists_match(&["x", "y", "**/*.rs"], &paths), Ok(false));
    }
}
