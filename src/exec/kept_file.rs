//! One file of a job's artifacts, as text.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use tar::EntryType;

use super::entry::relative;

/// Why a file can't be taken out of artifacts.
#[derive(Debug)]
pub enum KeptFileError {
    /// It is not there.
    Missing,
    /// It is a folder or a link.
    NotAFile,
    /// It is not UTF-8.
    NotUtf8,
    /// It has more bytes than are read.
    TooLarge(
        /// As many as are.
        u64,
    ),
    /// The archive can't be read.
    Unreadable(io::Error),
}

impl From<io::Error> for KeptFileError {
    fn from(error: io::Error) -> Self {
        Self::Unreadable(error)
    }
}

/// The text of the file `path` in the archive `tar`, at most `limit` bytes. Links are not followed.
/// Of several entries of that name the last counts, as where they are unpacked.
pub fn kept_file(tar: &Path, path: &str, limit: u64) -> Result<String, KeptFileError> {
    let wanted = relative(Path::new(path)).map_err(|_| KeptFileError::Missing)?;
    let mut archive = tar::Archive::new(BufReader::new(File::open(tar)?));
    let mut found = Err(KeptFileError::Missing);
    for entry in archive.entries()? {
        let entry = entry?;
        if relative(&entry.path()?)? == wanted {
            found = content(entry, limit);
        }
    }
    String::from_utf8(found?).map_err(|_| KeptFileError::NotUtf8)
}

fn content(entry: tar::Entry<'_, impl Read>, limit: u64) -> Result<Vec<u8>, KeptFileError> {
    let kind = entry.header().entry_type();
    if !matches!(kind, EntryType::Regular | EntryType::Continuous) {
        return Err(KeptFileError::NotAFile);
    }
    let mut content = Vec::new();
    entry.take(limit + 1).read_to_end(&mut content)?;
    if content.len() as u64 > limit {
        return Err(KeptFileError::TooLarge(limit));
    }
    Ok(content)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tar::{Builder, Header};

    use super::*;

    fn archive(entries: &[(&str, EntryType, &[u8])]) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().expect("a file");
        let mut tar = Builder::new(Vec::new());
        for (path, kind, content) in entries {
            let mut header = Header::new_gnu();
            header.set_entry_type(*kind);
            header.set_size(content.len() as u64);
            if kind.is_symlink() {
                header.set_link_name("/etc/passwd").expect("a target");
            }
            tar.append_data(&mut header, path, *content)
                .expect("an entry");
        }
        fs::write(file.path(), tar.into_inner().expect("a tar")).expect("it can be written");
        file
    }

    #[test]
    fn only_plain_small_texts_are_read() {
        let plain = EntryType::Regular;
        let tar = archive(&[
            ("a.yml", plain, b"old"),
            ("./sub/b.yml", plain, b"b"),
            ("a.yml", plain, b"new"),
            ("folder", EntryType::Directory, b""),
            ("link.yml", EntryType::Symlink, b""),
            ("binary.yml", plain, b"\xff\xfe"),
            ("large.yml", plain, b"0123456789"),
        ]);
        for (path, expected) in [
            ("a.yml", "new"),
            ("./sub/b.yml", "b"),
            ("sub/b.yml", "b"),
            ("none.yml", "Missing"),
            ("../a.yml", "Missing"),
            ("/a.yml", "Missing"),
            ("folder", "NotAFile"),
            ("link.yml", "NotAFile"),
            ("binary.yml", "NotUtf8"),
            ("large.yml", "TooLarge(9)"),
        ] {
            let read = kept_file(tar.path(), path, 9);
            let read = read.unwrap_or_else(|error| format!("{error:?}"));
            assert_eq!(read, expected, "{path}");
        }
    }

    #[test]
    fn an_archive_that_is_none_is_an_error() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        fs::write(file.path(), "x".repeat(2000)).expect("it can be written");
        let read = kept_file(file.path(), "a.yml", 9);
        assert!(
            matches!(read, Err(KeptFileError::Unreadable(_))),
            "{read:?}"
        );
    }
}
