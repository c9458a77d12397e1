//! What attempts kept, copied into a folder of the user's.
//!
//! The archive is hostile: a job made it. Nothing is written outside the folder, no link is
//! followed on the way, neither one of the archive nor one that was there, and what is there
//! stays unless the user gives it up.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::os::fd::OwnedFd;
use std::path::{Component, Path, PathBuf};

use rustix::fs::{AtFlags, FileType, Mode, OFlags, mkdirat, openat, statat, symlinkat, unlinkat};
use rustix::io::Errno;
use tar::Entry;

use super::RecordError;
use super::archive::{KeptEntry, KeptKind, below, damaged, each, entries, kind};

/// Zeros from this many bytes on are left out of a file: it takes no more room than in the archive.
const BLOCK: usize = 4096;

/// What became of a copy.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Copied {
    /// How many files and links were written.
    pub written: usize,
    /// Entries that were left out, with the reason.
    pub left_out: Vec<(PathBuf, &'static str)>,
}

/// Why archives were not copied.
#[derive(Debug)]
pub enum CopyError {
    /// These are there already; nothing was written.
    InTheWay(Vec<PathBuf>),
    /// Reading or writing failed.
    Record(RecordError),
}

impl From<RecordError> for CopyError {
    fn from(error: RecordError) -> Self {
        Self::Record(error)
    }
}

/// Copies the archives into `folder`, which is made where it is missing; later ones replace what
/// earlier ones brought. Unless `force`, nothing is written where a file is in the way.
pub fn copy_out(tars: &[&Path], folder: &Path, force: bool) -> Result<Copied, CopyError> {
    let make = std::fs::create_dir_all(folder);
    make.map_err(RecordError::at("make", folder))?;
    let flags = OFlags::DIRECTORY | OFlags::RDONLY | OFlags::CLOEXEC;
    let root = rustix::fs::open(folder, flags, Mode::empty());
    let root = root.map_err(|error| RecordError::at("open", folder)(error.into()))?;
    if !force {
        let mut in_the_way = BTreeSet::new();
        for tar in tars {
            for entry in entries(tar)? {
                if is_in_the_way(&root, &entry) {
                    in_the_way.insert(entry.path);
                }
            }
        }
        if !in_the_way.is_empty() {
            return Err(CopyError::InTheWay(in_the_way.into_iter().collect()));
        }
    }
    let mut copied = Copied::default();
    for tar in tars {
        let mut failed = None;
        let read = each(tar, |entry| {
            let path = entry.path().map_err(damaged)?.into_owned();
            place(entry, &root, &mut copied).inspect_err(|_| failed = Some(path))
        });
        read.map_err(|error| match failed {
            Some(path) => RecordError::at("write", folder.join(path))(error),
            None => RecordError::at("read", *tar)(error),
        })?;
    }
    Ok(copied)
}

/// Whether a link at `path` leads to a place in the same folder, by its words.
fn stays_inside(path: &Path, target: &Path) -> bool {
    let mut depth = path.components().count() - 1;
    for part in target.components() {
        match part {
            Component::CurDir => {}
            Component::Normal(_) => depth += 1,
            Component::ParentDir if depth > 0 => depth -= 1,
            _ => return false,
        }
    }
    true
}

/// Whether the entry would take the place of something, or needs a folder where there is none.
fn is_in_the_way(root: &OwnedFd, entry: &KeptEntry) -> bool {
    let found = |path: &Path| {
        let (parent, name) = enter(root, path, false)?;
        let about = statat(&parent, name, AtFlags::SYMLINK_NOFOLLOW)?;
        Ok(FileType::from_raw_mode(about.st_mode))
    };
    match found(&entry.path) {
        Err(Errno::NOENT) => false,
        Ok(FileType::Directory) => entry.kind != KeptKind::Folder,
        Ok(_) | Err(_) => true,
    }
}

/// The folder that `path` lies in, and its name there. No link on the way is followed. With `make`,
/// folders that are missing are made, and what is no folder makes room.
fn enter<'a>(
    root: &OwnedFd,
    path: &'a Path,
    make: bool,
) -> Result<(OwnedFd, &'a std::ffi::OsStr), Errno> {
    let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::RDONLY | OFlags::CLOEXEC;
    let mut folder = openat(root, ".", flags, Mode::empty())?;
    let parents = path.parent().into_iter().flat_map(Path::iter);
    for name in parents {
        if make {
            make_folder(&folder, name)?;
        }
        folder = openat(&folder, name, flags, Mode::empty())?;
    }
    Ok((folder, path.file_name().ok_or(Errno::INVAL)?))
}

