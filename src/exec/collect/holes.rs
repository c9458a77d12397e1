//! A file without the blocks that hold nothing but zeros: what a job left sparse stays small,
//! though every archive on its way here has the zeros in full.

use std::io::{self, Read, Write};

use tempfile::NamedTempFile;

use super::naming::{Naming, Run};

/// The unit in which file systems leave holes.
const BLOCK: usize = 4096;

/// Bytes that are written at once.
const BUFFER: usize = 64 * BLOCK;

static ZEROS: [u8; BLOCK] = [0; BLOCK];

/// How many times the limit a file may be long, holes and all: holes take no room, but every reader
/// has to go through them.
const HOLES: u64 = 16;

/// How long it may be where there is no limit. Bytes.
const LONGEST: u64 = 1 << 40;

/// More was to be stored than allowed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("more than {limit} bytes")]
pub(super) struct TooLarge {
    /// Bytes.
    pub(super) limit: u64,
    /// Whether it is the length that exceeds it, and not what takes room.
    pub(super) with_holes: bool,
}

/// Writes a file from its beginning to its end.
pub(in crate::exec) struct HoleWriter {
    file: NamedTempFile,
    buffer: Vec<u8>,
    /// Bytes of the buffer that came and are not written.
    filled: usize,
    /// Bytes that came.
    length: u64,
    /// Bytes that were not zeros, in whole blocks.
    stored: u64,
    limit: u64,
    longest: u64,
    naming: Naming,
}

/// A file that was written to its end.
pub(in crate::exec) struct Stored {
    pub(super) file: NamedTempFile,
    /// How many bytes take room.
    pub(super) bytes: u64,
    /// Names the content: where something is stored, and what. Holes cost nothing.
    pub(super) digest: String,
}

impl HoleWriter {
    /// An empty file, which stores up to `limit` bytes.
    pub(super) fn new(file: NamedTempFile, limit: Option<u64>) -> Self {
        Self {
            file,
            buffer: vec![0; BUFFER],
            filled: 0,
            length: 0,
            stored: 0,
            limit: limit.unwrap_or(u64::MAX),
            longest: limit.map_or(LONGEST, |limit| limit.saturating_mul(HOLES)),
            naming: Naming::default(),
        }
    }

