//! Folders and names in them.

use std::fmt::Write as _;
use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use rustix::fs::{FlockOperation, flock};
use sha2::{Digest, Sha256};

use super::RecordError;

/// What the user alone may do with folders and files, and the bits of all others.
const FOLDER: u32 = 0o700;
const FILE: u32 = 0o600;
const OTHERS: u32 = 0o077;

/// The longest name that is kept whole; file systems allow 255 bytes, and an ending follows.
const MAX_NAME: usize = 200;

/// Makes a folder, and those above it, for the user alone. One that is there already is closed to
/// others.
pub(super) fn make(path: &Path) -> Result<(), RecordError> {
    let made = DirBuilder::new().recursive(true).mode(FOLDER).create(path);
    made.and_then(|()| close(path, FOLDER))
        .map_err(RecordError::at("make", path))
}

/// Opens a file for writing that only the user can read; one that is there already is closed to
/// others.
pub(super) fn open(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    let file = options.create(true).mode(FILE).open(path)?;
    let mode = file.metadata()?.permissions().mode();
    if file.metadata()?.is_file() && mode & OTHERS != 0 {
        file.set_permissions(Permissions::from_mode(FILE))?;
    }
    Ok(file)
}

fn close(path: &Path, mode: u32) -> io::Result<()> {
    if fs::metadata(path)?.permissions().mode() & OTHERS != 0 {
        fs::set_permissions(path, Permissions::from_mode(mode))?;
    }
    Ok(())
}

/// Writes a file that appears whole or not at all.
pub(super) fn write_atomic(path: &Path, text: impl AsRef<[u8]>) -> Result<(), RecordError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let written = tempfile::NamedTempFile::new_in(folder).and_then(|mut file| {
        file.write_all(text.as_ref())?;
        file.persist(path).map_err(|error| error.error)
    });
    written.map(drop).map_err(RecordError::at("write", path))
}

/// Opens the file at `path`, made when it is missing, and takes its lock. With `wait` it waits
/// for whoever holds it; else that is [`io::ErrorKind::WouldBlock`].
pub(super) fn lock(path: &Path, wait: bool) -> io::Result<File> {
    let file = open(path, OpenOptions::new().truncate(false).write(true))?;
    let operation = if wait {
        FlockOperation::LockExclusive
    } else {
        FlockOperation::NonBlockingLockExclusive
    };
    flock(&file, operation)?;
    Ok(file)
}

/// Whether somebody holds the lock of the file at `path`.
pub(super) fn is_locked(path: &Path) -> bool {
    let Ok(file) = File::open(path) else {
        return false;
    };
    flock(&file, FlockOperation::NonBlockingLockShared)
        .is_err_and(|error| error == rustix::io::Errno::WOULDBLOCK)
}

/// What lies in a folder takes on disk, in bytes. What can't be read counts as nothing.
pub(super) fn size(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .filter_map(|entry| Some((entry.path(), entry.metadata().ok()?)))
        .map(|(path, about)| {
            if about.is_dir() {
                size(&path)
            } else {
                about.blocks() * 512
            }
        })
        .sum()
}

/// A file name for any text, unique for it: what is not harmless is written as `%` and two
/// hexadecimal digits, and a long name ends with its digest.
pub(super) fn file_name(text: &str) -> String {
    let mut name = String::with_capacity(text.len());
    for (at, byte) in text.bytes().enumerate() {
        let harmless =
            byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_') || (byte == b'.' && at > 0);
        if harmless {
            name.push(char::from(byte));
        } else {
            // Writing to a string can't fail.
            let _ = write!(name, "%{byte:02X}");
        }
    }
    if name.len() > MAX_NAME {
        name.truncate(MAX_NAME - 17);
        let _ = write!(name, "~{}", digest(text, 8));
    }
    name
}

/// The first `bytes` bytes of a digest, in hexadecimal.
pub(super) fn digest(text: impl AsRef<[u8]>, bytes: usize) -> String {
    Sha256::digest(text)
        .iter()
        .take(bytes)
        .fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_job_has_a_file_name_of_its_own() {
        for (text, name) in [
            ("test", "test"),
            ("test 1/3", "test%201%2F3"),
            ("deploy: [a, b]", "deploy%3A%20%5Ba%2C%20b%5D"),
            ("..", "%2E."),
            (".", "%2E"),
            ("a.b", "a.b"),
            ("ä", "%C3%A4"),
            ("50%", "50%25"),
        ] {
            assert_eq!(file_name(text), name);
        }
        let (one, two) = ("x".repeat(255), "x".repeat(254) + "y");
        assert_ne!(file_name(&one), file_name(&two));
        assert_eq!(file_name(&one).len(), MAX_NAME);
    }

    #[test]
    fn a_lock_is_held_until_its_file_is_closed() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("lock");
        assert!(!is_locked(&path));
        let held = lock(&path, false).expect("free");
        assert!(is_locked(&path));
        let error = lock(&path, false).expect_err("held");
        assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
        drop(held);
        assert!(!is_locked(&path));
    }
}