fn make_folder(parent: &OwnedFd, name: &std::ffi::OsStr) -> Result<(), Errno> {
    let mode = Mode::from_raw_mode(0o777);
    match mkdirat(parent, name, mode) {
        Err(Errno::EXIST) => {
            let about = statat(parent, name, AtFlags::SYMLINK_NOFOLLOW)?;
            if FileType::from_raw_mode(about.st_mode) == FileType::Directory {
                return Ok(());
            }
            unlinkat(parent, name, AtFlags::empty())?;
            mkdirat(parent, name, mode)
        }
        done => done,
    }
}

/// Writes an entry, in place of a file or link that is there. A folder with something in it stays.
fn place(
    entry: &mut Entry<'_, BufReader<File>>,
    root: &OwnedFd,
    copied: &mut Copied,
) -> io::Result<()> {
    let path = entry.path().map_err(damaged)?.into_owned();
    let mut leave_out = |why| copied.left_out.push((path.clone(), why));
    let Some(kind) = kind(entry.header().entry_type()) else {
        leave_out("it is no file, folder or symbolic link");
        return Ok(());
    };
    let Some(path) = below(&path) else {
        // The project's own folder needs no place.
        if kind != KeptKind::Folder {
            leave_out("its path leads outside");
        }
        return Ok(());
    };
    if kind == KeptKind::Link {
        let target = entry
            .link_name()
            .map_err(damaged)?
            .unwrap_or_default()
            .into_owned();
        if !stays_inside(&path, &target) {
            leave_out("it is a link that leads outside");
            return Ok(());
        }
        let (parent, name) = enter(root, &path, true)?;
        make_room(&parent, name)?;
        symlinkat(&target, &parent, name)?;
    } else if kind == KeptKind::Folder {
        let (parent, name) = enter(root, &path, true)?;
        make_folder(&parent, name)?;
        return Ok(());
    } else {
        let (parent, name) = enter(root, &path, true)?;
        make_room(&parent, name)?;
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        // The bits of the file, as far as the user's umask lets them; none that give rights away.
        let mode = Mode::from_raw_mode(entry.header().mode().map_err(damaged)? & 0o777 | 0o600);
        let file = openat(&parent, name, flags | OFlags::NOFOLLOW, mode)?;
        fill(&mut File::from(file), entry)?;
    }
    copied.written += 1;
    Ok(())
}

fn make_room(parent: &OwnedFd, name: &std::ffi::OsStr) -> Result<(), Errno> {
    match unlinkat(parent, name, AtFlags::empty()) {
        Err(Errno::NOENT) => Ok(()),
        Err(Errno::ISDIR | Errno::PERM) => unlinkat(parent, name, AtFlags::REMOVEDIR),
        done => done,
    }
}

/// Copies the content, with holes where it is empty.
fn fill(file: &mut File, mut from: impl Read) -> io::Result<()> {
    let mut block = [0; BLOCK];
    let mut length = 0;
    loop {
        let read = read_block(&mut from, &mut block)?;
        if read == 0 {
            return file.set_len(length);
        }
        if block[..read].iter().all(|byte| *byte == 0) {
            file.seek(SeekFrom::Start(length + read as u64))?;
        } else {
            file.write_all(&block[..read])?;
        }
        length += read as u64;
    }
}

