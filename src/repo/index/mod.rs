//! Git's index (gitformat-index(5)): the tracked files, and what they were like when git last
//! looked.
//!
//! libgit2 makes an object and a place in a table of each entry and hashes the whole file; on 75,000
//! entries that takes longer than looking at the files. Here the file stays the bytes that it is.
//! As git does by default, the hash at its end is not held against them.

mod cached_trees;
mod entries;
mod entry;
mod parse;
#[cfg(test)]
mod tests;

pub(super) use entries::Index;
pub(super) use entry::{Entry, Time, low};
