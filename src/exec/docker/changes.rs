//! What a job has changed, read from where the daemon keeps it: on this machine, and for root, that is a
//! folder, and all that the daemon would do is copy it twice on its way here.
//!
//! Whoever asks for it sees to it that nothing of the job runs any more.

use std::collections::HashMap;
use std::fs::{self, File, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags, llistxattr};
use rustix::io::Errno;
use tar::{EntryType, Header};

use super::super::collect::Archive;
use super::super::file_work::Stop;
use super::leavings::{Leavings, Left};
use super::volumes::Volume;

/// Names of attributes that may be listed at one file. Bytes.
const MOST_NAMES: usize = 64 << 10;

/// What the kernel notes at a folder that was there before the job and is still in its place, ...
const ORIGIN: &[u8] = b"trusted.overlay.origin";

/// ... at one that hides what is below it, and at one that was moved.
const ELSEWHERE: [&[u8]; 2] = [b"trusted.overlay.opaque", b"trusted.overlay.redirect"];

/// Attributes that are rights.
const RIGHTS: [&[u8]; 2] = [b"security.capability", b"system.posix_acl_"];

/// What came of it.
pub(super) enum Changed {
    /// Just what is kept of the job.
    Kept(Box<Archive>),
    /// Something else too.
    More,
    /// That can't be seen here.
    Unseen,
}

/// The folder of `volume`, where it is on this machine and this process may read it. Nobody can guess
/// the volume's name: a folder that is called so is no other daemon's.
pub(super) fn folder_of(volume: &Volume) -> Option<PathBuf> {
    let folder = Path::new(&volume.mountpoint);
    let is_named = folder.iter().any(|part| part == volume.name.as_str());
    (is_named && fs::read_dir(folder).is_ok()).then(|| folder.to_owned())
}

/// Packs all that is in the folder of a volume.
pub(super) fn pack(folder: &Path, leavings: Leavings, stop: &Stop) -> io::Result<Changed> {
    let mut walk = Walk {
        folder,
        leavings,
        named: HashMap::new(),
        stop,
    };
    Ok(match walk.all_of(Path::new(""))? {
        Some(true) => Changed::Kept(Box::new(walk.leavings.packed())),
        Some(false) => Changed::More,
        None => Changed::Unseen,
    })
}

