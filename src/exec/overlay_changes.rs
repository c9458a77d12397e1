//! What a job has changed, read from the folder to which its overlay writes: what is not in there was not
//! touched.
//!
//! Whoever asks for it sees to it that nothing of the job runs any more.

use std::io;
use std::path::Path;

use rustix::fs::llistxattr;
use rustix::io::Errno;

/// Names of attributes that may be listed at one file. Bytes.
const MOST_NAMES: usize = 64 << 10;

/// The attributes in which the kernel notes what an overlay's files are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Notes {
    /// Those of root.
    Trusted,
    /// Those that everybody can write.
    #[cfg_attr(
        not(any(target_os = "linux", test)),
        expect(dead_code, reason = "no sandboxes there")
    )]
    User,
}

impl Notes {
    /// At a folder that was there before the job and is still in its place, ...
    fn origin(self) -> &'static str {
        match self {
            Self::Trusted => "trusted.overlay.origin",
            Self::User => "user.overlay.origin",
        }
    }

    /// ... at one that hides what is below it, and at one that was moved.
    fn elsewhere(self) -> [&'static str; 2] {
        match self {
            Self::Trusted => ["trusted.overlay.opaque", "trusted.overlay.redirect"],
            Self::User => ["user.overlay.opaque", "user.overlay.redirect"],
        }
    }
}

/// Whether the folder `changes` shows that the job has changed nothing at these places of the project in
/// `below`, nor on the way to them.
pub(super) fn has_none_of(
    changes: &Path,
    notes: Notes,
    below: &Path,
    places: &[String],
) -> io::Result<bool> {
    let mut around = changes.to_owned();
    for part in below {
        around.push(part);
        if !is_there(&around)? {
            return Ok(true);
        }
        if !is_in_its_place(&noted(&around)?, notes) {
            return Ok(false);
        }
    }
    for place in places {
        let ends = place.match_indices('/').map(|(at, _)| at);
        for end in ends.chain([place.len()]) {
            // A folder on the way that is in there may have come in the place of another.
            if is_there(&around.join(&place[..end]))? {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

/// Whether there is anything, even what takes away.
fn is_there(path: &Path) -> io::Result<bool> {
    match path.symlink_metadata() {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Whether a folder is the one that was there before the job: a new one in its place, or one from
/// elsewhere, hides what is below it.
pub(super) fn is_in_its_place(names: &[u8], notes: Notes) -> bool {
    has(names, &[notes.origin()]) && !has(names, &notes.elsewhere())
}

/// Whether one of these is among the names of attributes that [`noted`] lists.
pub(super) fn has(noted: &[u8], names: &[&str]) -> bool {
    let mut noted = noted.split(|byte| *byte == 0);
    noted.any(|it| names.iter().any(|name| it.starts_with(name.as_bytes())))
}

/// The names of the attributes of a file, with a zero behind each.
pub(super) fn noted(path: &Path) -> io::Result<Vec<u8>> {
    let mut names = vec![0; 256];
    loop {
        match llistxattr(path, &mut names[..]) {
            Ok(length) => {
                names.truncate(length);
                return Ok(names);
            }
            Err(Errno::RANGE) if names.len() < MOST_NAMES => names.resize(MOST_NAMES, 0),
            // A file system without them.
            Err(Errno::OPNOTSUPP) => return Ok(Vec::new()),
            Err(error) => return Err(error.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use rustix::fs::{XattrFlags, lsetxattr};

    use super::*;

    type Change = fn(&Path, Notes);

    fn note(at: &Path, name: &str) {
        lsetxattr(at, name, b"y", XattrFlags::empty()).expect("an attribute");
    }

    #[test]
    fn what_a_job_has_not_touched() {
        let cases: [(&str, Change, bool); 8] = [
            ("nothing", |_, _| {}, true),
            (
                "something beside it",
                |at, _| drop(fs::write(at.join("g/p/other"), "x")),
                true,
            ),
            (
                "a file in it",
                |at, _| fs::create_dir_all(at.join("g/p/v/in")).expect("made"),
                false,
            ),
            (
                "a folder on the way",
                |at, _| fs::create_dir(at.join("g/p/a")).expect("made"),
                false,
            ),
            (
                "a link in its place",
                |at, _| symlink("x", at.join("g/p/v")).expect("made"),
                false,
            ),
            (
                "a project in the place of another",
                |at, notes| note(&at.join("g/p"), notes.elsewhere()[0]),
                false,
            ),
            (
                "a project that was moved there",
                |at, notes| note(&at.join("g/p"), notes.elsewhere()[1]),
                false,
            ),
            (
                "a folder around it that is gone",
                |at, _| {
                    fs::remove_dir_all(at.join("g")).expect("gone");
                    fs::write(at.join("g"), "").expect("written");
                },
                false,
            ),
        ];
        let places = ["v".to_owned(), "a/b".to_owned()];
        let is_root = rustix::process::geteuid().is_root();
        for notes in [Notes::User, Notes::Trusted] {
            if notes == Notes::Trusted && !is_root {
                continue;
            }
            for (situation, change, wanted) in cases {
                let base = tempfile::tempdir().expect("a folder");
                let none = || has_none_of(base.path(), notes, Path::new("g/p"), &places);
                assert!(none().expect("read"), "nothing was changed at all");
                fs::create_dir_all(base.path().join("g/p")).expect("folders");
                note(&base.path().join("g"), notes.origin());
                note(&base.path().join("g/p"), notes.origin());
                change(base.path(), notes);
                assert_eq!(none().expect("read"), wanted, "{situation}");
            }
        }
    }
}
