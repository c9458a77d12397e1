//! Layers of what a job has left: where an archive would bring just the files that the job has written,
//! these get another name, and nothing is copied.
//!
//! Whoever asks for it sees to it that nothing of the job runs any more.

use std::collections::BTreeSet;
use std::fs::{self, DirBuilder, File, Permissions};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{
    AtFlags, CWD, FileType, Mode, OFlags, ResolveFlags, Stat, linkat, llistxattr_query, openat2,
    statat,
};
use rustix::process::{getegid, geteuid};
use tar::Header;

use super::super::super::entry::relative;
use super::super::super::keeps::Keeps;
use super::super::super::unpack::unpack_with;

/// The rights of folders that a layer only implies.
const OPEN: u32 = 0o777;

/// Bytes of files that may have to be unpacked all the same. With more of them nothing is gained by doing
/// it before somebody wants them.
const FEW: u64 = 1 << 20;

/// Fills the folder `into` with what the archive `tar` holds below `below`, out of `written`, where the
/// job wrote what it has changed; what is not there as the archive has it is unpacked. An error where that
/// is much.
pub(super) fn fill(
    tar: &Path,
    below: &Path,
    written: &Path,
    into: &Path,
    keeps: Keeps,
) -> io::Result<()> {
    let project = into.join(below);
    let mut implied = PathBuf::from(into);
    for part in below {
        implied.push(part);
        make_open(&implied)?;
    }
    for folder in implied_in(tar)? {
        make_open(&project.join(folder))?;
    }
    let mut left = Left {
        written: written.join(below),
        into: project.clone(),
        keeps,
        own: (geteuid().as_raw(), getegid().as_raw()),
        unpacked: 0,
        folders: None,
    };
    unpack_with(tar, &project, keeps, &mut |path, header| {
        left.give_most(path, header)
    })
}

/// Folders that entries of an archive are in, and that it does not have itself; the outer ones first.
fn implied_in(tar: &Path) -> io::Result<BTreeSet<PathBuf>> {
    let (mut around, mut own) = (BTreeSet::new(), BTreeSet::new());
    for entry in tar::Archive::new(File::open(tar)?).entries_with_seek()? {
        let entry = entry?;
        let path = relative(&entry.path()?)?;
        let mut parents: Vec<&Path> = path.ancestors().skip(1).collect();
        // The empty path, with which all end.
        parents.pop();
        for parent in parents {
            if !around.insert(parent.to_owned()) {
                break;
            }
        }
        if entry.header().entry_type().is_dir() {
            own.insert(path);
        }
    }
    Ok(around.difference(&own).cloned().collect())
}

/// A folder that is open to all, whatever the mask of this process.
fn make_open(folder: &Path) -> io::Result<()> {
    match DirBuilder::new().mode(OPEN).create(folder) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        made => made?,
    }
    fs::set_permissions(folder, Permissions::from_mode(OPEN))
}

/// Where files are, and where they go.
struct Left {
    written: PathBuf,
    into: PathBuf,
    /// What unpacking keeps of owners.
    keeps: Keeps,
    /// Whose the files are that are unpacked, else.
    own: (u32, u32),
    /// Bytes that are unpacked.
    unpacked: u64,
    /// A folder in which files are, and those two of it.
    folders: Option<(PathBuf, Option<Folders>)>,
}

struct Folders {
    from: OwnedFd,
    to: OwnedFd,
}

impl Left {
    fn give_most(&mut self, path: &Path, header: &Header) -> io::Result<bool> {
        if self.give(path, header)? {
            return Ok(true);
        }
        self.unpacked = self.unpacked.saturating_add(header.entry_size()?);
        if self.unpacked > FEW {
            return Err(io::Error::other("the job has written little of it"));
        }
        Ok(false)
    }

