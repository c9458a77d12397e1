//! The end of a run in words: every job, why the failed ones failed, what GitLab would say.
//!
//! PURE. The board and the plain reporter print the same lines.

mod compose;
mod table;
mod verdict;

#[cfg(test)]
mod tests;

pub use compose::lines;
