//! RE2, the regular expressions of GitLab, on the `regex` crate (configuration reference 9.4).
//!
//! Both are linear-time engines of one family; they differ in small things (what `\d` means, a
//! `{` that is no quantifier, `&&` in a class). A pattern is therefore read here as RE2 reads it
//! and written anew for the crate, so that no difference can leak through. Knows nothing of
//! conditions or YAML.

mod classes;
mod cursor;
mod error;
mod groups;
mod repetition;
#[cfg(test)]
mod tests;
mod translate;

pub use error::Error;
pub use translate::{compile, from_slashes};
