//! The archive of a job's artifacts while it is made.

use std::collections::BTreeSet;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use tar::{Builder, EntryType, Header};

use super::Selection;

/// Bytes of a file that are read and written at once.
const PIECE: usize = 256 * 1024;

/// Bytes of a unit of an archive: the content of a file ends with one.
pub(super) const UNIT: usize = 512;

/// What an archive came to hold.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::exec) struct Packed {
    /// Number of files, folders and links.
    pub(in crate::exec) entries: usize,
    /// Lines for people: patterns without a match, what was left out.
    pub(in crate::exec) notes: Vec<String>,
}

/// The archive under way.
pub(in crate::exec) struct Pack<W: Write> {
    selection: Selection,
    tar: Builder<W>,
    taken: BTreeSet<PathBuf>,
    postponed: Vec<String>,
    git_left_out: bool,
    /// For one piece of a file.
    piece: Vec<u8>,
}

impl<W: Write> Pack<W> {
    pub(in crate::exec) fn new(selection: Selection, to: W) -> Self {
        Self {
            selection,
            tar: Builder::new(to),
            taken: BTreeSet::new(),
            postponed: Vec::new(),
            git_left_out: false,
            piece: Vec::new(),
        }
    }

    /// Whether `path` belongs into the archive and is not in it yet. The caller then adds it.
    pub(in crate::exec) fn wants(&mut self, path: &Path, is_dir: bool) -> bool {
        let name = path.to_string_lossy();
        if path.starts_with(".git") {
            self.git_left_out |= self.selection.names(&name, is_dir);
            return false;
        }
        if self.taken.contains(path) || !self.selection.takes(&name, is_dir) {
            return false;
        }
        self.taken.insert(path.to_owned())
    }

    /// Leaves out a wanted hard link to a file that is not in the archive: it has to come as a
    /// file of its own.
    pub(in crate::exec) fn postpone(&mut self, path: &Path) {
        self.taken.remove(path);
        self.postponed.push(path.to_string_lossy().into_owned());
    }

    /// What was postponed, once.
    pub(in crate::exec) fn postponed(&mut self) -> Vec<String> {
        std::mem::take(&mut self.postponed)
    }

    /// Adds a file or folder.
    pub(in crate::exec) fn add(
        &mut self,
        mut header: Header,
        path: &Path,
        size: u64,
        data: impl Read,
    ) -> io::Result<()> {
        if header.entry_type().is_gnu_sparse() {
            // Its content comes with the holes filled.
            header.set_entry_type(EntryType::Regular);
        }
        header.set_size(size);
        // The content goes past the builder, which would copy it in far smaller pieces.
        self.tar.append_data(&mut header, path, io::empty())?;
        if self.piece.is_empty() {
            self.piece = vec![0; PIECE];
        }
        let to = self.tar.get_mut();
        match copy(data, to, &mut self.piece)? {
            0 => Ok(()),
            over => to.write_all(&[0; UNIT][over..]),
        }
    }

    /// What it is written to.
    pub(super) fn written(&self) -> &W {
        self.tar.get_ref()
    }

    /// Adds a file of `size` bytes, each piece of which `read` has from what is written so far: it gets the
    /// bytes that are done, and where to put more.
    pub(super) fn add_copy(
        &mut self,
        header: Header,
        path: &Path,
        size: u64,
        read: impl Fn(&W, u64, &mut [u8]) -> io::Result<usize>,
    ) -> io::Result<()> {
        self.add(header, path, size, io::empty())?;
        let to = self.tar.get_mut();
        let mut done = 0;
        while done < size {
            let most = usize::try_from(size - done).unwrap_or(usize::MAX);
            let most = most.min(self.piece.len());
            let piece = &mut self.piece[..most];
            let some = match read(to, done, piece)? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                some => some,
            };
            to.write_all(&piece[..some])?;
            done += some as u64;
        }
        let whole = size.next_multiple_of(UNIT as u64);
        let over = usize::try_from(whole - size).unwrap_or_default();
        to.write_all(&[0; UNIT][..over])
    }

    /// Adds a symbolic link.
    pub(in crate::exec) fn add_link(
        &mut self,
        mut header: Header,
        path: &Path,
        target: &Path,
    ) -> io::Result<()> {
        header.set_size(0);
        self.tar.append_link(&mut header, path, target)
    }

    /// Closes the archive and returns what it was written to.
    pub(in crate::exec) fn finish(self) -> io::Result<(Packed, W)> {
        let notes = self.notes();
        let entries = self.taken.len();
        let mut to = self.tar.into_inner()?;
        to.flush()?;
        Ok((Packed { entries, notes }, to))
    }

    fn notes(&self) -> Vec<String> {
        let mut notes = self.selection.notes();
        if self.git_left_out {
            notes.push("WARNING: `.git` was left out".to_owned());
        }
        notes
    }
}

/// Copies all that `from` has, in pieces as large as `piece`; how many bytes of it go beyond whole
/// units.
fn copy(mut from: impl Read, to: &mut impl Write, piece: &mut [u8]) -> io::Result<usize> {
    let mut over = 0;
    loop {
        match from.read(piece) {
            Ok(0) => return Ok(over),
            Ok(some) => {
                to.write_all(&piece[..some])?;
                over = (over + some) % UNIT;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Whether artifacts keep entries of this kind; sockets, pipes and devices they don't.
pub(in crate::exec) fn is_kept(kind: EntryType) -> bool {
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

    use super::super::super::Globs;
    use super::{Pack, Selection};

    fn selection(paths: &[&str], exclude: &[&str]) -> Selection {
        let owned = |globs: &[&str]| globs.iter().map(|&glob| glob.to_owned()).collect();
        Selection::new(
            &Globs {
                paths: owned(paths),
                exclude: owned(exclude),
                ..Globs::default()
            },
            "/builds/g/p",
        )
    }

    const FOLDERS: [&str; 4] = ["o", "o/x", "tmp", ".git"];

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
            let mut pack = Pack::new(selection, Vec::new());
            let taken: Vec<_> = all
                .iter()
                .copied()
                .filter(|path| pack.wants(Path::new(path), FOLDERS.contains(path)))
                .collect();
            assert_eq!(taken, wanted, "{name}");
        }
    }

    #[test]
    fn git_is_left_out() {
        let mut pack = Pack::new(selection(&["."], &[]), Vec::new());
        assert!(pack.wants(Path::new("log"), false));
        assert!(!pack.wants(Path::new(".git/HEAD"), false));
        let (packed, _) = pack.finish().expect("finishes");
        assert_eq!(packed.entries, 1);
        assert_eq!(packed.notes[1], "WARNING: `.git` was left out");
    }
}
