//! Diagnostics as text: full, concise, JSON.
//!
//! Functions over the data and the sources; nothing is printed here. What a user wrote (names,
//! paths, lines) is shown with its control characters made visible, so that a repository can't
//! write to the terminal.

mod concise;
mod distinct;
mod excerpt;
mod full;
mod json;
#[cfg(test)]
mod tests;

pub use concise::concise;
pub use full::full;
pub use json::json;
