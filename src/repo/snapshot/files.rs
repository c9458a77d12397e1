//! Writing the files of a layer, from git's objects and from the work tree. Others may write
//! there meanwhile: a file is taken as it was when it was looked at, and one that has gone is gone.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::archive::Archive;
use super::attributes::{Attributes, Form};
use super::lfs;
use crate::repo::listing::{Listing, Mode, Place, TreeFile, is_private, to_path};
use crate::repo::plain_file;
use crate::repo::{ProjectTree, RepoError};

/// Writes the files of a commit, from git's objects alone.
pub(super) fn write_commit(
    git: &git2::Repository,
    listing: &Listing,
    attributes: Attributes<'_>,
    lfs: bool,
    archive: &mut Archive<'_>,
) -> Result<(), RepoError> {
    let mut blobs = Blobs {
        git,
        attributes,
        lfs,
        archive,
    };
    for file in listing.files.iter().filter(|file| !is_private(&file.path)) {
        if let Place::Blob(id) = file.place {
            blobs.write(file, id)?;
        }
    }
    (listing.submodules.iter()).try_for_each(|path| archive.folder(&to_path(path)))
}

/// Writes what the work tree has changed over its commit, and adds it to `digest`. Where files of
/// attributes are changed too, any file may come out otherwise: then all are written.
pub(super) fn write_edits(
    tree: &ProjectTree,
    listing: &Listing,
    lfs: bool,
    archive: &mut Archive<'_>,
    digest: &mut Sha256,
) -> Result<(), RepoError> {
    let git = tree.git();
    let paths: Vec<PathBuf> = (listing.files.iter())
        .map(|file| to_path(&file.path))
        .collect();
    let state = &listing.state;
    let edited: HashSet<&str> = (state.modified.iter())
        .chain(&state.untracked)
        .map(String::as_str)
        .collect();
    let mut changed = edited.iter().copied();
    let mut gone = state.deleted.iter().map(String::as_str);
    let is_attributes = |path: &str| path.ends_with(".gitattributes");
    let all = changed.any(is_attributes) || gone.any(is_attributes);
    let mut writer = Writer {
        blobs: Blobs {
            git: &git,
            attributes: Attributes::of_work_tree(
                &git,
                tree.root(),
                paths.iter().map(PathBuf::as_path),
            ),
            lfs,
            archive,
        },
        root: tree.root(),
        trusts_disk: git
            .config()
            .is_ok_and(|config| config.get_bool("core.filemode").unwrap_or(true)),
        digest,
        buffer: Vec::new(),
    };
    for (file, name) in listing.files.iter().zip(listing.names.iter()) {
        let counts = !file.tracked || edited.contains(name.as_str());
        if is_private(&file.path) || !(all || counts) {
            continue;
        }
        match file.place {
            Place::Blob(id) => writer.blobs.write(file, id)?,
            Place::WorkTree => writer.write_from_disk(file, counts)?,
        }
    }
    Ok(())
}

/// Writes files from git's objects.
struct Blobs<'a, 'b, 's> {
    git: &'a git2::Repository,
    attributes: Attributes<'a>,
    /// Whether what Git LFS keeps is in the place of its pointers.
    lfs: bool,
    archive: &'b mut Archive<'s>,
}

impl Blobs<'_, '_, '_> {
    fn write(&mut self, file: &TreeFile, id: git2::Oid) -> Result<(), RepoError> {
        let blob = self
            .git
            .find_blob(id)
            .map_err(RepoError::corrupt("an object"))?;
        let path = to_path(&file.path);
        if file.mode == Some(Mode::Link) {
            return self.archive.link(&path, &to_path(blob.content()));
        }
        let mode = permissions(file.mode == Some(Mode::Executable));
        if self.lfs
            && let Some(kept) = lfs::object(self.git.commondir(), blob.content())
            && self.attributes.is_lfs(&path)
            && let Ok(kept) = plain_file::open(&kept)
            && let Ok(about) = kept.metadata()
            && about.is_file()
        {
            return self.archive.file(&path, mode, about.len(), kept);
        }
        let attributes = &self.attributes;
        let content = attributes.checked_out(&path, blob.content(), Form::Stored);
        let size = content.len() as u64;
        self.archive.file(&path, mode, size, &*content)
    }
}

struct Writer<'a, 'b, 's> {
    blobs: Blobs<'a, 'b, 's>,
    root: &'a Path,
    /// Whether the executable bit of the disk is the one git would record.
    trusts_disk: bool,
    digest: &'b mut Sha256,
    buffer: Vec<u8>,
}

/// Files up to this size are read whole before their header is written. Bytes.
const SMALL: u64 = 1 << 20;

