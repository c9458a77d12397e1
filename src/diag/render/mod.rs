//! Diagnostics as text: full, concise, JSON, and as the reports of other programs.
//!
//! Functions over the data and the sources; nothing is printed here. What a user wrote (names,
//! paths, lines) is shown with its control characters made visible, so that a repository can't
//! write to the terminal.

mod code_quality;
mod concise;
mod distinct;
mod excerpt;
mod full;
mod json;
mod junit;
mod sarif;
#[cfg(test)]
mod tests;

pub use code_quality::code_quality;
pub use concise::concise;
pub use full::full;
pub use json::json;
pub use junit::junit;
pub use sarif::sarif;
