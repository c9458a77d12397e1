//! Durations: what people write, and how seconds are shown to them.

mod format;
mod numerals;
mod parse;

pub use format::format;
pub use parse::{DurationError, START_IN_LIMIT, TIMEOUT_LIMIT, is_never, parse};
