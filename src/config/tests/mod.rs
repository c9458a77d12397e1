//! The language in small configurations: each row is one rule of the configuration reference.

mod bombs;
mod chapters;
mod child;
mod include;
mod include_outside;
mod inputs;
mod jobs;
mod keywords;
mod merge;
mod more_keywords;
mod nulls;
mod own_project;
mod top_level;
mod trail;
mod typed;
mod typed_more;
mod warnings;
pub(crate) mod world;
