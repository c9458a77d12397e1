//! Opening files of the work tree: neither through a link nor waiting for the other end of a pipe.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rustix::fd::OwnedFd;
use rustix::fs::{Mode, OFlags};
use rustix::io::retry_on_intr;

/// Opens what lies at `path`; a link there is an error ([`is_link`]).
pub(super) fn open(path: &Path) -> io::Result<File> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    OpenOptions::new()
        .read(true)
        .custom_flags(flags.bits().cast_signed())
        .open(path)
}

/// Opens a folder; anything else there is an error, a link to one too.
pub(super) fn open_folder(path: &Path) -> io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let opened = retry_on_intr(|| rustix::fs::open(path, flags, Mode::empty()));
    Ok(opened?)
}

/// The content of a small file; nothing where no plain file can be read, as git has it for its own
/// files in the work tree. What lies behind `limit` bytes is left out.
pub(super) fn content(path: &Path, limit: u64) -> Vec<u8> {
    let mut content = Vec::new();
    if let Ok(file) = open(path)
        && file.metadata().is_ok_and(|about| about.is_file())
    {
        // What could be read counts.
        let _ = file.take(limit).read_to_end(&mut content);
    }
    content
}

/// Whether libgit2 may look for rules about `path`, which is relative to `root`: it follows links
/// and waits at pipes, where git's own files in the folders on the way are such.
pub(super) fn are_rules_plain(root: &Path, path: &Path) -> bool {
    let is_plain = |file: &Path| match root.join(file).symlink_metadata() {
        Ok(about) => about.is_file(),
        Err(error) => is_gone(&error),
    };
    (path.ancestors().skip(1)).all(|folder| {
        [".gitattributes", ".gitignore"]
            .iter()
            .all(|name| is_plain(&folder.join(name)))
    })
}

/// Whether opening failed because of a link.
pub(super) fn is_link(error: &io::Error) -> bool {
    error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error())
}

/// Whether the file, or a folder on the way to it, is no longer there.
pub(super) fn is_gone(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}