    /// Writes all that `from` has, with no buffer between the two.
    pub(super) fn write_from(&mut self, mut from: impl Read) -> io::Result<()> {
        loop {
            match from.read(&mut self.buffer[self.filled..]) {
                Ok(0) => return Ok(()),
                Ok(some) => self.came(some)?,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// How many bytes came.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// Reads what came from byte `at` on; 0 bytes at the end.
    pub(super) fn read_back(&self, at: u64, into: &mut [u8]) -> io::Result<usize> {
        use std::os::unix::fs::FileExt;

        let written = self.length - self.filled as u64;
        if let Some(beyond) = at.checked_sub(written) {
            let beyond = usize::try_from(beyond).unwrap_or(usize::MAX);
            let rest = self.buffer[..self.filled].get(beyond..).unwrap_or_default();
            let some = rest.len().min(into.len());
            into[..some].copy_from_slice(&rest[..some]);
            return Ok(some);
        }
        let some = usize::try_from(written - at).unwrap_or(usize::MAX);
        let some = some.min(into.len());
        match self.file.as_file().read_at(&mut into[..some], at)? {
            // The file ends before a hole that nothing has come behind.
            0 => into[..some].fill(0),
            read => return Ok(read),
        }
        Ok(some)
    }

    /// Writes the rest.
    pub(super) fn finish(mut self) -> io::Result<Stored> {
        self.store()?;
        self.file.as_file().set_len(self.length)?;
        Ok(Stored {
            file: self.file,
            bytes: self.stored,
            digest: self.naming.finish(self.length)?,
        })
    }

    /// Notes that so many bytes came behind those in the buffer.
    fn came(&mut self, some: usize) -> io::Result<()> {
        self.filled += some;
        self.length += some as u64;
        if self.filled == BUFFER {
            self.store()?;
        }
        Ok(())
    }

    fn store(&mut self) -> io::Result<()> {
        use std::os::unix::fs::FileExt;

        if self.length > self.longest {
            return Err(io::Error::other(TooLarge {
                limit: self.longest,
                with_holes: true,
            }));
        }
        let begin = self.length - self.filled as u64;
        let is_hole = |block: &[u8]| block == &ZEROS[..block.len()];
        let blocks: Vec<&[u8]> = self.buffer[..self.filled].chunks(BLOCK).collect();
        let (mut runs, mut from) = (Vec::new(), 0);
        for run in blocks.chunk_by(|a, b| is_hole(a) == is_hole(b)) {
            let to = from + run.iter().map(|block| block.len()).sum::<usize>();
            if !is_hole(run[0]) {
                self.stored += (to - from) as u64;
                if self.stored > self.limit {
                    return Err(io::Error::other(TooLarge {
                        limit: self.limit,
                        with_holes: false,
                    }));
                }
                let at = begin + from as u64;
                let data = &self.buffer[from..to];
                self.file.as_file().write_all_at(data, at)?;
                runs.push(Run {
                    at,
                    bytes: from..to,
                });
            }
            from = to;
        }
        self.naming.add(&mut self.buffer, runs)?;
        self.filled = 0;
        Ok(())
    }
}

impl Write for HoleWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let some = bytes.len().min(BUFFER - self.filled);
        self.buffer[self.filled..self.filled + some].copy_from_slice(&bytes[..some]);
        self.came(some)?;
        Ok(some)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::os::unix::fs::MetadataExt;

    use tempfile::NamedTempFile;

    use super::{BLOCK, BUFFER, HoleWriter, Stored};

    fn file() -> NamedTempFile {
        NamedTempFile::new().expect("a file")
    }

    #[test]
    fn every_byte_comes_back() {
        let mut data = vec![0; 9 * BUFFER + 17];
        for at in [0, BLOCK, 5 * BLOCK + 1, BUFFER, 2 * BUFFER - 1, 8 * BUFFER] {
            data[at] = 7;
        }
        let mut digests = std::collections::HashMap::new();
        for length in [0, 1, BLOCK, BUFFER, BUFFER + 1, 2 * BUFFER, data.len()] {
            for piece in [1000, BUFFER, data.len()] {
                let mut writer = HoleWriter::new(file(), None);
                if piece == BUFFER {
                    writer.write_from(&data[..length]).expect("written");
                } else {
                    for piece in data[..length].chunks(piece) {
                        writer.write_all(piece).expect("written");
                    }
                }
                let Stored { file, digest, .. } = writer.finish().expect("finished");
                assert_eq!(digests.entry(length).or_insert(digest.clone()), &digest);
                let mut read = Vec::new();
                file.reopen()
                    .expect("reopened")
                    .read_to_end(&mut read)
                    .expect("read");
                assert!(read == data[..length], "{length} in pieces of {piece}");
            }
        }
        let different: std::collections::HashSet<_> = digests.values().collect();
        assert_eq!(different.len(), 7, "each content has a name of its own");
    }

    #[test]
    fn what_came_is_read_back_wherever_it_is() {
        let mut data = vec![0; 3 * BUFFER + 17];
        for at in [0, BLOCK, BUFFER - 1, 3 * BUFFER + 16] {
            data[at] = 7;
        }
        for length in [data.len(), 2 * BUFFER + 5] {
            let mut writer = HoleWriter::new(file(), None);
            writer.write_all(&data[..length]).expect("written");
            for begin in [0, BLOCK - 1, BUFFER, 2 * BUFFER + 3, length] {
                let (mut read, mut piece) = (Vec::new(), vec![1; BUFFER + 1]);
                loop {
                    let at = (begin + read.len()) as u64;
                    match writer.read_back(at, &mut piece).expect("read") {
                        0 => break,
                        some => read.extend_from_slice(&piece[..some]),
                    }
                }
                assert!(read == data[begin..length], "{length} from {begin}");
            }
        }
    }

    #[test]
    fn zeros_take_no_room_and_do_not_count() {
        let mut writer = HoleWriter::new(file(), Some(8 * BUFFER as u64));
        for _ in 0..100 {
            writer.write_all(&vec![0; BUFFER]).expect("written");
        }
        writer.write_all(b"end").expect("written");
        let Stored { file, bytes, .. } = writer.finish().expect("finished");
        let about = file.as_file().metadata().expect("a file");
        assert_eq!(about.len(), 100 * BUFFER as u64 + 3);
        assert!(about.blocks() * 512 < BUFFER as u64, "{}", about.blocks());
        assert_eq!(bytes, 3);
    }

    #[test]
    fn what_exceeds_the_limit_is_not_written() {
        let mut writer = HoleWriter::new(file(), Some(10));
        writer.write_all(b"0123456789").expect("written");
        writer.write_all(b"x").expect("in the buffer");
        let error = writer.finish().err().expect("too much");
        let cause = error.get_ref().and_then(|cause| cause.downcast_ref());
        let wanted = super::TooLarge {
            limit: 10,
            with_holes: false,
        };
        assert_eq!(cause, Some(&wanted));
    }

    #[test]
    fn a_file_of_holes_has_an_end() {
        let mut writer = HoleWriter::new(file(), Some(BUFFER as u64));
        let mut endless = std::io::repeat(0);
        let error = std::io::copy(&mut endless, &mut writer).expect_err("too long");
        let cause = error.get_ref().and_then(|cause| cause.downcast_ref());
        let wanted = super::TooLarge {
            limit: super::HOLES * BUFFER as u64,
            with_holes: true,
        };
        assert_eq!(cause, Some(&wanted));
    }
}
