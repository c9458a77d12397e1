//! Folders on this machine's disk that belong to a run, and removing those of dead runs.

use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::Owner;
use crate::remove::remove;

/// Name of the file in a folder that says whose it is: owner and run, a line each.
const OWNER_FILE: &str = "owner";

/// How old a folder in the making is at least that nobody makes any more.
const FORSAKEN: Duration = Duration::from_secs(24 * 60 * 60);

/// Makes `folder`, which only the user can enter and nobody else has. The one around it is made too
/// and closed to others.
pub(super) fn make(folder: &Path, owner: &Owner) -> io::Result<()> {
    let base = folder.parent().unwrap_or(folder);
    private(base)?;
    // One without an owner would stay for ever: it gets its name when it has one.
    let made = tempfile::Builder::new().prefix(".").tempdir_in(base)?;
    fs::write(
        made.path().join(OWNER_FILE),
        format!("{}\n{}\n", owner.owner, owner.run),
    )?;
    match fs::rename(made.path(), folder) {
        Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => {
            Err(io::ErrorKind::AlreadyExists.into())
        }
        Err(error) => Err(error),
        Ok(()) => {
            let _ = made.keep();
            Ok(())
        }
    }
}

/// Removes such a folder, with `remove` for folders in it. Says whose it is to the last, so that
/// another can go on where this is broken off. One that is not there is fine.
pub(super) fn clear(folder: &Path, remove: impl Fn(&Path) -> io::Result<()>) -> io::Result<()> {
    // What is about to end may still make something.
    while !clear_once(folder, &remove)? {}
    ignore_gone(fs::remove_file(folder.join(OWNER_FILE)))?;
    ignore_gone(fs::remove_dir(folder))
}

/// Whether nothing but whose it is and that note are in such a folder. One that is not there holds
/// nothing.
pub(super) fn holds_only(folder: &Path, note: &str) -> io::Result<bool> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(true),
        entries => entries?,
    };
    for entry in entries {
        let name = entry?.file_name();
        if name != OWNER_FILE && name != note {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Removes what is in it now; whether that was nothing.
fn clear_once(folder: &Path, remove: impl Fn(&Path) -> io::Result<()>) -> io::Result<bool> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(true),
        entries => entries?,
    };
    let mut is_clear = true;
    for entry in entries {
        let entry = entry?;
        if entry.file_name() == OWNER_FILE {
            continue;
        }
        is_clear = false;
        if entry.file_type()?.is_dir() {
            remove(&entry.path())?;
        } else {
            ignore_gone(fs::remove_file(entry.path()))?;
        }
    }
    Ok(is_clear)
}

fn ignore_gone(done: io::Result<()>) -> io::Result<()> {
    match done {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        done => done,
    }
}

/// Removes folders below `base` whose making was broken off a day ago or earlier, and those whose
/// removal was at its very end.
pub(super) fn sweep(base: &Path) {
    for entry in fs::read_dir(base).into_iter().flatten().flatten() {
        if !is_in_the_making(&entry) && read_owner(&entry.path()).is_none() {
            // One that is not empty stays.
            let _ = fs::remove_dir(entry.path());
        }
        let is_old = || entry.metadata().ok()?.modified().ok()?.elapsed().ok();
        if is_in_the_making(&entry) && is_old().is_some_and(|age| age >= FORSAKEN) {
            // What can't be removed is tried again by the next run.
            let _ = remove(&entry.path());
        }
    }
}

fn is_in_the_making(entry: &fs::DirEntry) -> bool {
    entry.file_name().as_encoded_bytes().starts_with(b".")
}

/// Makes `folder`, if it is not there, and closes it to others.
pub(super) fn private(folder: &Path) -> io::Result<()> {
    DirBuilder::new()
        .mode(0o700)
        .recursive(true)
        .create(folder)?;
    // One that was there before may be open to others.
    fs::set_permissions(folder, Permissions::from_mode(0o700))
}

/// The folders below `base` of `owner`'s runs that are not alive, with the ids of the runs.
pub(super) fn dead(
    base: &Path,
    owner: &str,
    alive: &dyn Fn(&str) -> bool,
) -> io::Result<Vec<(PathBuf, String)>> {
    let mut found = Vec::new();
    let folders = match fs::read_dir(base) {
        Ok(folders) => folders,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(found),
        Err(error) => return Err(error),
    };
    for folder in folders {
        let folder = folder?.path();
        if let Some(whose) = read_owner(&folder)
            && whose.owner == owner
            && !alive(&whose.run)
        {
            found.push((folder, whose.run));
        }
    }
    Ok(found)
}

fn read_owner(folder: &Path) -> Option<Owner> {
    let text = fs::read_to_string(folder.join(OWNER_FILE)).ok()?;
    let (owner, run) = text.trim_end().split_once('\n')?;
    Some(Owner {
        owner: owner.to_owned(),
        run: run.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;

    #[test]
    fn a_folder_has_an_owner_from_its_first_moment() {
        let base = tempfile::tempdir().expect("a folder");
        let base = base.path().join("jobs");
        let owner = Owner {
            owner: "me".to_owned(),
            run: "1".to_owned(),
        };
        make(&base.join("a"), &owner).expect("made");
        let again = make(&base.join("a"), &owner).expect_err("it is there");
        assert_eq!(again.kind(), io::ErrorKind::AlreadyExists);
        let found = dead(&base, "me", &|_| false).expect("listed");
        assert_eq!(found, [(base.join("a"), "1".to_owned())]);
        assert_eq!(fs::read_dir(&base).expect("a folder").count(), 1);
    }

    #[test]
    fn a_removal_that_is_broken_off_is_gone_on_with() {
        let base = tempfile::tempdir().expect("a folder");
        let base = base.path().join("jobs");
        let owner = Owner {
            owner: "me".to_owned(),
            run: "1".to_owned(),
        };
        let folder = base.join("a");
        make(&folder, &owner).expect("made");
        fs::create_dir(folder.join("inner")).expect("a folder");
        for name in ["0", "z"] {
            fs::write(folder.join(name), "").expect("a file");
        }
        let broken = || Err(io::ErrorKind::Interrupted.into());
        clear(&folder, |_| broken()).expect_err("it is broken off");
        let found = dead(&base, "me", &|_| false).expect("listed");
        assert_eq!(
            found,
            [(folder.clone(), "1".to_owned())],
            "it is known whose it is"
        );
        clear(&folder, |path| fs::remove_dir(path)).expect("removed");
        assert!(!folder.exists());
        clear(&folder, |_| broken()).expect("nothing to do");
        fs::create_dir(&folder).expect("as it is at the very end");
        sweep(&base);
        assert!(!folder.exists());
    }

    #[test]
    fn what_was_broken_off_long_ago_is_swept_away() {
        let base = tempfile::tempdir().expect("a folder");
        for name in [".old", ".new", "other"] {
            fs::create_dir(base.path().join(name)).expect("a folder");
            fs::write(base.path().join(name).join("file"), "").expect("a file");
        }
        for name in [".old", "other"] {
            let folder = fs::File::open(base.path().join(name)).expect("there");
            let old = SystemTime::now() - 2 * FORSAKEN;
            folder.set_modified(old).expect("a time");
        }
        sweep(base.path());
        let there = |name: &str| base.path().join(name).exists();
        assert!(!there(".old") && there(".new") && there("other"));
    }
}
