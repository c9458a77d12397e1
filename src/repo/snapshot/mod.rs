//! The tree as layers, each a tar stream: what the commit puts into the project folder, with a
//! `.git` that works, and over it what the work tree has changed (design chapter 6).
//!
//! Everything is made from git's objects and the work tree; the repository itself is not touched.

mod archive;
mod attributes;
mod checkout;
#[cfg(test)]
mod checkout_tests;
mod edits;
mod encoding;
mod files;
mod git_dir;
mod gitmodules;
mod history;
#[cfg(test)]
mod history_tests;
mod ident;
mod lfs;
mod pack;
mod pathspec;
mod refs;
mod submodules;
#[cfg(test)]
mod submodules_tests;
#[cfg(test)]
mod take_tests;
#[cfg(test)]
pub(super) mod taken;

pub use checkout::{Checkout, SnapshotOptions};
pub use pathspec::CommitPaths;
