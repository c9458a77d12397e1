//! `paths` and `exclude` of artifacts and caches (runtime reference 16.1).

use super::GlobError;
use super::doublestar::Doublestar;

/// Decides which entries of a project directory are packed.
///
/// A pattern that matches a directory takes everything below it; `exclude` is asked for each
/// entry alone, so that `exclude: [tmp]` leaves out only the entry `tmp` itself.
#[derive(Debug, Clone, Default)]
pub struct ArtifactGlobs {
    paths: Vec<Pattern>,
    exclude: Vec<Pattern>,
    warnings: Vec<String>,
}

#[derive(Debug, Clone)]
struct Pattern {
    /// Relative to the project directory and without detours; `.` for the directory itself.
    text: String,
    glob: Doublestar,
}

/// Why a pattern can't be used.
enum Unusable {
    /// It leads out of the project directory.
    Outside,
    /// It is no pattern.
    Glob(GlobError),
}

impl From<GlobError> for Unusable {
    fn from(error: GlobError) -> Self {
        Self::Glob(error)
    }
}

impl ArtifactGlobs {
    /// Compiles patterns whose variables are expanded. `project_dir` is the directory as the job
    /// sees it, for absolute patterns. What can't be used is left out and told in
    /// [`warnings`](Self::warnings).
    pub fn new(project_dir: &str, paths: &[impl AsRef<str>], exclude: &[impl AsRef<str>]) -> Self {
        let mut globs = Self::default();
        for path in paths.iter().map(AsRef::as_ref) {
            match pattern(project_dir, path) {
                Ok(pattern) => globs.paths.push(pattern),
                Err(Unusable::Glob(error)) => globs.warnings.push(format!("{path}: {error}")),
                Err(Unusable::Outside) => globs.warnings.push(outside("processPath", path)),
            }
        }
        for path in exclude.iter().map(AsRef::as_ref) {
            match pattern(project_dir, path) {
                Ok(pattern) => globs.exclude.push(pattern),
                // The runner says nothing here.
                Err(Unusable::Glob(GlobError::Syntax)) => {}
                Err(Unusable::Glob(error)) => globs.warnings.push(format!("{path}: {error}")),
                Err(Unusable::Outside) => {
                    // The runner asks no further pattern.
                    globs.warnings.push(outside("isExcluded", path));
                    break;
                }
            }
        }
        globs
    }

    /// What the runner would say about patterns that can't be used, without `WARNING: `.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// The usable patterns of `paths`, as the runner names them in its messages.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.paths.iter().map(|pattern| pattern.text.as_str())
    }

    /// The usable patterns of `exclude`.
    pub fn exclude(&self) -> impl Iterator<Item = &str> {
        self.exclude.iter().map(|pattern| pattern.text.as_str())
    }

    /// Whether an entry is packed; `path` is relative to the project directory.
    pub fn matches(&self, path: &str, is_dir: bool) -> bool {
        self.reached_by(path, is_dir).next().is_some() && self.excluded_by(path).is_none()
    }

    /// Which of [`paths`](Self::paths) match the entry or a directory above it.
    pub fn reached_by(&self, path: &str, is_dir: bool) -> impl Iterator<Item = usize> {
        let components = components(path);
        let reaches = move |(at, pattern): (usize, &Pattern)| {
            pattern.glob.reaches(&components, is_dir).then_some(at)
        };
        self.paths.iter().enumerate().filter_map(reaches)
    }

    /// The first of [`exclude`](Self::exclude) that matches the entry. It is also asked for
    /// untracked files.
    pub fn excluded_by(&self, path: &str) -> Option<usize> {
        let components = components(path);
        self.exclude
            .iter()
            .position(|pattern| pattern.glob.matches(&components))
    }

    /// The paths below which all matches lie: of each pattern the longest part in front without
    /// wildcards. None lies below another; an empty one stands for the whole project directory.
    pub fn literal_roots(&self) -> Vec<String> {
        let mut roots: Vec<String> = self
            .paths
            .iter()
            .flat_map(|pattern| pattern.glob.literal_roots())
            .collect();
        roots.sort_by(|a, b| a.split('/').cmp(b.split('/')));
        // Sorted by components, what lies below a root follows it.
        let mut outermost: Vec<String> = Vec::new();
        for root in roots {
            if !outermost.last().is_some_and(|outer| lies_in(&root, outer)) {
                outermost.push(root);
            }
        }
        outermost
    }
}

