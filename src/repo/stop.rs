//! Ending long work early, when a signal asks for it.

use std::io::{self, Read};

use super::RepoError;

/// Says whether to end. It is asked often: between two files or objects, and between two pieces
/// of a large one.
pub type Stop<'a> = &'a (dyn Fn() -> bool + Sync);

/// An error once it is time to end.
pub(super) fn check(stop: Stop<'_>) -> Result<(), RepoError> {
    if stop() {
        return Err(RepoError::Stopped);
    }
    Ok(())
}

/// Bytes that end with an error once it is time to end.
pub(super) struct Stoppable<'a, R> {
    pub(super) inner: R,
    pub(super) stop: Stop<'a>,
}

impl<R: Read> Read for Stoppable<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if (self.stop)() {
            return Err(io::Error::other("stopped"));
        }
        self.inner.read(buffer)
    }
}
