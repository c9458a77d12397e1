//! The name of what is stored: a digest of where something is, and of what. Where it is much it is made
//! by a thread of its own, beside the writing.

use std::io;
use std::ops::Range;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread::{self, JoinHandle};

use crate::types::Digest;

/// From so many buffers on a thread is worth it.
const FEW: usize = 4;

/// Buffers that may wait for the thread.
const DEPTH: usize = 2;

/// A part of a buffer that is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Run {
    /// Where it is in the file.
    pub(super) at: u64,
    /// Where it is in the buffer.
    pub(super) bytes: Range<usize>,
}

/// The digest of a file under way.
#[derive(Default)]
pub(super) struct Naming {
    digest: Digest,
    buffers: usize,
    beside: Option<Beside>,
}

/// A thread that adds to the digest.
struct Beside {
    to: SyncSender<(Vec<u8>, Vec<Run>)>,
    /// Buffers that it is done with.
    back: Receiver<Vec<u8>>,
    thread: JoinHandle<Digest>,
}

impl Naming {
    /// Adds what of a buffer is stored. Another buffer of its length may come in its place.
    pub(super) fn add(&mut self, buffer: &mut Vec<u8>, runs: Vec<Run>) -> io::Result<()> {
        self.buffers += 1;
        if self.buffers == FEW {
            self.beside = Beside::begin(&mut self.digest);
        }
        let Some(beside) = &self.beside else {
            add(&mut self.digest, buffer, &runs);
            return Ok(());
        };
        let next = beside.back.try_recv();
        let next = next.unwrap_or_else(|_| vec![0; buffer.len()]);
        let full = std::mem::replace(buffer, next);
        beside.to.send((full, runs)).map_err(|_| broken_off())
    }

    /// The name of a file of that length, whose rest is holes.
    pub(super) fn finish(self, length: u64) -> io::Result<String> {
        let mut digest = match self.beside {
            Some(Beside { to, thread, .. }) => {
                drop(to);
                thread.join().map_err(|_| broken_off())?
            }
            None => self.digest,
        };
        digest.add(length.to_le_bytes());
        Ok(digest.finish())
    }
}

impl Beside {
    /// Goes on with `digest`; `None` where the system gives no thread.
    fn begin(digest: &mut Digest) -> Option<Self> {
        let begun = digest.clone();
        let (to, from) = sync_channel(DEPTH);
        let (give_back, back) = channel();
        let working = move || work(begun, &from, &give_back);
        let thread = thread::Builder::new().name("digest".to_owned());
        let thread = thread.spawn(working).ok()?;
        Some(Self { to, back, thread })
    }
}

fn work(
    mut digest: Digest,
    from: &Receiver<(Vec<u8>, Vec<Run>)>,
    back: &Sender<Vec<u8>>,
) -> Digest {
    for (buffer, runs) in from {
        add(&mut digest, &buffer, &runs);
        // At the end nobody wants it any more.
        let _ = back.send(buffer);
    }
    digest
}

fn add(digest: &mut Digest, buffer: &[u8], runs: &[Run]) {
    for Run { at, bytes } in runs {
        digest.add(at.to_le_bytes());
        digest.add(&buffer[bytes.clone()]);
    }
}

fn broken_off() -> io::Error {
    io::Error::other("naming what is stored broke off")
}

#[cfg(test)]
mod tests {
    use super::{FEW, Naming, Run, add};
    use crate::types::Digest;

    #[test]
    fn a_thread_makes_the_same_name() {
        let mut wanted = Digest::default();
        let mut naming = Naming::default();
        let mut buffer = vec![0; 100];
        let mut length = 0;
        for number in 0..4 * FEW {
            buffer.fill(u8::try_from(number).expect("a small number"));
            let run = |bytes| Run { at: length, bytes };
            let runs = vec![run(0..10), run(50..100)];
            add(&mut wanted, &buffer, &runs);
            naming.add(&mut buffer, runs).expect("added");
            assert_eq!(buffer.len(), 100);
            length += 100;
        }
        wanted.add(length.to_le_bytes());
        assert_eq!(naming.finish(length).expect("named"), wanted.finish());
    }
}
