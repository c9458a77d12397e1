//! Shapes: what a value must look like, as data, and the check that reports every mistake.
//!
//! The tables in [`keywords`](super::keywords) are made of shapes. A shape says what GitLab accepts;
//! the readers beside the tables make types of what was accepted.

mod check;
mod fit;
mod keyword;
mod removed;

pub(super) use check::Check;
pub(super) use fit::{entries, flatten, listed, row, unquoted_key};
pub(super) use keyword::{Keys, Keyword, Scope, Shape, key};
pub(super) use removed::instead_of;
