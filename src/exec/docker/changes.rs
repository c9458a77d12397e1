//! What a job has changed, read from where the daemon keeps it: on this machine, and for root, that is a
//! folder, and all that the daemon would do is copy it twice on its way here.
//!
//! Whoever asks for it sees to it that nothing of the job runs any more.

use std::collections::HashSet;
use std::fs::{self, File, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags};
use tar::{EntryType, Header};

use super::super::collect::Archive;
use super::super::file_work::Stop;
use super::super::overlay_changes::{Notes, has, is_in_its_place, noted};
use super::leavings::{Leavings, Left};
use super::volumes::Volume;

/// Attributes that are rights.
const RIGHTS: [&str; 2] = ["security.capability", "system.posix_acl_"];

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
        named: HashSet::new(),
        stop,
    };
    Ok(match walk.all_of(Path::new(""))? {
        Some(true) => Changed::Kept(Box::new(walk.leavings.packed())),
        Some(false) => Changed::More,
        None => Changed::Unseen,
    })
}

struct Walk<'a> {
    folder: &'a Path,
    leavings: Leavings,
    /// Files that have several names, of which one came.
    named: HashSet<(u64, u64)>,
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
            if is_around && !is_in_its_place(&noted, Notes::Trusted) {
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
        } else if about.is_file()
            && about.nlink() > 1
            && !self.named.insert((about.dev(), about.ino()))
        {
            left.header.set_entry_type(EntryType::Link);
            return self.leavings.take(left, 0, io::empty());
        }
        if !about.is_file() {
            return self.leavings.take(left, 0, io::empty());
        }
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK;
        let file = File::from(rustix::fs::open(full, flags, Mode::empty())?);
        self.leavings.take(left, about.len(), self.stop.reads(file))
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
    fn all_that_is_kept_is_packed_or_nothing_as_root() {
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
                Some(0),
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