impl Writer<'_, '_, '_> {
    /// Writes what lies on disk. `counts`: it is an edit, and belongs to the identity.
    fn write_from_disk(&mut self, file: &TreeFile, counts: bool) -> Result<(), RepoError> {
        let path = to_path(&file.path);
        let full = self.root.join(&path);
        let opened = match plain_file::open(&full) {
            Ok(opened) => opened,
            // It went away since the listing was made.
            Err(error) if plain_file::is_gone(&error) => return Ok(()),
            Err(error) if plain_file::is_link(&error) => {
                return self.write_link(&path, &full, counts);
            }
            Err(source) => return Err(RepoError::io("read", full)(source)),
        };
        let about = opened.metadata().map_err(RepoError::io("read", &full))?;
        // Sockets, pipes and folders are nothing to git.
        if !about.is_file() {
            return Ok(());
        }
        let on_disk = about.permissions().mode() & 0o100 != 0;
        let executable = match file.mode {
            Some(mode) if !self.trusts_disk => mode == Mode::Executable,
            _ => on_disk,
        };
        let content = Content {
            path: &path,
            full: &full,
            mode: permissions(executable),
            size: about.len(),
            counts,
        };
        self.copy(&content, opened)
    }

    fn copy(&mut self, content: &Content<'_>, opened: File) -> Result<(), RepoError> {
        if content.size > SMALL {
            self.copy_large(content, opened)
        } else {
            self.copy_small(content, opened)
        }
    }

    fn copy_large(&mut self, content: &Content<'_>, opened: File) -> Result<(), RepoError> {
        if content.counts {
            self.note_head(content, content.size);
        }
        let seen = AsSeen {
            inner: opened,
            left: content.size,
            digest: content.counts.then_some(&mut *self.digest),
        };
        self.blobs
            .archive
            .file(content.path, content.mode, content.size, seen)
    }

    fn copy_small(&mut self, content: &Content<'_>, opened: File) -> Result<(), RepoError> {
        let mut buffer = std::mem::take(&mut self.buffer);
        buffer.clear();
        opened
            .take(content.size)
            .read_to_end(&mut buffer)
            .map_err(RepoError::io("read", content.full))?;
        if content.counts {
            self.note_head(content, buffer.len() as u64);
            self.digest.update(&buffer);
        }
        let attributes = &self.blobs.attributes;
        let checked_out = attributes.checked_out(content.path, &buffer, Form::WorkTree);
        let size = checked_out.len() as u64;
        let archive = &mut *self.blobs.archive;
        let written = archive.file(content.path, content.mode, size, &*checked_out);
        self.buffer = buffer;
        written
    }

    /// Begins to add an edited file to the identity of the tree; its bytes follow.
    fn note_head(&mut self, content: &Content<'_>, size: u64) {
        let mode = content.mode.to_le_bytes();
        for part in [&mode, content.path.as_os_str().as_bytes()] {
            self.digest.update((part.len() as u64).to_le_bytes());
            self.digest.update(part);
        }
        self.digest.update(size.to_le_bytes());
    }

    fn write_link(&mut self, path: &Path, full: &Path, counts: bool) -> Result<(), RepoError> {
        let target = match std::fs::read_link(full) {
            Ok(target) => target,
            // No link any more: it goes as if it had gone away.
            Err(error)
                if plain_file::is_gone(&error) || error.kind() == ErrorKind::InvalidInput =>
            {
                return Ok(());
            }
            Err(source) => return Err(RepoError::io("read", full)(source)),
        };
        if counts {
            self.note(
                b"link",
                path.as_os_str().as_bytes(),
                target.as_os_str().as_bytes(),
            );
        }
        self.blobs.archive.link(path, &target)
    }

    /// Adds an edit to the identity of the tree.
    fn note(&mut self, kind: &[u8], path: &[u8], content: &[u8]) {
        for part in [kind, path, content] {
            self.digest.update((part.len() as u64).to_le_bytes());
            self.digest.update(part);
        }
    }
}

/// A file on its way into the archive.
struct Content<'a> {
    path: &'a Path,
    full: &'a Path,
    mode: u32,
    size: u64,
    counts: bool,
}

/// As many bytes as there were when the file was looked at, for its header says so already: what
/// is added meanwhile is left out, and what was cut off reads as zeros.
struct AsSeen<'d, R> {
    inner: R,
    left: u64,
    /// The identity of the tree, where the file belongs to it.
    digest: Option<&'d mut Sha256>,
}

impl<R: Read> Read for AsSeen<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.left).map_or(buffer.len(), |left| left.min(buffer.len()));
        let piece = &mut buffer[..most];
        let mut read = self.inner.read(piece)?;
        if read == 0 {
            piece.fill(0);
            read = most;
        }
        self.left -= read as u64;
        if let Some(digest) = &mut self.digest {
            digest.update(&piece[..read]);
        }
        Ok(read)
    }
}

fn permissions(executable: bool) -> u32 {
    if executable { 0o777 } else { 0o666 }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use sha2::{Digest, Sha256};

    use super::AsSeen;

    #[test]
    fn a_file_is_read_as_it_was_seen() {
        for (situation, there, seen, read) in [
            ("unchanged", "abc", 3, "abc"),
            ("it grew", "abcdef", 3, "abc"),
            ("it shrank", "ab", 4, "ab\0\0"),
            ("it was emptied", "", 2, "\0\0"),
            ("it was empty", "abc", 0, ""),
        ] {
            let mut digest = Sha256::new();
            let mut content = String::new();
            AsSeen {
                inner: there.as_bytes(),
                left: seen,
                digest: Some(&mut digest),
            }
            .read_to_string(&mut content)
            .expect(situation);
            assert_eq!(content, read, "{situation}");
            let hashed = digest.finalize();
            assert_eq!(hashed, Sha256::digest(read), "{situation}");
        }
    }
}
