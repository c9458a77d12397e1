//! What dead runs left on this machine.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use rustix::process::Signal;

use super::super::{Owner, Reaped};
use super::kin::signal_all;

/// Name of the file in an attempt's folder that says whose it is: owner and run, a line each.
const OWNER_FILE: &str = "owner";

/// Says whose `folder` is.
pub(super) fn write_owner(folder: &Path, owner: &Owner) -> io::Result<()> {
    fs::write(
        folder.join(OWNER_FILE),
        format!("{}\n{}\n", owner.owner, owner.run),
    )
}

fn read_owner(folder: &Path) -> Option<Owner> {
    let text = fs::read_to_string(folder.join(OWNER_FILE)).ok()?;
    let (owner, run) = text.trim_end().split_once('\n')?;
    Some(Owner {
        owner: owner.to_owned(),
        run: run.to_owned(),
    })
}

/// Removes the folders below `base` of `owner`'s runs that are not alive, and ends what still runs
/// from them.
pub(super) fn reap(base: &Path, owner: &str, alive: &dyn Fn(&str) -> bool) -> io::Result<Reaped> {
    let mut reaped = Reaped::default();
    let folders = match fs::read_dir(base) {
        Ok(folders) => folders,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(reaped),
        Err(error) => return Err(error),
    };
    for folder in folders {
        let folder = folder?.path();
        let Some(found) = read_owner(&folder) else {
            continue;
        };
        if found.owner == owner && !alive(&found.run) {
            remove(&folder)?;
            let (name, run) = (folder.display(), found.run);
            reaped.removed.push(format!("folder `{name}` of run {run}"));
        }
    }
    Ok(reaped)
}

/// Ends what runs from `folder` and removes it. One that is not there is fine. Blocks.
pub(super) fn remove(folder: &Path) -> io::Result<()> {
    signal_all(folder, Signal::KILL);
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            open_up(folder);
            fs::remove_dir_all(folder)
        }
        done => done,
    }
}

/// Makes every folder writable: a job may have left some that are not.
fn open_up(folder: &Path) {
    let _ = fs::set_permissions(folder, fs::Permissions::from_mode(0o700));
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            open_up(&entry.path());
        }
    }
}
