//! One entry of the index: a path, and numbers in the order of gitformat-index(5).

use git2::{IndexEntry, Oid};

use super::entries::{Index, Place};

/// Bytes before the path, without the second two of flags.
pub(super) const FIELDS: usize = 62;
/// Set in the flags: there are two more bytes of them.
pub(super) const EXTENDED: u16 = 0x4000;
/// The user said that the file is not to be looked at.
const ASSUME_UNCHANGED: u16 = 0x8000;
const STAGE: u16 = 0x3000;
/// In the second flags: a sparse checkout leaves the file out.
const SKIP_WORKTREE: u16 = 0x4000;

/// A moment of a file system: seconds of which git keeps 32 bits, and nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(in crate::repo) struct Time {
    pub(in crate::repo) seconds: u32,
    pub(in crate::repo) nanoseconds: u32,
}

impl Time {
    pub(in crate::repo) fn new(seconds: i64, nanoseconds: i64) -> Self {
        Self {
            seconds: low(seconds.cast_unsigned()),
            nanoseconds: low(nanoseconds.cast_unsigned()),
        }
    }
}

/// What git keeps of a number.
pub(in crate::repo) fn low(number: u64) -> u32 {
    u32::try_from(number & u64::from(u32::MAX)).unwrap_or_default()
}

/// A tracked file, or one version of it in a conflict.
#[derive(Debug, Clone, Copy)]
pub(in crate::repo) struct Entry<'a> {
    /// At least [`FIELDS`] bytes, and two more where the flags say so.
    pub(super) fields: &'a [u8],
    pub(in crate::repo) path: &'a [u8],
}

impl Entry<'_> {
    pub(in crate::repo) fn changed(&self) -> Time {
        self.time(0)
    }

    pub(in crate::repo) fn modified(&self) -> Time {
        self.time(8)
    }

    pub(in crate::repo) fn inode(&self) -> u32 {
        self.number(20)
    }

    pub(in crate::repo) fn mode(&self) -> u32 {
        self.number(24)
    }

    pub(in crate::repo) fn user(&self) -> u32 {
        self.number(28)
    }

    pub(in crate::repo) fn group(&self) -> u32 {
        self.number(32)
    }

    /// Bytes; none where git could not trust the times.
    pub(in crate::repo) fn size(&self) -> u32 {
        self.number(36)
    }

    pub(in crate::repo) fn id(&self) -> Oid {
        Oid::from_bytes(&self.fields[40..60]).unwrap_or(Oid::ZERO_SHA1)
    }

    pub(in crate::repo) fn is_submodule(&self) -> bool {
        self.mode() == 0o160_000
    }

    pub(in crate::repo) fn is_in_conflict(&self) -> bool {
        self.flags() & STAGE != 0
    }

    pub(in crate::repo) fn is_assumed_unchanged(&self) -> bool {
        self.flags() & ASSUME_UNCHANGED != 0
    }

    /// Whether a sparse checkout keeps the file out of the work tree. Jobs have it all the same.
    pub(in crate::repo) fn is_left_out(&self) -> bool {
        self.flags() & EXTENDED != 0 && self.short(FIELDS) & SKIP_WORKTREE != 0
    }

    fn flags(&self) -> u16 {
        self.short(60)
    }

    fn time(&self, at: usize) -> Time {
        Time {
            seconds: self.number(at),
            nanoseconds: self.number(at + 4),
        }
    }

    fn number(&self, at: usize) -> u32 {
        let bytes = &self.fields[at..at + 4];
        bytes
            .iter()
            .fold(0, |number, byte| number << 8 | u32::from(*byte))
    }

    fn short(&self, at: usize) -> u16 {
        u16::from_be_bytes([self.fields[at], self.fields[at + 1]])
    }
}

impl Index {
    /// Adds an entry as libgit2 has it.
    pub(super) fn push(&mut self, entry: &IndexEntry) {
        let at = self.bytes.len();
        let time = |time: git2::IndexTime| [time.seconds().cast_unsigned(), time.nanoseconds()];
        let numbers = [
            &time(entry.ctime)[..],
            &time(entry.mtime),
            &[entry.dev, entry.ino, entry.mode],
            &[entry.uid, entry.gid, entry.file_size],
        ];
        for number in numbers.into_iter().flatten() {
            self.bytes.extend(number.to_be_bytes());
        }
        self.bytes.extend(entry.id.as_bytes());
        self.bytes.extend((entry.flags | EXTENDED).to_be_bytes());
        self.bytes.extend(entry.flags_extended.to_be_bytes());
        let path = self.bytes.len();
        self.bytes.extend(&entry.path);
        self.places.push(Place {
            at: low(at as u64),
            path: low(path as u64),
            length: low(entry.path.len() as u64),
        });
    }
}
