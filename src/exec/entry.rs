//! Names inside the tar streams that executors exchange: always relative, never upwards.

use std::io;
use std::path::{Component, Path, PathBuf};

use tar::{EntryType, Header};

/// `path` without `./`; empty for the directory itself. A path that is absolute or goes up is an
/// error: nothing that we write has one.
pub(super) fn relative(path: &Path) -> io::Result<PathBuf> {
    path.components()
        .filter(|part| *part != Component::CurDir)
        .map(|part| match part {
            Component::Normal(name) => Ok(name),
            _ => Err(io::Error::new(
                io::ErrorKind::InvalidData,
                format!("archive entry `{}` leaves its directory", path.display()),
            )),
        })
        .collect()
}

/// Whether an entry takes away what a lower layer has under its name: a character device 0:0, as in
/// overlay file systems.
pub(super) fn is_whiteout(header: &Header) -> bool {
    let number = |number: io::Result<Option<u32>>| number.ok().flatten().unwrap_or_default();
    header.entry_type() == EntryType::Char
        && number(header.device_major()) == 0
        && number(header.device_minor()) == 0
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::relative;

    #[test]
    fn only_names_below() {
        for (path, wanted) in [
            ("a/b", Some("a/b")),
            ("./a/./b/", Some("a/b")),
            (".", Some("")),
            ("./", Some("")),
            ("/etc/passwd", None),
            ("../x", None),
            ("a/../../x", None),
            ("a/..", None),
        ] {
            let have = relative(Path::new(path)).ok();
            assert_eq!(have.as_deref(), wanted.map(Path::new), "{path}");
        }
    }
}