fn read_block(from: &mut impl Read, block: &mut [u8]) -> io::Result<usize> {
    let mut read = 0;
    while read < block.len() {
        match from.read(&mut block[read..]).map_err(damaged)? {
            0 => break,
            more => read += more,
        }
    }
    Ok(read)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};

    use tar::{Builder, EntryType, Header};

    use super::*;

    /// An archive with entries whose names the tar crate would refuse to write.
    fn archive(folder: &Path, entries: &[(EntryType, &str, &str)]) -> PathBuf {
        let path = folder.join("a.tar");
        let mut builder = Builder::new(File::create(&path).expect("a file"));
        for (kind, name, content) in entries {
            let mut header = Header::new_gnu();
            header.set_entry_type(*kind);
            header.set_mode(0o6755);
            let field = &mut header.as_old_mut().name;
            field[..name.len()].copy_from_slice(name.as_bytes());
            let is_link = matches!(kind, EntryType::Symlink | EntryType::Link);
            let data = if is_link { "" } else { content };
            if is_link {
                header.as_old_mut().linkname[..content.len()].copy_from_slice(content.as_bytes());
            }
            header.set_size(data.len() as u64);
            header.set_cksum();
            builder.append(&header, data.as_bytes()).expect("appended");
        }
        builder.finish().expect("written");
        path
    }

    const FILE: EntryType = EntryType::Regular;
    const LINK: EntryType = EntryType::Symlink;

    #[test]
    fn no_entry_of_an_archive_leads_outside() {
        for (name, entries, left_out, there) in [
            ("upwards", &[(FILE, "../x", "bad")][..], 1, false),
            ("absolute", &[(FILE, "/x", "bad")], 1, false),
            ("upwards inside", &[(FILE, "a/../../x", "bad")], 1, false),
            (
                "hard link",
                &[(EntryType::Link, "x", "../secret")],
                1,
                false,
            ),
            ("device", &[(EntryType::Char, "x", "")], 1, false),
            ("link upwards", &[(LINK, "x", "../secret")], 1, false),
            ("absolute link", &[(LINK, "x", "/etc")], 1, false),
            ("link beside", &[(LINK, "x", "d/y")], 0, true),
            (
                "through a link",
                &[
                    (LINK, "d", "e"),
                    (EntryType::Directory, "e", ""),
                    (FILE, "d/x", "new"),
                ],
                0,
                false,
            ),
        ] {
            let place = tempfile::tempdir().expect("a folder");
            fs::write(place.path().join("secret"), "secret").expect("written");
            let to = place.path().join("to");
            let tar = archive(place.path(), entries);
            let copied = copy_out(&[&tar], &to, false).expect(name);
            assert_eq!(copied.left_out.len(), left_out, "{name}");
            let is_there = fs::symlink_metadata(to.join("x")).is_ok();
            assert_eq!(is_there, there, "{name}");
            assert!(!place.path().join("x").exists(), "{name}");
            assert!(!to.join("e/x").exists(), "{name}");
        }
    }

    #[test]
    fn a_link_that_is_there_is_replaced_and_never_written_through() {
        let place = tempfile::tempdir().expect("a folder");
        let to = place.path().join("to");
        fs::create_dir_all(&to).expect("a folder");
        let kept = place.path().join("kept");
        fs::write(&kept, "kept").expect("written");
        symlink(&kept, to.join("x")).expect("a link");
        let tar = archive(place.path(), &[(FILE, "x", "new")]);
        let refused = copy_out(&[&tar], &to, false);
        assert!(matches!(refused, Err(CopyError::InTheWay(paths)) if paths == [Path::new("x")]));
        copy_out(&[&tar], &to, true).expect("copied");
        assert_eq!(fs::read_to_string(&kept).expect("there"), "kept");
        assert_eq!(fs::read_to_string(to.join("x")).expect("there"), "new");
        let mode = fs::metadata(to.join("x"))
            .expect("there")
            .permissions()
            .mode();
        assert_eq!(mode & 0o7022, 0, "{mode:o}");
    }

    #[test]
    fn a_folder_with_files_of_the_user_stays() {
        let place = tempfile::tempdir().expect("a folder");
        let mine = place.path().join("to/x/mine");
        fs::create_dir_all(mine.parent().expect("a folder")).expect("a folder");
        fs::write(&mine, "mine").expect("written");
        let tar = archive(place.path(), &[(FILE, "x", "new")]);
        let failed = copy_out(&[&tar], &place.path().join("to"), true);
        assert!(matches!(failed, Err(CopyError::Record(error)) if error.path.ends_with("to/x")));
        assert_eq!(fs::read_to_string(&mine).expect("there"), "mine");
    }

    #[test]
    fn zeros_take_no_room() {
        use std::os::unix::fs::MetadataExt;
        let place = tempfile::tempdir().expect("a folder");
        let zeros = "\0".repeat(1 << 20) + "end";
        let tar = archive(place.path(), &[(FILE, "x", &zeros)]);
        let to = place.path().join("to");
        copy_out(&[&tar], &to, false).expect("copied");
        let about = fs::metadata(to.join("x")).expect("there");
        assert_eq!(about.len(), (1 << 20) + 3);
        assert!(about.blocks() < 64, "{}", about.blocks());
    }
}
