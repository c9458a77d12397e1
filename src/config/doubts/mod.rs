//! What GitLab accepts, but surely isn't meant: `pipe lint` warns of it.
//!
//! Nothing here makes a configuration invalid, and nothing is said of what could be meant.

mod all;
mod events;
mod rules;
mod scalars;
mod undefined;

pub use all::doubts;
pub use undefined::undefined_variables;
