//! Room on disk that a run keeps back, so that a full disk does not take the end of its record.

use std::fs::File;
use std::path::Path;

use rustix::fs::{FallocateFlags, fallocate};
use rustix::process::{Resource, getrlimit};

/// More than the end of a run of a thousand jobs takes. Bytes.
const SIZE: u64 = 256 * 1024;

/// A file without a name, whose room is free again when it is dropped, also by a kill.
#[derive(Debug)]
pub(super) struct Reserve(#[expect(dead_code, reason = "it only has to be open")] File);

impl Reserve {
    /// `None` where the disk is full already, or can't keep room back.
    pub(super) fn within(folder: &Path) -> Option<Self> {
        // What asks for more than the user's limit is killed.
        if getrlimit(Resource::Fsize)
            .current
            .is_some_and(|limit| limit < SIZE)
        {
            return None;
        }
        let file = tempfile::tempfile_in(folder).ok()?;
        fallocate(&file, FallocateFlags::empty(), 0, SIZE).ok()?;
        Some(Self(file))
    }
}
