//! The choice of a job's artifacts, by globs and by what git does not track.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::expr::ArtifactGlobs;

use super::super::Globs;

/// Characters that make a path a glob.
const GLOB: [char; 5] = ['*', '?', '[', '{', '\\'];

/// The choice, and what it came to.
pub(in crate::exec) struct Selection {
    globs: ArtifactGlobs,
    /// Patterns of `globs` that match nothing.
    absent: BTreeSet<usize>,
    tracked: Option<Arc<BTreeSet<String>>>,
    project_dir: String,
    counts: Counts,
}

/// Entries by what took them or kept them out.
#[derive(Default)]
struct Counts {
    /// By pattern.
    found: BTreeMap<usize, usize>,
    untracked: usize,
    /// By pattern of `exclude`.
    excluded: BTreeMap<usize, usize>,
}

impl Selection {
    /// Reads the globs; those that lead out of `project_dir` are left out with a note.
    pub(in crate::exec) fn new(globs: &Globs, project_dir: &str) -> Self {
        Self {
            tracked: globs.untracked.clone(),
            globs: ArtifactGlobs::new(project_dir, &globs.paths, &globs.exclude),
            absent: BTreeSet::new(),
            project_dir: project_dir.to_owned(),
            counts: Counts::default(),
        }
    }

    /// The paths that are named in full. The executor looks at each: one that is not there, that
    /// leads through a link or is a link to nowhere is [`Selection::absent`].
    pub(in crate::exec) fn named(&self) -> Vec<(usize, String)> {
        let patterns = self.globs.paths().enumerate();
        let literal = patterns.filter(|(_, path)| *path != "." && !path.contains(GLOB));
        literal.map(|(at, path)| (at, path.to_owned())).collect()
    }

    /// Says that the pattern of this index, from [`Selection::named`], matches nothing.
    pub(in crate::exec) fn absent(&mut self, index: usize) {
        self.absent.insert(index);
    }

    /// The smallest set of places that hold every match, relative to the project directory; the
    /// empty path is that directory itself.
    pub(in crate::exec) fn roots(&self) -> Vec<String> {
        if self.tracked.is_some() {
            return vec![String::new()];
        }
        self.globs.literal_roots()
    }

    /// Whether a glob reaches `path` and none keeps it out.
    pub(super) fn names(&self, path: &str, is_dir: bool) -> bool {
        self.globs.matches(path, is_dir)
    }

    /// Whether `path` is taken; counts what takes it or keeps it out. A folder that matches
    /// brings all that is in it.
    pub(super) fn takes(&mut self, path: &str, is_dir: bool) -> bool {
        let reached: Vec<usize> = self
            .globs
            .reached_by(path, is_dir)
            .filter(|at| !self.absent.contains(at))
            .collect();
        let untracked = !is_dir && self.is_untracked(path);
        if reached.is_empty() && !untracked {
            return false;
        }
        if let Some(pattern) = self.globs.excluded_by(path) {
            *self.counts.excluded.entry(pattern).or_default() += 1;
            return false;
        }
        for pattern in reached {
            *self.counts.found.entry(pattern).or_default() += 1;
        }
        self.counts.untracked += usize::from(untracked);
        true
    }

    /// As `git ls-files --others` says it: ignored files count, what lies in a submodule does not.
    fn is_untracked(&self, path: &str) -> bool {
        let mut parts = std::iter::successors(Some(path), |path| Some(path.rsplit_once('/')?.0));
        self.tracked
            .as_ref()
            .is_some_and(|tracked| !parts.any(|part| tracked.contains(part)))
    }

    /// What the runner says about it, line by line.
    pub(super) fn notes(&self) -> Vec<String> {
        let warnings = self.globs.warnings().iter();
        let mut notes: Vec<String> = warnings.map(|text| format!("WARNING: {text}")).collect();
        for (at, path) in self.globs.paths().enumerate() {
            notes.push(match self.counts.found.get(&at) {
                Some(count) => format!("{path}: found {count} matching artifact files and directories"),
                None => format!(
                    "WARNING: {path}: no matching files. Ensure that the artifact path is relative to the working directory ({})",
                    self.project_dir
                ),
            });
        }
        if self.tracked.is_some() {
            notes.push(format!("untracked: found {} files", self.counts.untracked));
        }
        for (at, path) in self.globs.exclude().enumerate() {
            if let Some(count) = self.counts.excluded.get(&at) {
                notes.push(format!("{path}: excluded {count} files"));
            }
        }
        notes
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{Globs, Selection};

    fn globs(paths: &[&str], exclude: &[&str], tracked: Option<&[&str]>) -> Globs {
        let owned = |globs: &[&str]| globs.iter().map(|&glob| glob.to_owned()).collect();
        Globs {
            paths: owned(paths),
            exclude: owned(exclude),
            untracked: tracked
                .map(|names| Arc::new(names.iter().map(|&name| name.to_owned()).collect())),
            ..Globs::default()
        }
    }

    #[test]
    fn untracked_files() {
        let globs = globs(&["kept"], &["**/*.o"], Some(&["kept", "src/a.c", "module"]));
        let mut selection = Selection::new(&globs, "/builds/g/p");
        assert_eq!(selection.roots(), [""]);
        for (path, is_dir, taken) in [
            ("kept", false, true),
            ("new", false, true),
            ("src", true, false),
            ("src/a.c", false, false),
            ("src/ignored.log", false, true),
            ("src/a.o", false, false),
            ("empty", true, false),
            ("module/file", false, false),
        ] {
            assert_eq!(selection.takes(path, is_dir), taken, "{path}");
        }
        assert_eq!(
            selection.notes(),
            [
                "kept: found 1 matching artifact files and directories",
                "untracked: found 2 files",
                "**/*.o: excluded 1 files",
            ]
        );
    }

    #[test]
    fn what_is_absent_takes_nothing() {
        let mut selection = Selection::new(&globs(&["a", "b", "*.c", "."], &[], None), "/p");
        let named = [(0, "a".to_owned()), (1, "b".to_owned())];
        assert_eq!(selection.named(), named);
        let mut selection_without_dot = Selection::new(&globs(&["a", "b"], &[], None), "/p");
        selection_without_dot.absent(0);
        assert!(!selection_without_dot.takes("a", false));
        assert!(selection_without_dot.takes("b", false));
        selection.absent(0);
        assert!(selection.takes("a", false), "`.` takes it all the same");
    }

    #[test]
    fn roots_are_few() {
        for (name, paths, wanted) in [
            ("literal", &["a/b"][..], &["a/b"][..]),
            ("one inside another", &["a", "a/b/*.c"], &["a"]),
            ("siblings", &["a/b", "a/bc"], &["a/b", "a/bc"]),
            ("anywhere", &["**/x", "a"], &[""]),
            ("whole", &["."], &[""]),
        ] {
            let selection = Selection::new(&globs(paths, &[], None), "/p");
            assert_eq!(selection.roots(), wanted, "{name}");
        }
    }
}
