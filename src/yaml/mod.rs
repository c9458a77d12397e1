//! YAML as GitLab reads it: libyaml's events, Psych's scalars, positional merge keys.
//!
//! Layer 2. PURE. [`load()`] turns the text of one file into [`Value`]s that remember where they
//! were written; nothing here knows a GitLab keyword but the tag `!reference` and the header's
//! `spec`. The rules are those of configuration reference 2.
//!
//! ```text
//! text ─split→ pieces ─events→ events ─builder→ Value   (scalar, tag, merge, anchors)
//!                         └ syntax: failures in plain words        └ size: GitLab's limits
//! ```

mod anchors;
mod builder;
mod document;
mod events;
mod load;
mod mapping;
mod merge;
mod piece;
mod scalar;
mod size;
mod split;
mod syntax;
mod tag;
#[cfg(test)]
mod tests;
mod value;
mod write;

pub use document::parse_document;
pub use load::{Loaded, load};
pub use mapping::{Entry, Key, Mapping};
pub use value::{Kind, Value};
pub use write::write;
