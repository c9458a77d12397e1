//! Diagnostics as data: what is wrong, where, and what to do.
//!
//! Layer 1. PURE. Codes come from one table (`codes.rs`); the renderers are functions over the
//! data and a [`SourceMap`](crate::source::SourceMap). Printing is somebody else's work.

mod codes;
mod diagnostic;
mod render;
mod suggest;

pub use codes::Code;
pub use diagnostic::{Diagnostic, Label, Severity, has_errors};
pub use render::{concise, full, json};
pub use suggest::{closest, some_of};
