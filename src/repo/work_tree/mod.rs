//! What git sees in the work tree: `git status`, made to look while others write.
//!
//! libgit2's own way gives up when a file changes under it, and waits for ever at a pipe named
//! `.gitignore`. Here a file is what it was when it was looked at.

mod compare;
mod ignores;
mod list;
#[cfg(test)]
mod random_tests;
mod staged;
#[cfg(test)]
mod tests;
mod walk;

pub(super) use compare::blob_id_of;
pub(super) use ignores::is_ignored;
pub(super) use list::WorkFiles;
