//! What is in the folder of an overlay's changes, so closely looked at that each change shows.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

/// Entries of an overlay that are looked at to see whether a job has written to it, at most: what is
/// made before it begins is far less.
pub(super) const MOST_ENTRIES: usize = 64;

/// Bytes of such a file, at most.
const MOST_BYTES: u64 = 16 * 1024;

/// An entry of what is written, whose differences show that it was. Clocks of file systems tick
/// slowly, so that times alone would not do.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entry {
    path: PathBuf,
    number: u64,
    mode: u32,
    owner: (u32, u32),
    modified: (i64, i64),
    changed: (i64, i64),
    /// That of a file.
    content: Vec<u8>,
}

impl Entry {
    fn of(path: PathBuf) -> Option<Self> {
        let about = path.symlink_metadata().ok()?;
        let content = match about.file_type() {
            kind if kind.is_dir() => Vec::new(),
            kind if kind.is_file() && about.len() <= MOST_BYTES => fs::read(&path).ok()?,
            _ => return None,
        };
        Some(Self {
            path,
            number: about.ino(),
            mode: about.mode(),
            owner: (about.uid(), about.gid()),
            modified: (about.mtime(), about.mtime_nsec()),
            changed: (about.ctime(), about.ctime_nsec()),
            content,
        })
    }

    fn is_folder(&self) -> bool {
        self.mode & libc::S_IFMT == libc::S_IFDIR
    }
}

/// All that is there, the top folder first; `None` where that is much or of another kind than
/// what sandboxes begin with.
pub(super) fn entries(top: PathBuf) -> Option<Vec<Entry>> {
    let mut entries = vec![Entry::of(top)?];
    let mut next = 0;
    while let Some(entry) = entries.get(next) {
        next += 1;
        if entry.is_folder() {
            for inner in fs::read_dir(&entry.path).ok()? {
                // A job may have filled one folder with more than memory would hold.
                if entries.len() == MOST_ENTRIES {
                    return None;
                }
                entries.push(Entry::of(inner.ok()?.path())?);
            }
        }
    }
    Some(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_much_is_not_read() {
        let base = tempfile::tempdir().expect("a folder");
        let top = base.path().join("upper");
        fs::create_dir(&top).expect("a folder");
        for number in 1..MOST_ENTRIES {
            fs::write(top.join(number.to_string()), "text").expect("written");
        }
        let all = entries(top.clone()).expect("just as many as may be");
        assert_eq!(all.len(), MOST_ENTRIES);
        fs::write(top.join("one more"), "text").expect("written");
        assert_eq!(entries(top), None);
    }
}
