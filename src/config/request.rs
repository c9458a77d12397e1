//! What a configuration is read from.

use crate::expr::Lookup;
use crate::source::SourceMap;

use super::inputs::GivenInput;
use super::model::ChildInclude;
use super::provider::FileProvider;

/// What to read, and what includes may look at.
pub struct Request<'a> {
    /// Where it begins.
    pub start: Start<'a>,
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

/// Where a configuration begins.
#[derive(Debug, Clone, Copy)]
pub enum Start<'a> {
    /// With a file of the tree, by its path.
    File(&'a str),
    /// With what a trigger job includes, as if that stood alone in a file (configuration reference
    /// 6.25).
    Child {
        /// `trigger:include`.
        includes: &'a [ChildInclude],
        /// Where its places lie.
        sources: &'a SourceMap,
    },
}
