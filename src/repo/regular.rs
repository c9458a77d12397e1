//! Reading a regular file below a folder: no link on the way, no device, no pipe, no giant.
//!
//! A checkout is hostile input, and may change while it is read. So what is looked at is what was
//! opened: each part of the path is opened below the one before it, and opening never waits.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::path::{Component, Path};

use rustix::fs::{AtFlags, FileType, Mode, OFlags, fstat, open, openat, statat};
use rustix::io::Errno;

/// Why a file is not read.
#[derive(Debug, thiserror::Error)]
pub enum RegularError {
    /// There is none.
    #[error("does not exist")]
    Missing,
    /// It, or a folder on the way, is a symbolic link.
    #[error("is reached through a link, which pipe does not follow")]
    Link,
    /// It, or a folder on the way, is a link to what does not exist.
    #[error("is reached through a link that leads nowhere")]
    Dangling,
    /// A folder, a device, a pipe, a socket.
    #[error("is not a regular file")]
    NotRegular,
    /// It has more than that many bytes.
    #[error("is larger than {0} bytes")]
    TooLarge(u64),
    /// The content is not UTF-8.
    #[error("is not UTF-8 text")]
    NotUtf8,
    /// The system refused.
    #[error("can't be read: {0}")]
    Io(#[from] io::Error),
}

/// The bytes of the regular file at `path` below `root`. The way to `root` itself may lead through
/// links.
pub fn read_regular(root: &Path, path: &Path, limit: u64) -> Result<Vec<u8>, RegularError> {
    let folder = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let mut at = open(root, folder, Mode::empty()).map_err(io::Error::from)?;
    let mut parts = path.components().peekable();
    while let Some(part) = parts.next() {
        let Component::Normal(name) = part else {
            return Err(RegularError::Missing);
        };
        at = if parts.peek().is_some() {
            enter(&at, name, folder)?
        } else {
            return read_opened(enter(&at, name, OFlags::RDONLY | OFlags::CLOEXEC)?, limit);
        };
    }
    Err(RegularError::NotRegular)
}

/// The same as text.
pub fn read_regular_text(root: &Path, path: &Path, limit: u64) -> Result<String, RegularError> {
    String::from_utf8(read_regular(root, path, limit)?).map_err(|_| RegularError::NotUtf8)
}

/// The text of a regular file of the user: links are followed, for it is theirs where they lead.
pub fn read_users_text(path: &Path, limit: u64) -> Result<String, RegularError> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let file = match open(path, flags, Mode::empty()) {
        Err(Errno::NOENT) if dangles(path) => return Err(RegularError::Dangling),
        Err(Errno::NOENT) => return Err(RegularError::Missing),
        opened => opened.map_err(io::Error::from)?,
    };
    String::from_utf8(read_opened(file, limit)?).map_err(|_| RegularError::NotUtf8)
}

/// Whether there is a link on the way to a file that is not found.
fn dangles(path: &Path) -> bool {
    let leads_nowhere = |part: &Path| part.is_symlink() && part.metadata().is_err();
    path.ancestors().any(leads_nowhere)
}

fn enter(at: &OwnedFd, name: &OsStr, flags: OFlags) -> Result<OwnedFd, RegularError> {
    let flags = flags | OFlags::NOFOLLOW | OFlags::NONBLOCK;
    openat(at, name, flags, Mode::empty()).map_err(|error| match error {
        Errno::NOENT => RegularError::Missing,
        _ if is_link(at, name) => RegularError::Link,
        // Something else than a folder on the way: there is nothing below it.
        Errno::NOTDIR => RegularError::Missing,
        // A socket, or a device without a driver.
        Errno::NXIO => RegularError::NotRegular,
        other => RegularError::Io(other.into()),
    })
}

fn is_link(at: &OwnedFd, name: &OsStr) -> bool {
    statat(at, name, AtFlags::SYMLINK_NOFOLLOW)
        .is_ok_and(|found| FileType::from_raw_mode(found.st_mode) == FileType::Symlink)
}

/// Reads what is open. It may grow meanwhile, so that its size is no limit.
fn read_opened(file: OwnedFd, limit: u64) -> Result<Vec<u8>, RegularError> {
    let found = fstat(&file).map_err(io::Error::from)?;
    if FileType::from_raw_mode(found.st_mode) != FileType::RegularFile {
        return Err(RegularError::NotRegular);
    }
    let mut bytes = Vec::new();
    File::from(file).take(limit + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        return Err(RegularError::TooLarge(limit));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;

    /// A folder with one of everything.
    fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("sub")).expect("a folder can be made");
        fs::write(at("sub/file"), "text").expect("it can be written");
        fs::write(at("big"), "12345678").expect("it can be written");
        fs::write(at("binary"), b"\xff").expect("it can be written");
        for (target, link) in [
            ("sub/file", "link"),
            ("sub", "linked"),
            ("nowhere", "dangling"),
            ("/dev/zero", "device"),
        ] {
            symlink(target, at(link)).expect("a link can be made");
        }
        rustix::fs::mknodat(rustix::fs::CWD, at("pipe"), FileType::Fifo, Mode::RWXU, 0)
            .expect("a pipe can be made");
        folder
    }

    fn told(result: Result<String, RegularError>) -> String {
        result.unwrap_or_else(|error| error.to_string())
    }

    #[test]
    fn only_regular_files_of_the_checkout_are_read() {
        let folder = folder();
        for (path, expected) in [
            ("sub/file", "text"),
            ("none", "does not exist"),
            ("none/file", "does not exist"),
            ("sub/file/below", "does not exist"),
            ("../outside", "does not exist"),
            ("sub", "is not a regular file"),
            ("pipe", "is not a regular file"),
            ("big", "is larger than 4 bytes"),
            ("binary", "is not UTF-8 text"),
            (
                "link",
                "is reached through a link, which pipe does not follow",
            ),
            (
                "dangling",
                "is reached through a link, which pipe does not follow",
            ),
            (
                "linked/file",
                "is reached through a link, which pipe does not follow",
            ),
            (
                "device",
                "is reached through a link, which pipe does not follow",
            ),
        ] {
            let found = read_regular_text(folder.path(), Path::new(path), 4);
            assert_eq!(told(found), expected, "{path}");
        }
    }

    #[test]
    fn files_of_the_user_may_be_links_to_regular_files() {
        let folder = folder();
        for (path, expected) in [
            ("sub/file", "text"),
            ("link", "text"),
            ("linked/file", "text"),
            ("none", "does not exist"),
            ("none/file", "does not exist"),
            ("sub", "is not a regular file"),
            ("pipe", "is not a regular file"),
            ("device", "is not a regular file"),
            ("big", "is larger than 4 bytes"),
            ("binary", "is not UTF-8 text"),
            ("dangling", "is reached through a link that leads nowhere"),
            (
                "dangling/file",
                "is reached through a link that leads nowhere",
            ),
        ] {
            let found = read_users_text(&folder.path().join(path), 4);
            assert_eq!(told(found), expected, "{path}");
        }
        let below_a_file = folder.path().join("sub/file/below");
        let found = told(read_users_text(&below_a_file, 4));
        assert!(found.starts_with("can't be read: "), "{found}");
    }
}
