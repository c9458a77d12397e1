//! What each diagnostic means: a text, an example and a remedy for every code.
//!
//! One file for each part of the table of codes. A test holds that no code lacks its text, another
//! one that the examples bring forth what they are examples of.

mod includes;
mod jobs;
mod keywords;
mod pipeline;
mod repository;
mod running;
mod settings;
mod text;
mod yaml;

pub use text::Example;
