//! Readers that count, and that end with an error where an archive is a bomb.

use std::cell::Cell;
use std::io::{self, Read};
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::Limits;

/// What stands between two files of a tar: headers, long names, extended attributes.
const MOST_HEADER_BYTES: u64 = 1 << 20;

/// Counts of what was read, shared by the readers of one archive and by who writes its files.
#[derive(Debug, Clone)]
pub(in crate::images) struct Meter {
    limits: Limits,
    packed: Rc<Cell<u64>>,
    header_left: Rc<Cell<Option<u64>>>,
}

impl Meter {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            limits,
            packed: Rc::default(),
            header_left: Rc::default(),
        }
    }

    /// What follows is the head of an entry, which a reader of tars keeps in memory.
    pub(in crate::images) fn begin_header(&self) {
        self.header_left.set(Some(MOST_HEADER_BYTES));
    }

    /// What follows is the content of a file.
    pub(in crate::images) fn begin_content(&self) {
        self.header_left.set(None);
    }

    /// Whether so many bytes may come out of what was read so far.
    pub(super) fn check(&self, unpacked: u64) -> io::Result<()> {
        let Limits {
            bytes,
            ratio,
            free_bytes,
            ..
        } = self.limits;
        if unpacked > bytes {
            let (size, unit) = match bytes >> 20 {
                small @ 0..1024 => (small, "MiB"),
                large => (large >> 10, "GiB"),
            };
            return Err(bomb(format!("it unpacks to more than {size} {unit}")));
        }
        if unpacked > free_bytes && unpacked / ratio > self.packed.get() {
            return Err(bomb(format!(
                "it unpacks to more than {ratio} times its size"
            )));
        }
        Ok(())
    }
}

fn bomb(what: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

/// The archive as it lies on disk.
pub(super) struct Packed<'a, R> {
    from: R,
    meter: Meter,
    stop: &'a AtomicBool,
}

impl<'a, R: Read> Packed<'a, R> {
    pub(super) fn new(from: R, meter: Meter, stop: &'a AtomicBool) -> Self {
        Self { from, meter, stop }
    }
}

impl<R: Read> Read for Packed<'_, R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.stop.load(Ordering::Relaxed) {
            // `Interrupted` would be tried again.
            return Err(io::Error::other("it was stopped"));
        }
        let read = self.from.read(into)?;
        self.meter.packed.set(self.meter.packed.get() + read as u64);
        Ok(read)
    }
}

/// The tar that comes out of it.
pub(super) struct Plain<R> {
    from: R,
    read: u64,
    meter: Meter,
}

impl<R: Read> Plain<R> {
    pub(super) fn new(from: R, meter: Meter) -> Self {
        Self {
            from,
            read: 0,
            meter,
        }
    }

    pub(super) fn into_inner(self) -> R {
        self.from
    }
}

impl<R: Read> Read for Plain<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.from.read(into)?;
        self.read += read as u64;
        self.meter.check(self.read)?;
        if let Some(left) = self.meter.header_left.get() {
            let left = left.checked_sub(read as u64).ok_or_else(|| {
                let most = MOST_HEADER_BYTES >> 20;
                bomb(format!("the head of an entry is larger than {most} MiB"))
            })?;
            self.meter.header_left.set(Some(left));
        }
        Ok(read)
    }
}
