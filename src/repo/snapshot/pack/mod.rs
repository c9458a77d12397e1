//! Writing the objects of a job's `.git` as one pack.
//!
//! libgit2 can build packs, but compresses every object anew, which takes seconds for a tree of
//! a hundred megabytes. The objects mostly lie in packs already, compressed and as deltas: those
//! bytes are copied as they are. What does not, is stored without compression.

mod build;
mod entry;
mod source;
#[cfg(test)]
mod tests;
mod write;

pub(super) use build::write;
