//! Reading entries out of the packs that are there, compressed as they are.

use std::collections::HashSet;
use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use git2::Oid;

use super::entry::{Data, Entry, Kind};

const ID: usize = 20;
const MAGIC: [u8; 8] = [0xff, b't', b'O', b'c', 0, 0, 0, 2];
/// The head of an index: magic, version, and how many ids begin with up to each byte.
const HEAD: usize = 8 + 256 * 4;
const OFS_DELTA: u8 = 6;
const REF_DELTA: u8 = 7;
/// Entries up to this size are read at once. Bytes.
const AT_ONCE: u64 = 64 * 1024;
/// Lists of alternates may name each other.
const MAX_ALTERNATES: usize = 32;

/// All packs of a repository, in a fixed order. A delta is always in the pack of its base, so
/// that the base is found in the same pack or an earlier one: no circle of deltas can come out,
/// even when an object lies in several packs.
pub(super) struct Sources {
    packs: Vec<Pack>,
}

impl Sources {
    /// What can't be read is left out; the database has its own way to the objects.
    pub(super) fn open(git: &git2::Repository) -> Self {
        let mut packs = Vec::new();
        for objects in object_folders(&git.commondir().join("objects")) {
            let entries = fs::read_dir(objects.join("pack"));
            let mut indexes: Vec<_> = entries
                .into_iter()
                .flatten()
                .flatten()
                .map(|entry| entry.path())
                .filter(|path| path.extension().is_some_and(|ending| ending == "idx"))
                .collect();
            indexes.sort();
            packs.extend(indexes.iter().filter_map(|index| Pack::open(index)));
        }
        Self { packs }
    }

    /// The entry of `id`, when it can be copied: a delta only when its base is wanted too.
    pub(super) fn entry(&self, id: Oid, wanted: &HashSet<Oid>) -> Option<Entry<'_>> {
        let entry = self
            .packs
            .iter()
            .find_map(|pack| Some(pack.entry(pack.find(id)?)))??;
        match entry.kind {
            Kind::Delta { base } if !wanted.contains(&base) => None,
            _ => Some(entry),
        }
    }
}

fn object_folders(first: &Path) -> Vec<PathBuf> {
    let mut folders = vec![first.to_owned()];
    let mut next = 0;
    while next < folders.len() && folders.len() < MAX_ALTERNATES {
        let list = fs::read_to_string(folders[next].join("info/alternates")).unwrap_or_default();
        for line in list
            .lines()
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
        {
            let folder = folders[next].join(line);
            if !folders.contains(&folder) {
                folders.push(folder);
            }
        }
        next += 1;
    }
    folders
}

/// One pack and its index.
struct Pack {
    file: File,
    index: Vec<u8>,
    count: usize,
    /// Where each entry begins, and its place among the ids; sorted.
    starts: Vec<(u64, usize)>,
    /// Where the last entry ends: the checksum of the pack follows.
    end: u64,
}

impl Pack {
    fn open(path: &Path) -> Option<Self> {
        let index = fs::read(path).ok()?;
        if !index.starts_with(&MAGIC) {
            return None;
        }
        let count = usize::try_from(number(&index, HEAD - 4)?).ok()?;
        let file = File::open(path.with_extension("pack")).ok()?;
        let end = file.metadata().ok()?.len().checked_sub(ID as u64)?;
        let mut pack = Self {
            file,
            index,
            count,
            starts: Vec::new(),
            end,
        };
        pack.starts = (0..count)
            .map(|place| Some((pack.start(place)?, place)))
            .collect::<Option<_>>()?;
        pack.starts.sort_unstable();
        Some(pack)
    }

    fn find(&self, id: Oid) -> Option<usize> {
        let first = usize::from(*id.as_bytes().first()?);
        let upto = |byte: usize| number(&self.index, 8 + byte * 4).map(|n| n as usize);
        let mut low = if first == 0 { 0 } else { upto(first - 1)? };
        let mut high = upto(first)?.min(self.count);
        while low < high {
            let middle = low + (high - low) / 2;
            match self.id(middle)?.cmp(id.as_bytes()) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
                std::cmp::Ordering::Equal => return Some(middle),
            }
        }
        None
    }

    fn id(&self, place: usize) -> Option<&[u8]> {
        let at = HEAD + place * ID;
        self.index.get(at..at + ID)
    }

    /// Where an entry begins: four bytes, or the place of eight in the table for large packs.
    fn start(&self, place: usize) -> Option<u64> {
        let offsets = HEAD + self.count * (ID + 4);
        let short = number(&self.index, offsets + place * 4)?;
        if short & 0x8000_0000 == 0 {
            return Some(u64::from(short));
        }
        let at = offsets + self.count * 4 + (short & 0x7fff_ffff) as usize * 8;
        let long = self.index.get(at..at + 8)?;
        Some(u64::from_be_bytes(long.try_into().ok()?))
    }

    fn entry(&self, place: usize) -> Option<Entry<'_>> {
        let start = self.start(place)?;
        let next = self.starts.partition_point(|(other, _)| *other <= start);
        let end = self.starts.get(next).map_or(self.end, |(next, _)| *next);
        let len = end.checked_sub(start)?;
        let mut bytes = vec![0; usize::try_from(len.min(AT_ONCE)).ok()?];
        self.file.read_exact_at(&mut bytes, start).ok()?;
        let mut head = Head {
            bytes: &bytes,
            at: 0,
        };
        let (number, size) = head.kind_and_size()?;
        let kind = match number {
            OFS_DELTA => Kind::Delta {
                base: self.id_at(start.checked_sub(head.distance()?)?)?,
            },
            REF_DELTA => Kind::Delta { base: head.id()? },
            number => Kind::whole(number)?,
        };
        let head = head.at;
        let data = if len <= AT_ONCE {
            bytes.drain(..head);
            Data::Bytes(bytes)
        } else {
            Data::InPack {
                file: &self.file,
                start: start + head as u64,
                len: len - head as u64,
            }
        };
        Some(Entry { kind, size, data })
    }

    /// The id of the entry that begins at `start`.
    fn id_at(&self, start: u64) -> Option<Oid> {
        let at = self
            .starts
            .binary_search_by_key(&start, |(start, _)| *start)
            .ok()?;
        Oid::from_bytes(self.id(self.starts.get(at)?.1)?).ok()
    }
}

/// The head of an entry.
struct Head<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Head<'_> {
    fn byte(&mut self) -> Option<u8> {
        let byte = self.bytes.get(self.at).copied();
        self.at += 1;
        byte
    }

    fn kind_and_size(&mut self) -> Option<(u8, u64)> {
        let mut byte = self.byte()?;
        let kind = byte >> 4 & 7;
        let mut size = u64::from(byte & 0x0f);
        let mut shift = 4;
        while byte & 0x80 != 0 {
            byte = self.byte()?;
            size |= u64::from(byte & 0x7f).checked_shl(shift)?;
            shift += 7;
        }
        Some((kind, size))
    }

    /// How far before a delta its base begins.
    fn distance(&mut self) -> Option<u64> {
        let mut byte = self.byte()?;
        let mut distance = u64::from(byte & 0x7f);
        while byte & 0x80 != 0 {
            byte = self.byte()?;
            distance = distance.checked_add(1)?.checked_mul(128)? | u64::from(byte & 0x7f);
        }
        Some(distance)
    }

    fn id(&mut self) -> Option<Oid> {
        let id = self.bytes.get(self.at..self.at + ID)?;
        self.at += ID;
        Oid::from_bytes(id).ok()
    }
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..at + 4)?;
    Some(u32::from_be_bytes(bytes.try_into().ok()?))
}
