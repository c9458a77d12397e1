//! Variables and their expansion (configuration reference 10.3, runtime reference 12.3).
//!
//! Three engines: GitLab's single pass over one text, GitLab's nested pass over a whole
//! collection, and the runner's pass. Where a variable comes from and which engine a keyword uses
//! is known above this module.

/// Bytes that expansion makes at most. Linux takes no more when a program is started: its
/// arguments and environment together have 2 MiB. Doubling references reach it in twenty lines.
const SIZE_LIMIT: usize = 2 << 20;

mod nested;
mod runner;
mod scan;
mod single;
mod sort;
#[cfg(test)]
mod tests;
mod variables;

pub use nested::{ExpandError, References};
pub use runner::runner_expand;
pub use scan::names;
pub use single::{Unknown, expand};
pub use variables::{Variable, Variables};