fn lies_in(path: &str, dir: &str) -> bool {
    dir.is_empty()
        || path
            .strip_prefix(dir)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn components(path: &str) -> Vec<&str> {
    path.split('/')
        .filter(|part| !part.is_empty() && *part != ".")
        .collect()
}

fn outside(place: &str, path: &str) -> String {
    format!("{place}: artifact path is not a subpath of project directory: {path}")
}

fn pattern(project_dir: &str, path: &str) -> Result<Pattern, Unusable> {
    let text = relative(project_dir, path)?;
    let glob = Doublestar::new(&text)?;
    let text = if text.is_empty() {
        ".".to_owned()
    } else {
        text
    };
    Ok(Pattern { text, glob })
}

/// The pattern relative to the project directory, without `.`, `..` and doubled `/`.
fn relative(project_dir: &str, path: &str) -> Result<String, Unusable> {
    let clean = |path: &str| {
        let mut parts: Vec<String> = Vec::new();
        for part in components(path) {
            match (part, parts.last().map(String::as_str)) {
                ("..", Some(last)) if last != ".." => {
                    parts.pop();
                }
                // The root has no parent.
                ("..", None) if path.starts_with('/') => {}
                _ => parts.push(part.to_owned()),
            }
        }
        parts
    };
    let mut parts = if path.starts_with('/') {
        clean(path)
    } else {
        clean(&format!("{project_dir}/{path}"))
    };
    let project = clean(project_dir);
    if !parts.starts_with(&project) {
        return Err(Unusable::Outside);
    }
    Ok(parts.split_off(project.len()).join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIR: &str = "/builds/group/project";

    /// Paths, exclude, entry (a directory when it ends in `/`), whether it is packed.
    const ROWS: &[(&[&str], &[&str], &str, bool)] = &[
        (&["dist"], &[], "dist/", true),
        (&["dist"], &[], "dist/a/b.js", true),
        (&["dist/"], &[], "dist/a", true),
        (&["./dist"], &[], "dist/a", true),
        (&["dist"], &[], "distant", false),
        (&["dist"], &[], "x/dist", false),
        (&["dist/*"], &[], "dist/", false),
        (&["dist/*"], &[], "dist/a/b", true),
        (&["dist/**"], &[], "dist/", true),
        (&["dist/**"], &[], "dist", false),
        (&["dist/**"], &[], "dist/a/b", true),
        (&["**"], &[], "a", true),
        (&["*/**"], &[], "a", false),
        (&["*/**"], &[], "a/b", true),
        (&["**/b/**"], &[], "a/b", false),
        (&["**/b/**"], &[], "a/b/c", true),
        (&["."], &[], "a/b", true),
        (&[""], &[], "a", true),
        (&["*.log"], &[], "x.log/inner", true),
        (&["**/*.xml"], &[], "a/b.xml", true),
        (&["dist"], &["dist/**/*.map"], "dist/a/b.map", false),
        (&["dist"], &["tmp", "dist/a"], "dist/a/", false),
        (&["dist"], &["dist/a"], "dist/a/b", true),
        (&["dist"], &["dist/a/**"], "dist/a/", false),
        (&["dist"], &["dist/a/**/*"], "dist/a/", true),
        (&["dist"], &["../x", "dist/a"], "dist/a", true),
        (&["/builds/group/project/dist"], &[], "dist/a", true),
        (&["/builds/group/project"], &[], "dist/a", true),
        (&["/builds/group/other"], &[], "other", false),
        (&["/builds/group/project-2"], &[], "a", false),
        (&["../x"], &[], "x", false),
        (&["../project/x"], &[], "x", true),
        (&["a/../b"], &[], "b", true),
        (&["{dist,out}/*.js"], &[], "out/a.js", true),
        (&["[", "a"], &[], "a", true),
        (&[], &[], "a", false),
    ];

    #[test]
    fn entries() {
        for (paths, exclude, entry, want) in ROWS {
            let globs = ArtifactGlobs::new(DIR, paths, exclude);
            let got = globs.matches(entry.trim_end_matches('/'), entry.ends_with('/'));
            assert_eq!(got, *want, "{paths:?} without {exclude:?} on {entry}");
        }
    }

    #[test]
    fn literal_roots() {
        let rows: [(&[&str], &[&str]); 7] = [
            (&["dist/**/*.js"], &["dist"]),
            (&["a/b/c", "a/b", "a-b"], &["a/b", "a-b"]),
            (&["{a,b/c}/d*"], &["a", "b/c"]),
            (&["*.log", "dist"], &[""]),
            (&["."], &[""]),
            (&["a\\*b/c?"], &["a*b"]),
            (&[], &[]),
        ];
        for (paths, want) in rows {
            let none: [&str; 0] = [];
            assert_eq!(
                ArtifactGlobs::new(DIR, paths, &none).literal_roots(),
                want,
                "{paths:?}"
            );
        }
    }

    #[test]
    fn unusable_patterns_are_told() {
        let globs = ArtifactGlobs::new(DIR, &["../x", "[a", "ok"], &["/etc"]);
        let want = [
            "processPath: artifact path is not a subpath of project directory: ../x",
            "[a: syntax error in pattern",
            "isExcluded: artifact path is not a subpath of project directory: /etc",
        ];
        assert_eq!(globs.warnings(), want);
        assert_eq!(globs.paths().collect::<Vec<_>>(), ["ok"]);
    }

    proptest::proptest! {
        /// A caller that fetches the literal roots only misses nothing.
        #[test]
        fn every_match_lies_in_a_literal_root(
            pattern in "[ab/*?{},\\[\\]\\\\.!-]{0,12}|\\PC{0,12}",
            path in "[ab]{1,2}(/[ab]{1,2}){0,3}",
            is_dir in proptest::bool::ANY,
        ) {
            let globs = ArtifactGlobs::new(DIR, &[&pattern], &["x"]);
            let roots = globs.literal_roots();
            if globs.matches(&path, is_dir) {
                proptest::prop_assert!(roots.iter().any(|root| lies_in(&path, root)), "{roots:?}");
            }
        }
    }
}
