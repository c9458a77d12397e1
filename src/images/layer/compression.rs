//! Compressed archives: gzip and zstd, told apart by how they begin.

use std::io::{self, BufRead, Read};

use flate2::bufread::MultiGzDecoder;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

/// What a decoder of zstd may keep in memory: the most that `zstd --ultra` asks for.
const MOST_WINDOW: u64 = 128 << 20;

/// How an archive is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Compression {
    None,
    Gzip,
    Zstd,
    /// One that is known by name only.
    Foreign(&'static str),
}

impl Compression {
    fn of(start: &[u8]) -> Self {
        match start {
            [0x1f, 0x8b, ..] => Self::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Self::Zstd,
            [0xfd, b'7', b'z', b'X', b'Z', ..] => Self::Foreign("xz"),
            [b'B', b'Z', b'h', b'1'..=b'9', b'1', b'A', b'Y', ..] => Self::Foreign("bzip2"),
            [b'P', b'K', 3, 4, ..] => Self::Foreign("zip"),
            _ => Self::None,
        }
    }
}

/// Whether a file that begins so is compressed.
pub(in crate::images) fn is_compressed(start: &[u8]) -> bool {
    Compression::of(start) != Compression::None
}

/// What comes out of an archive, whatever it is compressed with.
pub(super) fn decompressed<'a, R: BufRead + 'a>(mut from: R) -> io::Result<Box<dyn Read + 'a>> {
    // A buffer gives what it has; all that is asked for are the first bytes of a file.
    let start = from.fill_buf()?;
    match Compression::of(start) {
        Compression::None => Ok(Box::new(from)),
        Compression::Gzip => Ok(Box::new(MultiGzDecoder::new(from))),
        Compression::Zstd => Ok(Box::new(Zstd::new(from))),
        Compression::Foreign(name) => Err(io::Error::new(
            io::ErrorKind::Unsupported,
            format!("it is compressed with {name}; gzip, zstd and plain archives are read"),
        )),
    }
}

/// Frames of zstd, one behind the other; those with something else in them are left out.
struct Zstd<R> {
    from: R,
    decoder: FrameDecoder,
    in_frame: bool,
}

impl<R: BufRead> Zstd<R> {
    fn new(from: R) -> Self {
        let mut decoder = FrameDecoder::new();
        decoder.set_max_window_size(MOST_WINDOW);
        Self {
            from,
            decoder,
            in_frame: false,
        }
    }

    /// Begins the next frame; `false` at the end of the archive.
    fn next_frame(&mut self) -> io::Result<bool> {
        loop {
            if self.from.fill_buf()?.is_empty() {
                return Ok(false);
            }
            match self.decoder.reset(&mut self.from) {
                Ok(()) => return Ok(true),
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                    length,
                    ..
                })) => {
                    let mut other = (&mut self.from).take(length.into());
                    io::copy(&mut other, &mut io::sink())?;
                }
                Err(error) => return Err(damaged(&error)),
            }
        }
    }
}

impl<R: BufRead> Read for Zstd<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            if self.decoder.can_collect() > 0 {
                return self.decoder.read(into);
            }
            if !self.in_frame {
                self.in_frame = self.next_frame()?;
                if !self.in_frame {
                    return Ok(0);
                }
            }
            if self.decoder.is_finished() {
                self.in_frame = false;
                continue;
            }
            let one = BlockDecodingStrategy::UptoBlocks(1);
            let decoded = self.decoder.decode_blocks(&mut self.from, one);
            decoded.map_err(|error| damaged(&error))?;
            // The checksum of the frame, where it has one, is behind its last block.
            if self.decoder.is_finished() && self.decoder.can_collect() == 0 {
                self.in_frame = false;
            }
        }
    }
}

fn damaged(error: &FrameDecoderError) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error.to_string())
}

#[cfg(test)]
mod tests {
    use std::io::{BufReader, Read as _, Write as _};

    use flate2::write::GzEncoder;

    use super::{Compression, decompressed};

    /// `text` in a frame of zstd that does not compress (RFC 8878, 3.1.1).
    fn zstd(text: &[u8]) -> Vec<u8> {
        assert!(text.len() < 256);
        let size = u8::try_from(text.len()).expect("small");
        let mut frame = vec![0x28, 0xb5, 0x2f, 0xfd, 0x20, size];
        let block = (u32::from(size) << 3) | 1;
        frame.extend(&block.to_le_bytes()[..3]);
        frame.extend(text);
        frame
    }

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text).expect("in memory");
        encoder.finish().expect("in memory")
    }

    fn read(bytes: &[u8]) -> std::io::Result<String> {
        let mut text = String::new();
        decompressed(BufReader::new(bytes))?.read_to_string(&mut text)?;
        Ok(text)
    }

    #[test]
    fn compressed_archives_are_read_to_their_end() {
        let skipped = [&[0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0][..], b"abc"].concat();
        for (case, bytes, text) in [
            ("plain", b"one two".to_vec(), "one two"),
            ("nothing", Vec::new(), ""),
            ("gzip", gzip(b"one two"), "one two"),
            (
                "gzip twice",
                [gzip(b"one "), gzip(b"two")].concat(),
                "one two",
            ),
            ("zstd", zstd(b"one two"), "one two"),
            (
                "zstd twice",
                [zstd(b"one "), zstd(b"two")].concat(),
                "one two",
            ),
            (
                "zstd with other frames",
                [&skipped, &zstd(b"one "), &skipped, &zstd(b"two"), &skipped]
                    .map(|it| &it[..])
                    .concat(),
                "one two",
            ),
        ] {
            assert_eq!(read(&bytes).expect(case), text, "{case}");
        }
    }

    #[test]
    fn a_damaged_or_foreign_archive_is_an_error() {
        let half = |bytes: Vec<u8>| bytes[..bytes.len() - 3].to_vec();
        for (case, bytes) in [
            ("half a gzip", half(gzip(b"one two"))),
            ("half a zstd", half(zstd(b"one two"))),
            ("xz", b"\xfd7zXZ\0".to_vec()),
            ("bzip2", b"BZh91AY&SY".to_vec()),
        ] {
            read(&bytes).expect_err(case);
        }
    }

    #[test]
    fn zstd_may_not_ask_for_any_amount_of_memory() {
        // A window of 2 GiB.
        let frame = [0x28, 0xb5, 0x2f, 0xfd, 0x00, 21 << 3, 1, 0, 0];
        let error = read(&frame).expect_err("too much");
        assert!(
            error.to_string().to_lowercase().contains("window"),
            "{error}"
        );
    }

    #[test]
    fn compressions_are_told_apart() {
        assert_eq!(Compression::of(b"\x1f\x8b\x08"), Compression::Gzip);
        assert_eq!(Compression::of(&zstd(b"")), Compression::Zstd);
        assert_eq!(Compression::of(b"BZh notes"), Compression::None);
        assert_eq!(Compression::of(b""), Compression::None);
    }
}
