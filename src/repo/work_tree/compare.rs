//! Whether a file of the work tree is still what the index says of it. As git does, the times and
//! the size decide where they can; only where they can't is the file read.

use std::fs::Metadata;
use std::io::{self, ErrorKind, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::thread;

use git2::{IndexEntry, IndexTime, Oid};
use sha1::{Digest, Sha1};

use super::walk::threads;
use crate::repo::RepoError;
use crate::repo::listing::{Mode, to_path};
use crate::repo::plain_file::{self, is_gone};

/// `GIT_INDEX_ENTRY_VALID`: the user said that the file is not to be looked at.
const ASSUME_UNCHANGED: u16 = 0x8000;
/// A file is read in pieces of so many bytes.
const PIECE: usize = 1 << 16;

/// What is to be trusted, from the repository's settings.
pub(super) struct Compare {
    pub(super) written: IndexTime,
    /// `core.filemode`.
    pub(super) trusts_mode: bool,
    /// `core.trustctime`.
    pub(super) trusts_ctime: bool,
}

/// What comparing came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    Same,
    Modified,
    /// Other bytes, though line ends may be all that differs.
    OtherLineEnds,
}

impl Compare {
    /// Compares the entries at those places with their files, side by side. What has vanished
    /// meanwhile is left out.
    pub(super) fn all(
        &self,
        root: &Path,
        entries: &[IndexEntry],
        places: &[usize],
    ) -> Result<Vec<(usize, Change)>, RepoError> {
        let most = places.len().div_ceil(threads()).max(1);
        let some = |places: &[usize]| -> Result<Vec<(usize, Change)>, RepoError> {
            let mut found = Vec::with_capacity(places.len());
            for &at in places {
                let full = root.join(to_path(&entries[at].path));
                match full.symlink_metadata() {
                    Ok(about) => found.push((at, self.with_index(&entries[at], &full, &about))),
                    Err(error) if is_gone(&error) => {}
                    Err(error) => return Err(RepoError::io("read", full)(error)),
                }
            }
            Ok(found)
        };
        let parts: Vec<_> = thread::scope(|scope| {
            let parts = places.chunks(most);
            let workers: Vec<_> = parts.map(|part| scope.spawn(move || some(part))).collect();
            let ended = workers.into_iter().map(|worker| {
                let ended = worker.join();
                ended.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            });
            ended.collect()
        });
        let parts: Result<Vec<_>, _> = parts.into_iter().collect();
        Ok(parts?.concat())
    }

    /// Compares the file at `full`, of which `about` is known.
    pub(super) fn with_index(&self, entry: &IndexEntry, full: &Path, about: &Metadata) -> Change {
        let Some(mode) = Mode::of(entry.mode) else {
            // A submodule is looked at by nobody, but must be a folder.
            return if about.is_dir() {
                Change::Same
            } else {
                Change::Modified
            };
        };
        if entry.flags & ASSUME_UNCHANGED != 0 {
            return Change::Same;
        }
        if self.has_other_mode(mode, about) {
            return Change::Modified;
        }
        let size = about.len() & u64::from(u32::MAX);
        // Git writes no size where it could not trust the times.
        if size != u64::from(entry.file_size) && entry.file_size != 0 {
            return Change::Modified;
        }
        if self.is_sure(entry, about) {
            return Change::Same;
        }
        match same_content(entry, full, about) {
            Ok(change) => change,
            Err(_) => Change::Modified,
        }
    }

    fn has_other_mode(&self, mode: Mode, about: &Metadata) -> bool {
        if about.is_symlink() != (mode == Mode::Link) {
            return true;
        }
        let is_executable = about.mode() & 0o100 != 0;
        self.trusts_mode && mode != Mode::Link && is_executable != (mode == Mode::Executable)
    }

