//! Layers written by this process, with the ids that it has.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use rustix::fs::XattrFlags;

use super::{LayerError, LayerFolders, LayerForm, Marks, Owners, UnpackJob, Unpacked};
use crate::remove::remove;

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
