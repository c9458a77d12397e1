//! Removes a folder that a job or an image has filled: however deep it is, whatever modes its folders
//! have, and never through a link. Layer 0.
//!
//! `std::fs::remove_dir_all` holds a file descriptor and a frame of the stack for each level, and a
//! job makes as many levels as it likes.

use std::ffi::CString;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};
use std::path::Path;

use rustix::fs::{
    AtFlags, CWD, Dir, FileType, Mode, OFlags, chmod, fchmod, fstat, openat, renameat, statat,
    unlinkat,
};
use rustix::io::Errno;

/// Levels that are held open at once. What lies deeper is moved up first.
const DEEPEST: usize = 32;

/// Removes `folder` and all that is in it. One that is not there is fine.
pub fn remove(folder: &Path) -> io::Result<()> {
    let mut top = match open(CWD, folder) {
        Err(Errno::NOENT) => return Ok(()),
        opened => Dir::new(opened?)?,
    };
    let mut moved = 0;
    loop {
        clear(&mut top, None, 0, &mut moved)?;
        match unlinkat(CWD, folder, AtFlags::REMOVEDIR) {
            Ok(()) | Err(Errno::NOENT) => return Ok(()),
            // What lay too deep, or came meanwhile.
            Err(Errno::NOTEMPTY | Errno::EXIST) => top.rewind(),
            Err(error) => return Err(error.into()),
        }
    }
}

/// Empties a folder. Folders that lie too deep become entries of `top`, which is the first of all where
/// there is none yet.
fn clear(
    folder: &mut Dir,
    top: Option<BorrowedFd<'_>>,
    depth: usize,
    moved: &mut u64,
) -> io::Result<()> {
    let names = names(folder)?;
    let folder = folder.fd()?;
    let top = top.unwrap_or(folder);
    for (name, kind) in names {
        let name = name.as_c_str();
        let kind = match kind {
            FileType::Unknown => match statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) {
                Err(Errno::NOENT) => continue,
                about => FileType::from_raw_mode(about?.st_mode),
            },
            kind => kind,
        };
        if kind != FileType::Directory {
            ignore_gone(unlinkat(folder, name, AtFlags::empty()))?;
            continue;
        }
        // Most folders of a job are empty.
        if unlinkat(folder, name, AtFlags::REMOVEDIR).is_ok() {
            continue;
        }
        let inner = open(folder, name)?;
        if depth < DEEPEST {
            clear(&mut Dir::new(inner)?, Some(top), depth + 1, moved)?;
            ignore_gone(unlinkat(folder, name, AtFlags::REMOVEDIR))?;
        } else {
            // The first name that is free: a job may have files of such names.
            while statat(top, up(*moved), AtFlags::SYMLINK_NOFOLLOW).is_ok() {
                *moved += 1;
            }
            renameat(folder, name, top, up(*moved))?;
        }
    }
    Ok(())
}

fn up(number: u64) -> String {
    format!(".moved-up-{number}")
}

fn ignore_gone(done: rustix::io::Result<()>) -> io::Result<()> {
    match done {
        Err(Errno::NOENT) => Ok(()),
        done => Ok(done?),
    }
}

/// Opens a folder that is no link, and makes it its owner's to read and to write.
fn open(at: BorrowedFd<'_>, name: impl rustix::path::Arg + Copy) -> rustix::io::Result<OwnedFd> {
    let folder = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    match openat(at, name, folder | OFlags::RDONLY, Mode::empty()) {
        Err(Errno::ACCESS) => {}
        opened => {
            let opened = opened?;
            if !Mode::from_raw_mode(fstat(&opened)?.st_mode).contains(Mode::RWXU) {
                // Where that can't be done, the first entry tells.
                let _ = fchmod(&opened, Mode::RWXU);
            }
            return Ok(opened);
        }
    }
    let way = openat(at, name, folder | OFlags::PATH, Mode::empty())?;
    // By the descriptor: the name may lead elsewhere by now.
    let _ = chmod(format!("/proc/self/fd/{}", way.as_raw_fd()), Mode::RWXU);
    openat(&way, c".", folder | OFlags::RDONLY, Mode::empty())
}

/// What is in it, with its kind where the file system tells.
fn names(folder: &mut Dir) -> io::Result<Vec<(CString, FileType)>> {
    let mut names = Vec::new();
    for entry in folder {
        let entry = entry?;
        let name = entry.file_name();
        if name != c"." && name != c".." {
            names.push((name.to_owned(), entry.file_type()));
        }
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::fd::AsFd;
    use std::os::unix::fs::{PermissionsExt, symlink};

    use rustix::fs::mkdirat;

    use super::*;

    #[test]
    fn a_folder_without_end_goes() {
        let base = tempfile::tempdir().expect("a folder");
        let folder = base.path().join("job");
        fs::create_dir(&folder).expect("a folder");
        let mut at = open(CWD, &*folder).expect("the folder");
        for _ in 0..20_000 {
            mkdirat(&at, c"a", Mode::from_raw_mode(0o700)).expect("a folder");
            at = open(at.as_fd(), c"a").expect("the folder in it");
        }
        drop(at);
        fs::write(folder.join(".moved-up-0"), "in the way").expect("a file");
        remove(&folder).expect("all of it");
        assert!(!folder.exists());
        remove(&folder).expect("nothing to do");
    }

    #[test]
    fn nothing_goes_through_links_and_modes_are_no_hindrance() {
        let base = tempfile::tempdir().expect("a folder");
        let elsewhere = base.path().join("elsewhere");
        let folder = base.path().join("job");
        fs::create_dir_all(folder.join("closed/in")).expect("folders");
        fs::create_dir(&elsewhere).expect("a folder");
        fs::write(elsewhere.join("file"), "stays").expect("a file");
        symlink(&elsewhere, folder.join("closed/link")).expect("a link");
        fs::set_permissions(folder.join("closed"), Permissions::from_mode(0o000)).expect("a mode");
        remove(&folder).expect("all of it");
        assert!(!folder.exists());
        assert!(elsewhere.join("file").exists());
        symlink(&elsewhere, &folder).expect("a link");
        remove(&folder).expect_err("a link is no folder");
        assert!(elsewhere.join("file").exists());
    }
}
