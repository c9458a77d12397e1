//! Whether a file of the work tree is still what the index says of it. As git does, the times and
//! the size decide where they can; only where they can't is the file read.

use std::io::{self, ErrorKind, Read};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use git2::Oid;
use rustix::fd::OwnedFd;
use rustix::fs::{AtFlags, FileType, Stat, statat};
use sha1::{Digest, Sha1};

use super::walk::threads;
use crate::repo::RepoError;
use crate::repo::index::{Entry, Index, Time, low};
use crate::repo::listing::{Mode, to_path};
use crate::repo::plain_file::{self, is_gone};

/// A file is read in pieces of so many bytes.
const PIECE: usize = 1 << 16;
/// How many files a thread takes at once: few enough that all end together.
const SHARE: usize = 1 << 10;

/// What is to be trusted, from the repository's settings.
pub(super) struct Compare<'a> {
    pub(super) root: &'a Path,
    pub(super) index: &'a Index,
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
    /// It has vanished since it was seen.
    Gone,
}

/// The folder whose files are looked at: they are found from there, not from the root.
struct Folder {
    path: Vec<u8>,
    opened: OwnedFd,
}

impl Compare<'_> {
    /// Compares the entries at those places with their files, side by side. Returns those that
    /// are no longer the same.
    pub(super) fn all(&self, places: &[usize]) -> Result<Vec<(usize, Change)>, RepoError> {
        let next = AtomicUsize::new(0);
        let work = || -> Result<Vec<(usize, Change)>, RepoError> {
            let mut found = Vec::new();
            loop {
                let from = next.fetch_add(SHARE, Ordering::Relaxed);
                let Some(rest) = places.get(from..) else {
                    return Ok(found);
                };
                self.some(&rest[..rest.len().min(SHARE)], &mut found)?;
            }
        };
        let parts: Vec<_> = thread::scope(|scope| {
            let workers: Vec<_> = (0..threads()).map(|_| scope.spawn(work)).collect();
            let ended = workers.into_iter().map(|worker| {
                let ended = worker.join();
                ended.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            });
            ended.collect()
        });
        let parts: Result<Vec<_>, _> = parts.into_iter().collect();
        Ok(parts?.concat())
    }

    fn some(&self, places: &[usize], found: &mut Vec<(usize, Change)>) -> Result<(), RepoError> {
        let mut folder: Option<Folder> = None;
        for &at in places {
            let entry = self.index.entry(at);
            let change = match self.look(&entry, &mut folder) {
                Ok(about) => self.with_index(&entry, &about),
                Err(error) if is_gone(&error) => Change::Gone,
                Err(error) => return Err(RepoError::io("read", self.full(&entry))(error)),
            };
            if change != Change::Same {
                found.push((at, change));
            }
        }
        Ok(())
    }

    /// What the file of an entry is like, links not followed. `folder` is the one of the file
    /// before it.
    fn look(&self, entry: &Entry<'_>, folder: &mut Option<Folder>) -> io::Result<Stat> {
        let slash = memchr::memrchr(b'/', entry.path);
        let (above, name) = entry.path.split_at(slash.map_or(0, |at| at + 1));
        let folder = match folder {
            Some(folder) if folder.path == above => folder,
            other => {
                let path = self.root.join(to_path(above));
                other.insert(Folder {
                    opened: plain_file::open_folder(&path)?,
                    path: above.to_vec(),
                })
            }
        };
        Ok(statat(&folder.opened, name, AtFlags::SYMLINK_NOFOLLOW)?)
    }

    fn full(&self, entry: &Entry<'_>) -> PathBuf {
        self.root.join(to_path(entry.path))
    }

    /// Compares a file of which `about` is known.
    fn with_index(&self, entry: &Entry<'_>, about: &Stat) -> Change {
        let kind = FileType::from_raw_mode(about.st_mode);
        let Some(mode) = Mode::of(entry.mode()) else {
            // A submodule is looked at by nobody, but must be a folder.
            return if kind.is_dir() {
                Change::Same
            } else {
                Change::Modified
            };
        };
        if entry.is_assumed_unchanged() {
            return Change::Same;
        }
        if self.has_other_mode(mode, about) {
            return Change::Modified;
        }
        // Git writes no size where it could not trust the times.
        if low(size(about)) != entry.size() && entry.size() != 0 {
            return Change::Modified;
        }
        if self.is_sure(entry, about) {
            return Change::Same;
        }
        match same_content(entry.id(), &self.full(entry), kind, size(about)) {
            Ok(change) => change,
            Err(_) => Change::Modified,
        }
    }

    fn has_other_mode(&self, mode: Mode, about: &Stat) -> bool {
        let kind = FileType::from_raw_mode(about.st_mode);
        if kind.is_symlink() != (mode == Mode::Link) {
            return true;
        }
        let is_executable = about.st_mode & 0o100 != 0;
        self.trusts_mode && mode != Mode::Link && is_executable != (mode == Mode::Executable)
    }

    /// Whether nobody can have touched the file since the index knows it.
    fn is_sure(&self, entry: &Entry<'_>, about: &Stat) -> bool {
        let same = |at: Time, now: Time| {
            at.seconds == now.seconds && (at.nanoseconds == 0 || at.nanoseconds == now.nanoseconds)
        };
        let (modified, changed) = times(about);
        u64::from(entry.size()) == size(about)
            && same(entry.modified(), modified)
            && (!self.trusts_ctime || same(entry.changed(), changed))
            && entry.inode() == low(about.st_ino)
            && entry.user() == about.st_uid
            && entry.group() == about.st_gid
            && entry.modified() < self.index.written()
    }
}

fn size(about: &Stat) -> u64 {
    u64::try_from(about.st_size).unwrap_or_default()
}

/// When a file was modified, and when anything of it was changed. The numbers have other types on other
/// systems.
#[allow(
    clippy::unnecessary_cast,
    clippy::cast_possible_wrap,
    reason = "see above"
)]
fn times(about: &Stat) -> (Time, Time) {
    (
        Time::new(about.st_mtime as i64, about.st_mtime_nsec as i64),
        Time::new(about.st_ctime as i64, about.st_ctime_nsec as i64),
    )
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
fn same_content(id: Oid, full: &Path, kind: FileType, size: u64) -> io::Result<Change> {
    if kind.is_symlink() {
        return Ok(verdict(blob_id_of(full)? == id, false));
    }
    let (digest, has_crlf) = blob_id(plain_file::open(full)?, size)?;
    Ok(verdict(digest == id.as_bytes(), has_crlf))
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
