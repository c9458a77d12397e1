//! What is to blame where a sandbox could not be made, or something could not be done in it.

use std::io;

use serde::{Deserialize, Serialize};

use crate::foreign::is_disk_full;

/// What is to blame for a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(in super::super) enum Cause {
    /// The job's own words.
    Job,
    /// This machine, which would do the same another time.
    Machine,
    /// A disk of this machine, which stays full.
    FullDisk,
    /// What is short at the moment: memory, processes, namespaces.
    Moment,
}

impl Cause {
    /// Of what the system says of work on files.
    pub(in super::super) fn of_files(error: &io::Error) -> Self {
        if is_disk_full(error) {
            Self::FullDisk
        } else {
            Self::Moment
        }
    }

    /// Of what the system says where a sandbox is made. No space is left there for namespaces and mounts
    /// of which there are too many.
    pub(in super::super) fn of(error: &io::Error) -> Self {
        use io::ErrorKind;

        let files = [libc::EMFILE, libc::ENFILE];
        let is_short = matches!(
            error.kind(),
            ErrorKind::OutOfMemory
                | ErrorKind::WouldBlock
                | ErrorKind::ResourceBusy
                | ErrorKind::Interrupted
        );
        if is_short
            || is_disk_full(error)
            || error.raw_os_error().is_some_and(|it| files.contains(&it))
        {
            Self::Moment
        } else {
            Self::Machine
        }
    }
}
