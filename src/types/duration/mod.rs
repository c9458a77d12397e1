//! Durations as people write them.

mod numerals;
mod parse;

pub use parse::{START_IN_LIMIT, TIMEOUT_LIMIT, parse};
