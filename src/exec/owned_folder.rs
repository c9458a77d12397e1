//! Folders on this machine's disk that belong to a run, and removing those of dead runs.

use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::Owner;

/// Name of the file in a folder that says whose it is: owner and run, a line each.
const OWNER_FILE: &str = "owner";

/// Makes `folder`, which only the user can enter and nobody else has. The one around it is made too
/// and closed to others.
pub(super) fn make(folder: &Path, owner: &Owner) -> io::Result<()> {
    if let Some(base) = folder.parent() {
        private(base)?;
    }
    DirBuilder::new().mode(0o700).create(folder)?;
    fs::write(
        folder.join(OWNER_FILE),
        format!("{}\n{}\n", owner.owner, owner.run),
    )
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
