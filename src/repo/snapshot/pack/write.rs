//! Writing a pack and its index, both of version 2.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use git2::Oid;
use sha1::{Digest, Sha1};

use super::entry::{Crc32, Data, Entry};

/// Large objects are copied in pieces of so many bytes.
const PIECE: usize = 1 << 20;

/// A pack that is being written.
pub(super) struct PackWriter {
    folder: PathBuf,
    file: BufWriter<File>,
    digest: Sha1,
    offset: u64,
    crc: Crc32,
    entries: Vec<Indexed>,
}

/// What the index knows of an entry.
struct Indexed {
    id: Oid,
    crc: u32,
    offset: u64,
}

impl PackWriter {
    /// Begins a pack of `count` objects in `folder`.
    pub(super) fn create(folder: &Path, count: usize) -> io::Result<Self> {
        let file = File::create(folder.join("pack"))?;
        let mut pack = Self {
            folder: folder.to_owned(),
            file: BufWriter::with_capacity(1 << 20, file),
            digest: Sha1::new(),
            offset: 0,
            crc: Crc32::new(),
            entries: Vec::with_capacity(count),
        };
        pack.write(b"PACK")?;
        pack.write(&2_u32.to_be_bytes())?;
        pack.write(&be(count)?)?;
        Ok(pack)
    }

    /// Adds an object.
    pub(super) fn add(&mut self, id: Oid, entry: &Entry<'_>) -> io::Result<()> {
        let offset = self.offset;
        let mut crc = self.write_checked(Crc32::START, &entry.header())?;
        match &entry.data {
            Data::Bytes(bytes) => crc = self.write_checked(crc, bytes)?,
            Data::InPack { file, start, len } => {
                let mut buffer = vec![0; PIECE];
                let end = start + len;
                let mut at = *start;
                while at < end {
                    let piece = usize::try_from(end - at).map_or(PIECE, |left| left.min(PIECE));
                    file.read_exact_at(&mut buffer[..piece], at)?;
                    crc = self.write_checked(crc, &buffer[..piece])?;
                    at += piece as u64;
                }
            }
        }
        self.entries.push(Indexed { id, crc, offset });
        Ok(())
    }

    /// Ends the pack and writes its index. Returns the names of both, the index first.
    pub(super) fn finish(mut self) -> io::Result<Vec<String>> {
        let digest = self.digest.finalize();
        self.file.write_all(&digest)?;
        self.file.flush()?;
        self.entries.sort_by_key(|entry| entry.id);
        let index = index(&self.entries, &digest)?;
        let name: String = digest.iter().flat_map(|byte| hex(*byte)).collect();
        let names = ["idx", "pack"].map(|ending| format!("pack-{name}.{ending}"));
        fs::write(self.folder.join(&names[0]), index)?;
        fs::rename(self.folder.join("pack"), self.folder.join(&names[1]))?;
        Ok(names.to_vec())
    }

    fn write_checked(&mut self, crc: u32, bytes: &[u8]) -> io::Result<u32> {
        self.write(bytes)?;
        Ok(self.crc.add(crc, bytes))
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.digest.update(bytes);
        self.offset += bytes.len() as u64;
        self.file.write_all(bytes)
    }
}

/// The index of sorted entries.
fn index(entries: &[Indexed], pack: &[u8]) -> io::Result<Vec<u8>> {
    let mut index = vec![0xff, b't', b'O', b'c', 0, 0, 0, 2];
    for byte in 0..=u8::MAX {
        let upto = entries.partition_point(|entry| entry.id.as_bytes()[0] <= byte);
        index.extend_from_slice(&be(upto)?);
    }
    for entry in entries {
        index.extend_from_slice(entry.id.as_bytes());
    }
    for entry in entries {
        index.extend_from_slice(&entry.crc.to_be_bytes());
    }
    let mut long = Vec::new();
    for entry in entries {
        let short = match u32::try_from(entry.offset) {
            Ok(offset) if offset < 0x8000_0000 => offset.to_be_bytes(),
            _ => {
                long.extend_from_slice(&entry.offset.to_be_bytes());
                be(0x8000_0000 | (long.len() / 8 - 1))?
            }
        };
        index.extend_from_slice(&short);
    }
    index.extend_from_slice(&long);
    index.extend_from_slice(pack);
    let digest = Sha1::digest(&index);
    index.extend_from_slice(&digest);
    Ok(index)
}

fn be(number: usize) -> io::Result<[u8; 4]> {
    let number = u32::try_from(number).map_err(io::Error::other)?;
    Ok(number.to_be_bytes())
}

fn hex(byte: u8) -> [char; 2] {
    [byte >> 4, byte & 15].map(|digit| char::from_digit(digit.into(), 16).unwrap_or('0'))
}
