//! From the bytes of an index file to the places of its entries.

use std::cmp::Ordering;

use super::entries::{Index, Place};
use super::entry::{EXTENDED, FIELDS, low};
use crate::repo::listing::is_refused;

const HEADER: usize = 12;
/// The hash behind everything.
const HASH: usize = 20;
/// Of an entry's flags: how long its path is, unless it is longer.
const LENGTH: u16 = 0x0fff;

/// `None` where something is wrong, or another program is needed to understand it: a split or a
/// sparse index.
pub(super) fn parse(bytes: Vec<u8>) -> Option<Index> {
    // Places are short numbers.
    u32::try_from(bytes.len().checked_mul(4)?).ok()?;
    let end = bytes.len().checked_sub(HASH)?;
    let version = number(&bytes, 4)?;
    if !bytes.starts_with(b"DIRC") || !(2..=4).contains(&version) {
        return None;
    }
    let count = number(&bytes, 8)? as usize;
    // Room for what there can be, not for what is claimed.
    let mut index = Index {
        places: Vec::with_capacity(count.min(bytes.len() / FIELDS)),
        bytes,
        ..Index::default()
    };
    let mut at = HEADER;
    for _ in 0..count {
        at = index.parse_entry(at, end, version)?;
    }
    index.parse_extensions(at, end)?;
    Some(index)
}

impl Index {
    /// Takes the entry at that place. Returns where the next begins.
    fn parse_entry(&mut self, at: usize, end: usize, version: u32) -> Option<usize> {
        let fields = self.bytes.get(at..end)?;
        let flags = u16::from_be_bytes(fields.get(60..FIELDS)?.try_into().ok()?);
        let behind = FIELDS + if flags & EXTENDED == 0 { 0 } else { 2 };
        let rest = fields.get(behind..)?;
        let last = self.places.last().copied();
        let (path, length, next) = if version == 4 {
            let (drop, used) = varint(rest)?;
            let suffix = rest.get(used..)?;
            let suffix_length = memchr::memchr(0, suffix)?;
            let suffix = at + behind + used..at + behind + used + suffix_length;
            let next = suffix.end + 1;
            let kept = (last.map_or(0, |last| last.length as usize)).checked_sub(drop)?;
            let kept_from = last.map_or(0, |last| last.path as usize);
            let path = self.bytes.len();
            self.bytes.extend_from_within(kept_from..kept_from + kept);
            self.bytes.extend_from_within(suffix);
            (path, kept + suffix_length, next)
        } else {
            let length = memchr::memchr(0, rest)?;
            if usize::from(flags & LENGTH) != length.min(usize::from(LENGTH)) {
                return None;
            }
            // One to eight zeros round it up.
            let next = at + ((behind + length + 8) & !7);
            (at + behind, length, next)
        };
        let place = Place {
            at: low(at as u64),
            path: u32::try_from(path).ok()?,
            length: low(length as u64),
        };
        if next > end || !self.may_follow(last, place) {
            return None;
        }
        self.places.push(place);
        Some(next)
    }

    /// Whether it is a path that git would check out, and comes behind the one before it. Versions
    /// of a file in a conflict have the same.
    fn may_follow(&self, last: Option<Place>, place: Place) -> bool {
        let path = self.path(place);
        let order = last.map_or(Ordering::Less, |last| self.path(last).cmp(path));
        order != Ordering::Greater && !path.split(|byte| *byte == b'/').any(is_refused)
    }

    /// Those that begin with a small letter change what the entries mean.
    fn parse_extensions(&mut self, mut at: usize, end: usize) -> Option<()> {
        while at < end {
            let name = self.bytes.get(at..at + 4)?;
            let body = at + 8;
            let next = body.checked_add(number(&self.bytes, at + 4)? as usize)?;
            if next > end || !name[0].is_ascii_uppercase() {
                return None;
            }
            if name == b"TREE" {
                self.cached_trees = body..next;
            }
            at = next;
        }
        Some(())
    }
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..at + 4)?;
    Some(u32::from_be_bytes(bytes.try_into().ok()?))
}

/// A number of as many bytes as it needs, and how many these are.
fn varint(bytes: &[u8]) -> Option<(usize, usize)> {
    let mut number = 0_usize;
    for (at, byte) in bytes.iter().enumerate().take(4) {
        number = number << 7 | usize::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return Some((number, at + 1));
        }
        number += 1;
    }
    None
}
