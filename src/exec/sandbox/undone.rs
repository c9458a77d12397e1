//! Undoing an attempt that came to nothing: its folder and its control groups go.

use std::path::{Path, PathBuf};

use super::super::file_work::in_place;
use super::groups;
use super::inside::link::Hold;

/// Undoes an attempt when it is dropped, unless its sandbox came about.
pub(super) struct Undone {
    pub(super) folder: PathBuf,
    pub(super) groups: Vec<PathBuf>,
    /// What has been begun: it may still make a group that it was told to make.
    pub(super) holds: Vec<Hold>,
    is_done: bool,
}

impl Undone {
    /// Nothing but that folder, yet.
    pub(super) fn of(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            groups: Vec::new(),
            holds: Vec::new(),
            is_done: false,
        }
    }

    /// Leaves all as it is; the groups, for which somebody else cares from here on.
    pub(super) fn keep(&mut self) -> Vec<PathBuf> {
        self.is_done = true;
        self.holds.clear();
        std::mem::take(&mut self.groups)
    }
}

impl Drop for Undone {
    fn drop(&mut self) {
        if self.is_done {
            return;
        }
        in_place(|| {
            self.holds.iter().for_each(Hold::abandon);
            // The error that led here tells more.
            let _ = groups::remove_attempt(&self.groups, &self.folder);
        });
    }
}
