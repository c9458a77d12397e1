//! What a configuration is read from.

use crate::expr::Lookup;

use super::inputs::GivenInput;
use super::provider::FileProvider;

/// What to read, and what includes may look at.
pub struct Request<'a> {
    /// Path of the main file in the tree.
    pub path: &'a str,
    /// The tree.
    pub files: &'a dyn FileProvider,
    /// Raw variables of the include phase (configuration reference 4.4).
    pub lookup: &'a dyn Lookup,
    /// Expansion in include paths: unknown names become empty.
    pub expand: &'a dyn Fn(&str) -> String,
    /// Expansion in `exists`, `changes` and `expand_vars`: unknown names stay.
    pub expand_known: &'a dyn Fn(&str) -> String,
    /// Values for the main file's inputs.
    pub inputs: &'a [GivenInput],
}
