//! The expression languages of GitLab: conditions, regular expressions, variables, globs.
//!
//! Layer 2. PURE: texts in, verdicts out; no files, no clock, no YAML. What a rule does with a
//! verdict is not known here.

mod condition;
pub mod expand;
pub mod glob;
pub mod re2;

pub use condition::{Condition, InputValue, Lookup};
pub use expand::{Variable, Variables};
pub use glob::ArtifactGlobs;