    /// Gives the file another name at its place, where unpacking would make the same of it.
    fn give(&mut self, path: &Path, header: &Header) -> io::Result<bool> {
        let path = relative(path)?;
        let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
            return Ok(false);
        };
        if self.folders.as_ref().is_none_or(|(of, _)| of != parent) {
            let folders = self.open(parent);
            self.folders = Some((parent.to_owned(), folders));
        }
        let Some((_, Some(Folders { from, to }))) = &self.folders else {
            return Ok(false);
        };
        let Ok(about) = statat(from, name, AtFlags::SYMLINK_NOFOLLOW) else {
            return Ok(false);
        };
        if !self.is_as_unpacked(&about, header)? {
            return Ok(false);
        }
        // What the kernel noted about it, or the job, goes with every name of it.
        let noted = llistxattr_query(self.written.join(&path));
        if noted != Ok(0) {
            return Ok(false);
        }
        // Where there are too many names, or one that came before it, it is unpacked.
        Ok(linkat(from, name, to, name, AtFlags::empty()).is_ok())
    }

    fn is_as_unpacked(&self, about: &Stat, header: &Header) -> io::Result<bool> {
        let is_plain = FileType::from_raw_mode(about.st_mode) == FileType::RegularFile;
        let rights = about.st_mode & 0o7777;
        let owner = self.keeps.given(header)?.unwrap_or(self.own);
        let seconds = u64::try_from(about.st_mtime).ok();
        let size = u64::try_from(about.st_size).ok();
        Ok(is_plain
            // Each name of it may be written to for itself.
            && about.st_nlink == 1
            && (about.st_uid, about.st_gid) == owner
            && rights == header.mode()? & 0o7777
            && seconds == Some(header.mtime()?)
            && size == Some(header.entry_size()?))
    }

    /// Opens both folders; no link leads there.
    fn open(&self, parent: &Path) -> Option<Folders> {
        let mut to = self.into.clone();
        for part in parent {
            to.push(part);
            match fs::create_dir(&to) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                made => made.ok()?,
            }
        }
        Some(Folders {
            from: open_folder(&self.written, parent)?,
            to: open_folder(&self.into, parent)?,
        })
    }
}

