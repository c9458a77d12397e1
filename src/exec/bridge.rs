//! Bytes between async streams and the tar crate, which reads and writes blocking.
//!
//! The channels are bounded: memory stays the same however large a tree is.

use std::io::{self, Read, Write};

use tokio::sync::mpsc;

/// A piece of a stream, or why there is no more.
pub(super) type Chunk = io::Result<Vec<u8>>;

/// Chunks under way at once.
const DEPTH: usize = 4;

/// Bytes per chunk. Large enough that the channel costs nothing.
const CHUNK: usize = 256 * 1024;

/// A channel for one stream.
pub(super) fn channel() -> (mpsc::Sender<Chunk>, mpsc::Receiver<Chunk>) {
    mpsc::channel(DEPTH)
}

/// The blocking end that writes. [`ChunkWriter::finish`] ends the stream.
pub(super) struct ChunkWriter {
    to: mpsc::Sender<Chunk>,
    buffer: Vec<u8>,
}

impl ChunkWriter {
    pub(super) fn new(to: mpsc::Sender<Chunk>) -> Self {
        Self {
            to,
            buffer: Vec::with_capacity(CHUNK),
        }
    }

    fn send(&mut self) -> io::Result<()> {
        let full = std::mem::replace(&mut self.buffer, Vec::with_capacity(CHUNK));
        self.to
            .blocking_send(Ok(full))
            .map_err(|_| io::ErrorKind::BrokenPipe.into())
    }

    /// Hands over the rest, or the reason why the stream breaks off.
    pub(super) fn finish(mut self, result: io::Result<()>) -> io::Result<()> {
        match result {
            Ok(()) => self.send(),
            Err(error) => {
                // A reader that is gone needs no reason.
                let _ = self
                    .to
                    .blocking_send(Err(io::Error::new(error.kind(), error.to_string())));
                Err(error)
            }
        }
    }
}

impl Write for ChunkWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() >= CHUNK {
            self.send()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The blocking end that reads.
pub(super) struct ChunkReader {
    from: mpsc::Receiver<Chunk>,
    chunk: Vec<u8>,
    at: usize,
}

impl ChunkReader {
    pub(super) fn new(from: mpsc::Receiver<Chunk>) -> Self {
        Self {
            from,
            chunk: Vec::new(),
            at: 0,
        }
    }
}

impl Read for ChunkReader {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.at == self.chunk.len() {
            match self.from.blocking_recv() {
                None => return Ok(0),
                Some(next) => {
                    self.chunk = next?;
                    self.at = 0;
                }
            }
        }
        let some = (self.chunk.len() - self.at).min(into.len());
        into[..some].copy_from_slice(&self.chunk[self.at..self.at + some]);
        self.at += some;
        Ok(some)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    use super::{ChunkReader, ChunkWriter, channel};

    #[test]
    fn what_is_written_is_read() {
        let (to, from) = channel();
        let bytes: Vec<u8> = (0..700_000_u32).map(|n| n.to_le_bytes()[1]).collect();
        let sent = bytes.clone();
        let writing = std::thread::spawn(move || {
            let mut writer = ChunkWriter::new(to);
            for part in sent.chunks(1000) {
                writer.write_all(part).expect("goes through");
            }
            writer.finish(Ok(())).expect("goes through");
        });
        let mut read = Vec::new();
        ChunkReader::new(from)
            .read_to_end(&mut read)
            .expect("goes through");
        writing.join().expect("goes through");
        assert!(read == bytes, "{} bytes of {}", read.len(), bytes.len());
    }

    #[test]
    fn a_failure_reaches_the_reader() {
        let (to, from) = channel();
        let failed = ChunkWriter::new(to).finish(Err(std::io::Error::other("disk")));
        assert!(failed.is_err());
        let error = ChunkReader::new(from)
            .read_to_end(&mut Vec::new())
            .expect_err("must fail");
        assert_eq!(error.to_string(), "disk");
    }
}
