//! One object of a pack.

use std::fs::File;

use git2::Oid;

/// What an entry holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Commit,
    Tree,
    Blob,
    Tag,
    /// The difference to another object.
    Delta {
        base: Oid,
    },
}

/// An object as it lies in a pack.
#[derive(Debug)]
pub(super) struct Entry<'a> {
    pub(super) kind: Kind,
    /// Bytes before compression.
    pub(super) size: u64,
    /// A zlib stream.
    pub(super) data: Data<'a>,
}

/// Where a zlib stream is.
#[derive(Debug)]
pub(super) enum Data<'a> {
    /// Here.
    Bytes(Vec<u8>),
    /// In another pack; an object may be larger than memory should be.
    InPack {
        file: &'a File,
        start: u64,
        len: u64,
    },
}

const REF_DELTA: u8 = 7;

impl Kind {
    /// The kind of a whole object of that number.
    pub(super) fn whole(number: u8) -> Option<Self> {
        match number {
            1 => Some(Self::Commit),
            2 => Some(Self::Tree),
            3 => Some(Self::Blob),
            4 => Some(Self::Tag),
            _ => None,
        }
    }

    fn number(self) -> u8 {
        match self {
            Self::Commit => 1,
            Self::Tree => 2,
            Self::Blob => 3,
            Self::Tag => 4,
            Self::Delta { .. } => REF_DELTA,
        }
    }
}

impl Entry<'_> {
    /// What comes before the data: kind and size, four bits and then seven at a time, and the
    /// base of a delta.
    pub(super) fn header(&self) -> Vec<u8> {
        let low = |bits: u64| u8::try_from(bits & 0x7f).unwrap_or_default();
        let mut rest = self.size >> 4;
        let mut header = vec![self.kind.number() << 4 | low(self.size & 0x0f)];
        while rest > 0 {
            if let Some(last) = header.last_mut() {
                *last |= 0x80;
            }
            header.push(low(rest));
            rest >>= 7;
        }
        if let Kind::Delta { base } = self.kind {
            header.extend_from_slice(base.as_bytes());
        }
        header
    }
}

/// The largest block of a zlib stream that is not compressed.
const BLOCK: usize = 65_535;

/// A zlib stream that holds `data` as it is (RFC 1950 and 1951).
pub(super) fn stored(data: &[u8]) -> Vec<u8> {
    let mut stream = Vec::with_capacity(data.len() + data.len() / BLOCK * 5 + 16);
    stream.extend_from_slice(&[0x78, 0x01]);
    let mut blocks = data.chunks(BLOCK).peekable();
    if blocks.peek().is_none() {
        push_block(&mut stream, &[], true);
    }
    while let Some(block) = blocks.next() {
        push_block(&mut stream, block, blocks.peek().is_none());
    }
    stream.extend_from_slice(&adler32(data).to_be_bytes());
    stream
}

fn push_block(stream: &mut Vec<u8>, block: &[u8], last: bool) {
    let len = u16::try_from(block.len()).unwrap_or(u16::MAX);
    stream.push(u8::from(last));
    stream.extend_from_slice(&len.to_le_bytes());
    stream.extend_from_slice(&(!len).to_le_bytes());
    stream.extend_from_slice(block);
}

fn adler32(data: &[u8]) -> u32 {
    const MODULUS: u32 = 65_521;
    let (mut a, mut b) = (1_u32, 0_u32);
    // So many bytes can be added up before a sum of 32 bits overflows.
    for chunk in data.chunks(5552) {
        for byte in chunk {
            a += u32::from(*byte);
            b += a;
        }
        a %= MODULUS;
        b %= MODULUS;
    }
    b << 16 | a
}

/// The checksum that a pack's index keeps of each entry.
#[derive(Debug)]
pub(super) struct Crc32 {
    tables: Box<[[u32; 256]; 8]>,
}

impl Crc32 {
    pub(super) fn new() -> Self {
        let mut tables = Box::new([[0_u32; 256]; 8]);
        for (byte, slot) in (0_u32..).zip(tables[0].iter_mut()) {
            *slot = (0..8).fold(byte, |crc, _| {
                crc >> 1 ^ if crc & 1 == 1 { 0xedb8_8320 } else { 0 }
            });
        }
        for byte in 0..256 {
            for table in 1..8 {
                let before = tables[table - 1][byte];
                tables[table][byte] = before >> 8 ^ tables[0][(before & 0xff) as usize];
            }
        }
        Self { tables }
    }

    /// The checksum of nothing, to be added to.
    pub(super) const START: u32 = 0;

    /// The checksum of what `crc` stands for with `data` behind it.
    pub(super) fn add(&self, crc: u32, data: &[u8]) -> u32 {
        !self.steps(!crc, data)
    }

    /// Eight bytes a step: a pack has a hundred megabytes.
    fn steps(&self, mut crc: u32, data: &[u8]) -> u32 {
        let t = &self.tables;
        let (steps, rest) = data.as_chunks::<8>();
        for step in steps {
            let low = crc ^ u32::from_le_bytes([step[0], step[1], step[2], step[3]]);
            crc = t[7][(low & 0xff) as usize]
                ^ t[6][(low >> 8 & 0xff) as usize]
                ^ t[5][(low >> 16 & 0xff) as usize]
                ^ t[4][(low >> 24) as usize]
                ^ t[3][usize::from(step[4])]
                ^ t[2][usize::from(step[5])]
                ^ t[1][usize::from(step[6])]
                ^ t[0][usize::from(step[7])];
        }
        rest.iter().fold(crc, |crc, byte| {
            crc >> 8 ^ t[0][((crc ^ u32::from(*byte)) & 0xff) as usize]
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums() {
        let crc = Crc32::new();
        for (text, expected) in [
            ("", 0),
            ("123456789", 0xcbf4_3926),
            ("The quick brown fox jumps over the lazy dog", 0x414f_a339),
        ] {
            let (start, end) = text.split_at(text.len() / 3);
            let first = crc.add(Crc32::START, start.as_bytes());
            assert_eq!(crc.add(first, end.as_bytes()), expected, "{text}");
        }
        assert_eq!(adler32(b"Wikipedia"), 0x11e6_0398);
        assert_eq!(adler32(b""), 1);
    }

    #[test]
    fn sizes_in_headers() {
        let header = |size| {
            let kind = Kind::Blob;
            Entry {
                kind,
                size,
                data: Data::Bytes(Vec::new()),
            }
            .header()
        };
        assert_eq!(header(0), [0x30]);
        assert_eq!(header(15), [0x3f]);
        assert_eq!(header(16), [0xb0, 0x01]);
        assert_eq!(header(0x7ff), [0xbf, 0x7f]);
        assert_eq!(header(0x800), [0xb0, 0x80, 0x01]);
    }

    #[test]
    fn streams_that_are_stored() {
        assert_eq!(stored(b""), [0x78, 1, 1, 0, 0, 0xff, 0xff, 0, 0, 0, 1]);
        let long = vec![7; BLOCK + 1];
        let stream = stored(&long);
        assert_eq!(stream.len(), 2 + 2 * 5 + long.len() + 4);
        assert_eq!(
            (stream[2], stream[2 + 5 + BLOCK]),
            (0, 1),
            "only the last block says so"
        );
    }
}
