//! The events of a run folded into what a person wants to see.
//!
//! PURE. [`View`] is a value: board, plain lines and summary are functions of it. Nothing here
//! knows a terminal.

mod fold;
#[cfg(test)]
mod fold_tests;
mod job;
mod tail;
mod view;

pub use job::{JobView, State};
pub use tail::{Excerpt, Tail};
pub use view::{Counts, Pull, RunHead, StageView, View};
pub(crate) use view::{KEPT_LINES, count, label};