    /// Whether nobody can have touched the file since the index knows it.
    fn is_sure(&self, entry: &IndexEntry, about: &Metadata) -> bool {
        let same = |at: IndexTime, seconds: i64, nanoseconds: i64| {
            i64::from(at.seconds()) == seconds
                && (at.nanoseconds() == 0 || i64::from(at.nanoseconds()) == nanoseconds)
        };
        let low = |number: u64| u32::try_from(number & u64::from(u32::MAX)).unwrap_or_default();
        let at = (entry.mtime.seconds(), entry.mtime.nanoseconds());
        u64::from(entry.file_size) == about.len()
            && same(entry.mtime, about.mtime(), about.mtime_nsec())
            && (!self.trusts_ctime || same(entry.ctime, about.ctime(), about.ctime_nsec()))
            && entry.ino == low(about.ino())
            && entry.uid == about.uid()
            && entry.gid == about.gid()
            && at < (self.written.seconds(), self.written.nanoseconds())
    }
}

/// The id that git gives to the content of a file, as long as it was when it was looked at; of a
/// link, to where it leads.
pub(in crate::repo) fn blob_id_of(full: &Path) -> io::Result<Oid> {
    if full.symlink_metadata()?.is_symlink() {
        let target = full.read_link()?;
        let target = target.as_os_str().as_bytes();
        return id(blob_id(target, target.len() as u64)?.0);
    }
    let file = plain_file::open(full)?;
    let about = file.metadata()?;
    if !about.is_file() {
        return Err(ErrorKind::InvalidInput.into());
    }
    id(blob_id(file, about.len())?.0)
}

fn id(digest: [u8; 20]) -> io::Result<Oid> {
    Oid::from_bytes(&digest).map_err(io::Error::other)
}

/// Compares the bytes, as many as there were when the file was looked at.
fn same_content(entry: &IndexEntry, full: &Path, about: &Metadata) -> io::Result<Change> {
    if about.is_symlink() {
        let same = blob_id_of(full)? == entry.id;
        return Ok(verdict(same, false));
    }
    let (digest, has_crlf) = blob_id(plain_file::open(full)?, about.len())?;
    Ok(verdict(digest == entry.id.as_bytes(), has_crlf))
}

fn verdict(same: bool, has_crlf: bool) -> Change {
    match (same, has_crlf) {
        (true, _) => Change::Same,
        (false, true) => Change::OtherLineEnds,
        (false, false) => Change::Modified,
    }
}

/// The id that git gives to `size` bytes, and whether a line of them ends with CR LF. What comes
/// behind them does not count; fewer give an id of no file.
fn blob_id(content: impl Read, size: u64) -> io::Result<([u8; 20], bool)> {
    let mut digest = Sha1::new();
    digest.update(format!("blob {size}\0"));
    let mut content = content.take(size);
    let (mut buffer, mut has_crlf, mut last) = (vec![0; PIECE], false, 0);
    loop {
        let read = content.read(&mut buffer)?;
        let Some(end) = buffer[..read].last() else {
            return Ok((digest.finalize().into(), has_crlf));
        };
        digest.update(&buffer[..read]);
        has_crlf |= last == b'\r' && buffer[0] == b'\n';
        has_crlf |= buffer[..read].windows(2).any(|pair| pair == b"\r\n");
        last = *end;
    }
}

#[cfg(test)]
mod tests {
    use git2::{ObjectType, Oid};

    use super::blob_id;

    #[test]
    fn ids_of_files_that_change_meanwhile() {
        let git = |text: &str| Oid::hash_object(ObjectType::Blob, text.as_bytes()).expect("an id");
        for (situation, there, seen, id) in [
            ("unchanged", "abc", 3, Some("abc")),
            ("it grew", "abcdef", 3, Some("abc")),
            ("it shrank", "ab", 3, None),
            ("empty", "", 0, Some("")),
        ] {
            let (found, _) = blob_id(there.as_bytes(), seen).expect(situation);
            let found = Oid::from_bytes(&found).expect("an id");
            match id {
                Some(text) => assert_eq!(found, git(text), "{situation}"),
                None => assert_ne!(found, git(there), "{situation}"),
            }
        }
    }

    #[test]
    fn line_ends_are_seen() {
        let across = "x".repeat(super::PIECE - 1) + "\r\n";
        for (text, has_crlf) in [("a\r\nb", true), ("a\nb\r", false), (&across, true)] {
            let (_, found) = blob_id(text.as_bytes(), text.len() as u64).expect("an id");
            assert_eq!(found, has_crlf);
        }
    }
}
