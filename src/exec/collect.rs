//! Which files a job's artifacts are: the choice by globs, shared by all executors, and the
//! archive they go into.
//!
//! Symbolic links are never followed and `.git` is never taken (runtime reference 16.1, 16.2).

use std::collections::BTreeSet;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use tar::{Builder, EntryType, Header};

use super::glob::Pattern;
use super::{ArtifactRef, Globs};

/// The choice of a job's artifacts.
pub(super) struct Selection {
    include: Vec<Pattern>,
    exclude: Vec<Pattern>,
    /// Lines about patterns that can match nothing.
    notes: Vec<String>,
}

/// Where to look for matches.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Root {
    /// Path relative to the project directory; empty for the directory itself.
    pub(super) path: String,
    /// Whether the path is a whole pattern. A link that is named like that and leads nowhere is no
    /// match; inside a matched folder it is.
    pub(super) literal: bool,
}

impl Selection {
    /// Reads the globs; those that lead out of `project_dir` are left out with a note.
    pub(super) fn new(globs: &Globs, project_dir: &str) -> Self {
        let mut notes = Vec::new();
        let mut include = Vec::new();
        for glob in &globs.paths {
            match Pattern::new(glob, project_dir) {
                Some(pattern) => include.push(pattern),
                None => notes.push(format!(
                    "`{glob}` is not below the project directory and was left out"
                )),
            }
        }
        let exclude = globs
            .exclude
            .iter()
            .filter_map(|glob| Pattern::new(glob, project_dir))
            .collect();
        Self {
            include,
            exclude,
            notes,
        }
    }

    /// The smallest set of places that hold every match.
    pub(super) fn roots(&self) -> Vec<Root> {
        let all: BTreeSet<Root> = self.include.iter().map(Pattern::root).collect();
        all.iter()
            .filter(|root| !all.iter().any(|other| is_below(&root.path, &other.path)))
            .cloned()
            .collect()
    }

    /// Index of the pattern that takes `path`. A folder that matches brings all that is in it.
    fn taken_by(&self, path: &str) -> Option<usize> {
        if self.exclude.iter().any(|pattern| pattern.matches(path)) {
            return None;
        }
        self.include
            .iter()
            .position(|pattern| with_parents(path).any(|part| pattern.matches(part)))
    }
}

/// `path`, then each folder it is in.
fn with_parents(path: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(path), |path| path.rsplit_once('/').map(|(up, _)| up))
}

/// Whether `path` lies strictly below `folder`.
fn is_below(path: &str, folder: &str) -> bool {
    path != folder
        && (folder.is_empty()
            || path
                .strip_prefix(folder)
                .is_some_and(|rest| rest.starts_with('/')))
}

/// What an archive came to hold.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Packed {
    /// Number of files, folders and links.
    pub(super) entries: usize,
    /// Lines for people: patterns without a match, what was left out.
    pub(super) notes: Vec<String>,
}

impl Packed {
    /// The archive in the file `tar`.
    pub(super) fn into_artifact(self, tar: &Path) -> ArtifactRef {
        ArtifactRef {
            tar: tar.to_owned(),
            entries: self.entries,
            notes: self.notes,
        }
    }
}

/// The archive under way.
pub(super) struct Pack<W: Write> {
    selection: Selection,
    project_dir: String,
    tar: Builder<W>,
    taken: BTreeSet<PathBuf>,
    matched: BTreeSet<usize>,
    postponed: Vec<String>,
    git_left_out: bool,
}

impl<W: Write> Pack<W> {
    pub(super) fn new(selection: Selection, project_dir: &str, to: W) -> Self {
        Self {
            selection,
            project_dir: project_dir.to_owned(),
            tar: Builder::new(to),
            taken: BTreeSet::new(),
            matched: BTreeSet::new(),
            postponed: Vec::new(),
            git_left_out: false,
        }
    }

    /// Whether `path` belongs into the archive and is not in it yet. The caller then adds it.
    pub(super) fn wants(&mut self, path: &Path) -> bool {
        let Some(pattern) = self.selection.taken_by(&path.to_string_lossy()) else {
            return false;
        };
        if path.starts_with(".git") {
            self.git_left_out = true;
            return false;
        }
        self.matched.insert(pattern);
        self.taken.insert(path.to_owned())
    }

    /// Whether `path` is in the archive.
    pub(super) fn holds(&self, path: &Path) -> bool {
        self.taken.contains(path)
    }

    /// Leaves out a wanted hard link to a file that is not in the archive: it has to come as a
    /// file of its own.
    pub(super) fn postpone(&mut self, path: &Path) {
        self.taken.remove(path);
        self.postponed.push(path.to_string_lossy().into_owned());
    }

    /// What was postponed, once.
    pub(super) fn postponed(&mut self) -> Vec<String> {
        std::mem::take(&mut self.postponed)
    }

