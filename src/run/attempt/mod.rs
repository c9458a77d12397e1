//! One attempt of one job, from an open environment to a closed one (runtime reference 1, 5).
//!
//! ```text
//! image → open → script → after_script → artifacts → (end is told) → close
//! ```

mod ahead;
mod driver;
mod leave;
mod prepare;
mod scripts;
mod words;

pub(super) use ahead::{discard, open_ahead};
pub(super) use driver::{Order, run};