fn open_folder(base: &Path, path: &Path) -> Option<OwnedFd> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let straight = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS;
    let base = openat2(CWD, base, flags, Mode::empty(), ResolveFlags::NO_SYMLINKS).ok()?;
    let path = if path.as_os_str().is_empty() {
        Path::new(".")
    } else {
        path
    };
    openat2(base, path, flags, Mode::empty(), straight).ok()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{MetadataExt, symlink};

    use super::super::super::super::Globs;
    use super::super::super::super::collect::collect;
    use super::super::super::super::file_work::Stop;
    use super::*;

    struct Job {
        base: tempfile::TempDir,
    }

    impl Job {
        fn new() -> Self {
            let base = tempfile::tempdir().expect("a folder");
            fs::create_dir_all(base.path().join("written/g/p/out/in")).expect("folders");
            Self { base }
        }

        fn at(&self, path: &str) -> PathBuf {
            self.base.path().join(path)
        }

        fn out(&self, name: &str) -> PathBuf {
            self.at("written/g/p/out").join(name)
        }

        fn write(&self, name: &str) -> PathBuf {
            let file = self.out(name);
            fs::write(&file, name).expect("written");
            file
        }

        /// Packs what is seen in `project`, and makes a layer of it.
        fn layer(&self, project: &Path, path: &str) {
            self.try_layer(project, path).expect("filled");
        }

        fn try_layer(&self, project: &Path, path: &str) -> io::Result<()> {
            let globs = Globs {
                paths: vec![path.to_owned()],
                ..Globs::default()
            };
            let tar = self.at("kept.tar");
            collect(&globs, project, &tar, &Stop::default()).expect("packed");
            fs::create_dir(self.at("layer")).expect("a folder");
            fill(
                &tar,
                Path::new("g/p"),
                &self.at("written"),
                &self.at("layer"),
                Keeps::of(geteuid().is_root()),
            )
        }

        fn number(&self, path: &str) -> u64 {
            let about = self.at(path).symlink_metadata();
            about.expect("there").ino()
        }

        fn is_linked(&self, name: &str) -> bool {
            let layer = format!("layer/g/p/out/{name}");
            self.number(&layer) == self.number(&format!("written/g/p/out/{name}"))
        }
    }

    #[test]
    fn files_that_an_archive_would_bring_as_they_are_get_another_name() {
        let job = Job::new();
        for name in ["plain", "in/deep", "set-uid", "two", "noted", "of-somebody"] {
            job.write(name);
        }
        let mode = |name, mode| fs::set_permissions(job.out(name), Permissions::from_mode(mode));
        mode("set-uid", 0o4755).expect("a mode");
        mode("plain", 0o640).expect("a mode");
        mode("in", 0o555).expect("a mode");
        fs::hard_link(job.out("two"), job.out("too")).expect("a name");
        symlink("plain", job.out("link")).expect("a link");
        let is_noted = rustix::fs::lsetxattr(
            job.out("noted"),
            "user.note",
            b"x",
            rustix::fs::XattrFlags::empty(),
        );
        // Whoever is not root has no other.
        let _ = std::os::unix::fs::lchown(job.out("of-somebody"), Some(1234), None);
        job.layer(&job.at("written/g/p"), "out");
        for (name, linked) in [
            ("plain", true),
            ("in/deep", true),
            ("set-uid", true),
            ("two", false),
            ("too", false),
            ("noted", is_noted.is_err()),
            ("of-somebody", true),
        ] {
            assert_eq!(job.is_linked(name), linked, "{name}");
            let layer = job.at("layer/g/p/out").join(name);
            let text = fs::read(&layer).expect("there");
            assert_eq!(text, fs::read(job.out(name)).expect("there"), "{name}");
        }
        let rights = |path: &str| job.at(path).metadata().expect("there").mode() & 0o7777;
        assert_eq!(rights("layer/g/p/out/plain"), 0o640);
        assert_eq!(rights("layer/g/p/out/set-uid"), 0o4755);
        assert_eq!(rights("layer/g/p/out/in"), 0o555);
        assert_eq!(rights("layer/g"), OPEN);
        let target = fs::read_link(job.at("layer/g/p/out/link")).expect("a link");
        assert_eq!(target, Path::new("plain"));
        fs::set_permissions(job.at("layer/g/p/out/in"), Permissions::from_mode(0o755))
            .expect("it can be removed");
        mode("in", 0o755).expect("it can be removed");
    }

    #[test]
    fn what_is_not_as_it_was_packed_is_unpacked() {
        let job = Job::new();
        let seen = job.at("seen");
        fs::create_dir_all(seen.join("out/in")).expect("folders");
        for name in ["lower", "longer", "later", "in/a", "folder"] {
            fs::write(seen.join("out").join(name), "packed").expect("written");
        }
        fs::write(job.out("longer"), "packed and more").expect("written");
        let old = std::time::SystemTime::UNIX_EPOCH;
        fs::write(job.out("later"), "hidden").expect("written");
        let hidden = File::options().write(true).open(job.out("later"));
        hidden.expect("there").set_modified(old).expect("a time");
        fs::create_dir(job.out("folder")).expect("a folder");
        // A folder on the way that is a link leads nowhere.
        fs::remove_dir(job.out("in")).expect("gone");
        fs::create_dir(job.at("elsewhere")).expect("a folder");
        fs::copy(seen.join("out/in/a"), job.at("elsewhere/a")).expect("copied");
        symlink(job.at("elsewhere"), job.out("in")).expect("a link");
        job.layer(&seen, "out");
        for name in ["lower", "longer", "later", "in/a", "folder"] {
            let layer = job.at("layer/g/p/out").join(name);
            assert_eq!(fs::read(&layer).expect("there"), b"packed", "{name}");
            assert_eq!(layer.metadata().expect("there").nlink(), 1, "{name}");
        }
    }

    #[test]
    fn much_that_would_have_to_be_unpacked_waits_until_somebody_wants_it() {
        for (size, is_made) in [(FEW, true), (FEW + 1, false)] {
            let job = Job::new();
            let large = File::create(job.out("large")).expect("a file");
            large.set_len(size).expect("a length");
            fs::hard_link(job.out("large"), job.at("another")).expect("a name");
            let made = job.try_layer(&job.at("written/g/p"), "out");
            assert_eq!(made.is_ok(), is_made, "{size}: {made:?}");
        }
    }

    #[test]
    fn folders_that_are_only_implied_are_open() {
        let job = Job::new();
        job.write("in/deep");
        job.layer(&job.at("written/g/p"), "out/in/deep");
        for folder in ["layer/g/p/out", "layer/g/p/out/in"] {
            let rights = job.at(folder).metadata().expect("there").mode() & 0o7777;
            assert_eq!(rights, OPEN, "{folder}");
        }
        assert!(job.is_linked("in/deep"));
    }
}
