//! What an attempt kept: the entries of its archive, which a job made and may have made up.

use std::fs::File;
use std::io::{self, BufReader};
use std::path::{Component, Path, PathBuf};

use tar::{Archive, Entry, EntryType};

use super::RecordError;

/// An entry of an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptEntry {
    /// Its path in the project.
    pub path: PathBuf,
    /// Its bytes; those of a file.
    pub size: u64,
    /// What it is.
    pub kind: KeptKind,
}

/// What an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeptKind {
    /// A file.
    File,
    /// A folder.
    Folder,
    /// A link.
    Link,
}

/// All that the archive holds, in its order; what has no place below a folder is left out.
pub fn entries(tar: &Path) -> Result<Vec<KeptEntry>, RecordError> {
    let mut entries = Vec::new();
    let read = each(tar, |entry| {
        let kind = kind(entry.header().entry_type());
        if let (Some(kind), Some(path)) = (kind, below(&entry.path().map_err(damaged)?)) {
            let size = match kind {
                KeptKind::File => entry.size(),
                KeptKind::Folder | KeptKind::Link => 0,
            };
            entries.push(KeptEntry { path, size, kind });
        }
        Ok(())
    });
    read.map_err(RecordError::at("read", tar))?;
    Ok(entries)
}

/// Shows each entry to `look`. An error of an archive that makes no sense says just that.
pub(super) fn each(
    tar: &Path,
    mut look: impl FnMut(&mut Entry<'_, BufReader<File>>) -> io::Result<()>,
) -> io::Result<()> {
    let mut archive = Archive::new(BufReader::new(File::open(tar)?));
    for entry in archive.entries().map_err(damaged)? {
        look(&mut entry.map_err(damaged)?)?;
    }
    Ok(())
}

/// What the tar crate says of a mistake in an archive repeats its bytes.
pub(super) fn damaged(error: io::Error) -> io::Error {
    match error.raw_os_error() {
        Some(_) => error,
        None => io::Error::new(io::ErrorKind::InvalidData, "the archive is damaged"),
    }
}

/// What an entry counts as; `None` for what artifacts have no room for.
pub(super) fn kind(kind: EntryType) -> Option<KeptKind> {
    match kind {
        EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse => Some(KeptKind::File),
        EntryType::Directory => Some(KeptKind::Folder),
        EntryType::Symlink => Some(KeptKind::Link),
        _ => None,
    }
}

/// A path without `./`, if it has a name and leads nowhere but down.
pub(super) fn below(path: &Path) -> Option<PathBuf> {
    let parts = path
        .components()
        .filter(|part| *part != Component::CurDir)
        .map(|part| match part {
            Component::Normal(name) => Some(name),
            _ => None,
        });
    let path: PathBuf = parts.collect::<Option<_>>()?;
    (!path.as_os_str().is_empty()).then_some(path)
}
