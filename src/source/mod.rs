//! Source text, byte spans, lines and columns.
//!
//! Layer 0. PURE. Every place is a byte span; lines and columns are made only when printing.

mod line_index;
mod map;
mod span;

pub use line_index::{LineIndex, Position};
pub use map::{SourceFile, SourceMap};
pub use span::{FileId, Span, SpannedText};
