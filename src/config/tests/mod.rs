//! The language in small configurations: each row is one rule of the configuration reference.

mod jobs;
mod keywords;
mod more_keywords;
pub(crate) mod world;
