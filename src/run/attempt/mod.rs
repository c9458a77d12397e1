//! One attempt of one job, from an open environment to a closed one (runtime reference 1, 5).
//!
//! ```text
//! image → open → hook → script → after_script → artifacts, reports → (end is told) → close
//! ```

mod ahead;
mod cache;
mod driver;
mod earlier;
mod evidence;
mod globs;
mod hook;
mod leave;
mod person;
mod prepare;
mod report_content;
mod report_files;
mod reports;
mod scripts;
mod words;

pub(super) use ahead::{Ahead, discard, open_ahead};
pub(super) use driver::{Order, run};