    /// Adds a file or folder.
    pub(super) fn add(
        &mut self,
        mut header: Header,
        path: &Path,
        size: u64,
        data: impl Read,
    ) -> io::Result<()> {
        header.set_size(size);
        self.tar.append_data(&mut header, path, data)
    }

    /// Adds a symbolic or hard link.
    pub(super) fn add_link(
        &mut self,
        mut header: Header,
        path: &Path,
        target: &Path,
    ) -> io::Result<()> {
        header.set_size(0);
        self.tar.append_link(&mut header, path, target)
    }

    /// Closes the archive.
    pub(super) fn finish(self) -> io::Result<Packed> {
        let notes = self.notes();
        let entries = self.taken.len();
        self.tar.into_inner()?.flush()?;
        Ok(Packed { entries, notes })
    }

    fn notes(&self) -> Vec<String> {
        let mut notes = self.selection.notes.clone();
        for (index, pattern) in self.selection.include.iter().enumerate() {
            if !self.matched.contains(&index) {
                notes.push(format!(
                    "`{}` matches no file; paths count from `{}`",
                    pattern.text(),
                    self.project_dir
                ));
            }
        }
        if self.git_left_out {
            notes.push("`.git` was left out".to_owned());
        }
        notes
    }
}

/// Whether artifacts keep entries of this kind; sockets, pipes and devices they don't.
pub(super) fn is_kept(kind: EntryType) -> bool {
    matches!(
        kind,
        EntryType::Regular
            | EntryType::Continuous
            | EntryType::Directory
            | EntryType::Symlink
            | EntryType::Link
            | EntryType::GNUSparse
    )
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{Globs, Pack, Root, Selection};

    fn selection(paths: &[&str], exclude: &[&str]) -> Selection {
        let owned = |globs: &[&str]| globs.iter().map(|&glob| glob.to_owned()).collect();
        Selection::new(
            &Globs {
                paths: owned(paths),
                exclude: owned(exclude),
            },
            "/builds/g/p",
        )
    }

    #[test]
    fn choice() {
        let all = [
            "o",
            "o/a.o",
            "o/a.c",
            "o/x",
            "o/x/b.o",
            "tmp",
            "tmp/f",
            "log",
            ".git",
            ".git/HEAD",
        ];
        for (name, paths, exclude, wanted) in [
            ("folder", &["tmp"][..], &[][..], &["tmp", "tmp/f"][..]),
            ("slash at the end", &["tmp/"], &[], &["tmp", "tmp/f"]),
            ("glob of files", &["o/**/*.o"], &[], &["o/a.o", "o/x/b.o"]),
            ("exclude per file", &["tmp"], &["tmp"], &["tmp/f"]),
            ("exclude below", &["tmp"], &["tmp/**/*"], &["tmp"]),
            ("exclude all", &["tmp"], &["tmp/**"], &[]),
            (
                "exclude by name",
                &["o"],
                &["o/**/*.o"],
                &["o", "o/a.c", "o/x"],
            ),
            ("absolute", &["/builds/g/p/tmp"], &[], &["tmp", "tmp/f"]),
            ("outside", &["/etc", "../x"], &[], &[]),
            (
                "everything but .git",
                &["."],
                &["o/**"],
                &["tmp", "tmp/f", "log"],
            ),
            ("star", &["*"], &["o/**", "tmp/**"], &["log"]),
        ] {
            let selection = selection(paths, exclude);
            let mut pack = Pack::new(selection, "/builds/g/p", Vec::new());
            let taken: Vec<_> = all
                .iter()
                .copied()
                .filter(|path| pack.wants(Path::new(path)))
                .collect();
            assert_eq!(taken, wanted, "{name}");
        }
    }

    #[test]
    fn roots_are_few() {
        for (name, paths, wanted) in [
            ("literal", &["a/b"][..], &[("a/b", true)][..]),
            ("one inside another", &["a", "a/b/*.c"], &[("a", true)]),
            (
                "siblings",
                &["a/b", "a/bc"],
                &[("a/b", true), ("a/bc", true)],
            ),
            ("glob", &["a/b/*.c"], &[("a/b", false)]),
            ("anywhere", &["**/x", "a"], &[("", false)]),
            ("whole", &["."], &[("", false)]),
        ] {
            let wanted: Vec<_> = wanted
                .iter()
                .map(|&(path, literal)| Root {
                    path: path.to_owned(),
                    literal,
                })
                .collect();
            assert_eq!(selection(paths, &[]).roots(), wanted, "{name}");
        }
    }

    #[test]
    fn notes_say_what_is_missing() {
        let selection = selection(&["a", "/etc/x", "."], &[]);
        let mut pack = Pack::new(selection, "/builds/g/p", Vec::new());
        assert!(pack.wants(Path::new("log")));
        assert!(!pack.wants(Path::new(".git/HEAD")));
        let notes = pack.finish().unwrap().notes;
        assert_eq!(
            notes,
            [
                "`/etc/x` is not below the project directory and was left out",
                "`a` matches no file; paths count from `/builds/g/p`",
                "`.git` was left out",
            ]
        );
    }
}
