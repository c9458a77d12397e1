//! Layers written by this process, with the ids that it has.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use rustix::fs::XattrFlags;

use super::{LayerError, LayerFolders, LayerForm, Marks, Owners, UnpackJob, Unpacked};

/// What a folder's owner needs to remove what is in it.
const OWNER_ALL: u32 = 0o700;

/// Writes layers in this process.
#[derive(Debug, Clone, Copy)]
pub struct Here {
    form: LayerForm,
}

impl Here {
    /// Finds out what this process may do, in `folder`.
    pub fn probe(folder: &Path) -> io::Result<Self> {
        let root = rustix::process::geteuid().is_root();
        let trusted = root && {
            let place = tempfile::tempdir_in(folder)?;
            let mark = Marks::Trusted.opaque();
            rustix::fs::setxattr(place.path(), mark, b"y", XattrFlags::empty()).is_ok()
        };
        Ok(Self {
            form: LayerForm {
                owners: if root && has_many_ids() {
                    Owners::Image
                } else {
                    Owners::One
                },
                marks: if trusted { Marks::Trusted } else { Marks::User },
            },
        })
    }

    /// Writes layers as told, whatever this process may do.
    pub const fn with_form(form: LayerForm) -> Self {
        Self { form }
    }
}

/// Whether the user namespace of this process has more than one id.
fn has_many_ids() -> bool {
    let map = fs::read_to_string("/proc/self/uid_map").unwrap_or_default();
    let counts = map
        .lines()
        .filter_map(|line| line.split_whitespace().nth(2)?.parse::<u64>().ok());
    counts.sum::<u64>() > 1
}

impl LayerFolders for Here {
    fn form(&self) -> LayerForm {
        self.form
    }

    fn unpack(&self, job: &UnpackJob, stop: &AtomicBool) -> Result<Unpacked, LayerError> {
        job.run(stop)
    }

    fn remove(&self, folder: &Path) -> Result<(), LayerError> {
        remove(folder).map_err(|error| LayerError::of(&error))
    }
}

/// Removes a folder, also where modes in it forbid that to its owner.
pub(in crate::images) fn remove(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            open_all(folder)?;
            fs::remove_dir_all(folder)
        }
        other => other,
    }
}

/// Lets the owner into every folder. Nobody else writes here, so that none becomes a link.
fn open_all(folder: &Path) -> io::Result<()> {
    let mode = fs::symlink_metadata(folder)?.permissions().mode();
    if mode & OWNER_ALL != OWNER_ALL {
        fs::set_permissions(folder, Permissions::from_mode(mode | OWNER_ALL))?;
    }
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            open_all(&entry.path())?;
        }
    }
    Ok(())
}