/// Whether the folder of a volume shows that the job has changed nothing at these places of the project
/// in `below`, nor on the way to them.
pub(super) fn has_none_of(folder: &Path, below: &Path, places: &[String]) -> io::Result<bool> {
    let mut around = folder.to_owned();
    for part in below {
        around.push(part);
        if !is_there(&around)? {
            return Ok(true);
        }
        if !is_in_its_place(&noted(&around)?) {
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
fn is_in_its_place(noted: &[u8]) -> bool {
    has(noted, &[ORIGIN]) && !has(noted, &ELSEWHERE)
}

fn has(noted: &[u8], names: &[&[u8]]) -> bool {
    let mut noted = noted.split(|byte| *byte == 0);
    noted.any(|it| names.iter().any(|name| it.starts_with(name)))
}

struct Walk<'a> {
    folder: &'a Path,
    leavings: Leavings,
    /// The first names of files that have several.
    named: HashMap<(u64, u64), PathBuf>,
    stop: &'a Stop,
}

impl Walk<'_> {
    /// Whether all that is in a folder is kept, in the order of names; `None` where it can't be seen.
    fn all_of(&mut self, path: &Path) -> io::Result<Option<bool>> {
        let mut names = fs::read_dir(self.folder.join(path))?
            .map(|entry| entry.map(|entry| entry.file_name()))
            .collect::<io::Result<Vec<_>>>()?;
        names.sort();
        for name in names {
            self.stop.check()?;
            let path = path.join(name);
            let full = self.folder.join(&path);
            let about = fs::symlink_metadata(&full)?;
            let noted = noted(&full)?;
            let is_around = about.is_dir() && self.leavings.is_around(&path);
            if is_around && !is_in_its_place(&noted) {
                return Ok(None);
            }
            if !self.take(&full, &path, &about, has(&noted, &RIGHTS))? {
                return Ok(Some(false));
            }
            if about.is_dir() {
                match self.all_of(&path)? {
                    Some(true) => {}
                    other => return Ok(other),
                }
            }
        }
        Ok(Some(true))
    }

    fn take(
        &mut self,
        full: &Path,
        path: &Path,
        about: &Metadata,
        has_rights: bool,
    ) -> io::Result<bool> {
        let mut header = Header::new_gnu();
        header.set_metadata(about);
        let mut left = Left {
            path: path.to_owned(),
            header,
            has_rights,
            target: PathBuf::new(),
        };
        if about.is_symlink() {
            left.target = fs::read_link(full)?;
        } else if about.is_file() && about.nlink() > 1 {
            let number = (about.dev(), about.ino());
            if let Some(first) = self.named.get(&number) {
                left.header.set_entry_type(EntryType::Link);
                left.target.clone_from(first);
                return self.leavings.take(left, 0, io::empty());
            }
            self.named.insert(number, path.to_owned());
        }
        if !about.is_file() {
            return self.leavings.take(left, 0, io::empty());
        }
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK;
        let file = File::from(rustix::fs::open(full, flags, Mode::empty())?);
        self.leavings.take(left, about.len(), self.stop.reads(file))
    }
}

/// The names of the attributes of a file, with a zero behind each.
fn noted(path: &Path) -> io::Result<Vec<u8>> {
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
    use std::os::unix::fs::{PermissionsExt, symlink};

    use rustix::fs::{XattrFlags, lsetxattr};

    use super::super::super::Globs;
    use super::super::super::collect::{Selection, begin, keep};
    use super::*;

    type Change = fn(&Path);

    /// The volume of a job in `g/p` that keeps `out`, as the kernel leaves it; what `change` does there.
    fn changed(change: impl FnOnce(&Path)) -> Option<usize> {
        let base = tempfile::tempdir().expect("a folder");
        let (volume, into) = (base.path().join("volume"), base.path().join("kept.tar"));
        fs::create_dir_all(volume.join("g/p/out")).expect("folders");
        for around in ["g", "g/p"] {
            note(&volume.join(around), "trusted.overlay.origin");
        }
        fs::write(volume.join("g/p/out/one"), "one").expect("written");
        change(&volume);
        let globs = Globs {
            paths: vec!["out".to_owned()],
            ..Globs::default()
        };
        let selection = Selection::new(&globs, "/builds/g/p");
        let archive = begin(selection, &globs, &into).expect("begun");
        let leavings = Leavings::new(PathBuf::from("g/p"), vec!["out".to_owned()], archive);
        match pack(&volume, leavings, &Stop::default()).expect("read") {
            Changed::Kept(archive) => Some(keep(*archive, &into).expect("kept").entries),
            Changed::More => Some(0),
            Changed::Unseen => None,
        }
    }

    #[test]
    fn all_that_is_kept_is_packed_or_nothing() {
        if !rustix::process::geteuid().is_root() {
            return;
        }
        let cases: [(&str, Change, Option<usize>); 9] = [
            ("as it is", |_| {}, Some(2)),
            (
                "a link",
                |at| symlink("/x", at.join("g/p/out/link")).expect("a link"),
                Some(3),
            ),
            (
                "two names",
                |at| fs::hard_link(at.join("g/p/out/one"), at.join("g/p/out/two")).expect("made"),
                Some(3),
            ),
            (
                "something beside it",
                |at| fs::write(at.join("g/p/x"), "").expect("written"),
                Some(0),
            ),
            (
                "something beside the project",
                |at| fs::write(at.join("g/x"), "").expect("written"),
                Some(0),
            ),
            (
                "a socket",
                |at| drop(std::os::unix::net::UnixListener::bind(at.join("g/p/out/s"))),
                Some(0),
            ),
            (
                "rights",
                |at| note(&at.join("g/p/out/one"), "security.capability"),
                Some(0),
            ),
            (
                "a folder in the place of another",
                |at| note(&at.join("g/p"), "trusted.overlay.opaque"),
                None,
            ),
            (
                "a folder that is new",
                |at| {
                    fs::rename(at.join("g/p"), at.join("g/q")).expect("moved");
                    fs::create_dir(at.join("g/p")).expect("made");
                    fs::rename(at.join("g/q/out"), at.join("g/p/out")).expect("moved");
                    fs::remove_dir(at.join("g/q")).expect("gone");
                },
                None,
            ),
        ];
        for (situation, change, wanted) in cases {
            assert_eq!(changed(change), wanted, "{situation}");
        }
    }

    /// Gives a file an attribute; a capability has to be one.
    fn note(at: &Path, name: &str) {
        let capability = [&[0, 0, 0, 2][..], &[0; 16]].concat();
        let value: &[u8] = if name.starts_with("security") {
            &capability
        } else {
            b"y"
        };
        lsetxattr(at, name, value, XattrFlags::empty()).expect("an attribute");
    }

    #[test]
    fn what_a_job_has_not_touched() {
        if !rustix::process::geteuid().is_root() {
            return;
        }
        let cases: [(&str, Change, bool); 7] = [
            ("nothing", |_| {}, true),
            (
                "something beside it",
                |at| drop(fs::write(at.join("g/p/other"), "x")),
                true,
            ),
            (
                "a file in it",
                |at| fs::create_dir_all(at.join("g/p/v/in")).expect("made"),
                false,
            ),
            (
                "a folder on the way",
                |at| fs::create_dir(at.join("g/p/a")).expect("made"),
                false,
            ),
            (
                "a link in its place",
                |at| symlink("x", at.join("g/p/v")).expect("made"),
                false,
            ),
            (
                "a project in the place of another",
                |at| note(&at.join("g/p"), "trusted.overlay.opaque"),
                false,
            ),
            (
                "a folder around it that is gone",
                |at| {
                    fs::remove_dir_all(at.join("g")).expect("gone");
                    fs::write(at.join("g"), "").expect("written");
                },
                false,
            ),
        ];
        let places = ["v".to_owned(), "a/b".to_owned()];
        for (situation, change, wanted) in cases {
            let base = tempfile::tempdir().expect("a folder");
            let none = has_none_of(base.path(), Path::new("g/p"), &places);
            assert!(none.expect("read"), "nothing was changed at all");
            fs::create_dir_all(base.path().join("g/p")).expect("folders");
            note(&base.path().join("g"), "trusted.overlay.origin");
            note(&base.path().join("g/p"), "trusted.overlay.origin");
            change(base.path());
            let none = has_none_of(base.path(), Path::new("g/p"), &places).expect("read");
            assert_eq!(none, wanted, "{situation}");
        }
    }

    #[test]
    fn only_a_folder_that_is_called_as_the_volume_is_its() {
        let base = tempfile::tempdir().expect("a folder");
        let at = base.path().join("volumes/one/_data");
        fs::create_dir_all(&at).expect("folders");
        fs::set_permissions(&at, fs::Permissions::from_mode(0o755)).expect("a mode");
        let volume = |name: &str, at: &Path| Volume {
            name: name.to_owned(),
            mountpoint: at.to_string_lossy().into_owned(),
        };
        assert_eq!(folder_of(&volume("one", &at)), Some(at.clone()));
        assert_eq!(folder_of(&volume("two", &at)), None);
        let gone = base.path().join("volumes/two/_data");
        assert_eq!(folder_of(&volume("two", &gone)), None);
    }
}
