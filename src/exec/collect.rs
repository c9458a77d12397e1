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
    /// Patterns of `include` that match nothing.
    absent: BTreeSet<usize>,
    /// Lines about patterns that can match nothing.
    notes: Vec<String>,
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
            absent: BTreeSet::new(),
            notes,
        }
    }

    /// The paths that are named in full. The executor looks at each: one that is not there, that
    /// leads through a link or is a link to nowhere is [`Selection::absent`].
    pub(super) fn named(&self) -> Vec<(usize, String)> {
        let patterns = self.include.iter().enumerate();
        patterns
            .filter_map(|(index, pattern)| Some((index, pattern.literal()?.to_owned())))
            .collect()
    }

    /// Says that the pattern of this index, from [`Selection::named`], matches nothing.
    pub(super) fn absent(&mut self, index: usize) {
        self.absent.insert(index);
    }

    /// The smallest set of places that hold every match, relative to the project directory; the
    /// empty path is that directory itself.
    pub(super) fn roots(&self) -> Vec<String> {
        let all: BTreeSet<String> = self.present().map(|(_, pattern)| pattern.root()).collect();
        let is_inner = |root: &String| all.iter().any(|other| is_below(root, other));
        all.iter().filter(|root| !is_inner(root)).cloned().collect()
    }

    fn present(&self) -> impl Iterator<Item = (usize, &Pattern)> {
        let patterns = self.include.iter().enumerate();
        patterns.filter(|(index, _)| !self.absent.contains(index))
    }

    /// Index of the pattern that takes `path`. A folder that matches brings all that is in it.
    fn taken_by(&self, path: &str) -> Option<usize> {
        if self.exclude.iter().any(|pattern| pattern.matches(path)) {
            return None;
        }
        self.present()
            .find(|(_, pattern)| with_parents(path).any(|part| pattern.matches(part)))
            .map(|(index, _)| index)
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

    use super::{Globs, Pack, Selection};

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
            ("literal", &["a/b"][..], &["a/b"][..]),
            ("one inside another", &["a", "a/b/*.c"], &["a"]),
            ("siblings", &["a/b", "a/bc"], &["a/b", "a/bc"]),
            ("glob", &["a/b/*.c"], &["a/b"]),
            ("anywhere", &["**/x", "a"], &[""]),
            ("whole", &["."], &[""]),
        ] {
            assert_eq!(selection(paths, &[]).roots(), wanted, "{name}");
        }
    }

    #[test]
    fn what_is_absent_takes_nothing() {
        let mut selection = selection(&["a", "b", "*.c"], &[]);
        let named = [(0, "a".to_owned()), (1, "b".to_owned())];
        assert_eq!(selection.named(), named);
        selection.absent(0);
        let mut pack = Pack::new(selection, "/builds/g/p", Vec::new());
        assert!(!pack.wants(Path::new("a")));
        assert!(pack.wants(Path::new("b")));
    }

    #[test]
    fn notes_say_what_is_missing() {
        let selection = selection(&["a", "/etc/x", "."], &[]);
        let mut pack = Pack::new(selection, "/builds/g/p", Vec::new());
        assert!(pack.wants(Path::new("log")));
        assert!(!pack.wants(Path::new(".git/HEAD")));
        let notes = pack.finish().expect("finishes").notes;
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
