//! YAML as GitLab reads it: libyaml's events, Psych's scalars, positional merge keys.
//!
//! Layer 2. PURE. [`parse`] turns text into [`Value`]s that remember where they were written;
//! nothing here knows a GitLab keyword but the tag `!reference`. The rules are chapter 2 of the
//! configuration reference.

mod value;

pub use value::{Entry, Key, Kind, Mapping, Value};
