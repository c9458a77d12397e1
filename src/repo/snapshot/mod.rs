//! The tree as one tar file, with a `.git` that works: what a job finds in its project folder.
//!
//! Everything is made from git's objects and the work tree; the repository itself is not touched.

mod archive;
mod attributes;
#[cfg(test)]
mod checkout_tests;
mod files;
mod git_dir;
mod gitmodules;
mod history;
mod pack;
mod submodules;
#[cfg(test)]
mod submodules_tests;
mod take;
#[cfg(test)]
mod take_tests;

pub use take::{Snapshot, SnapshotOptions};
