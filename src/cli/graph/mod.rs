//! The pipeline as a picture: what it is made of, and how it is drawn.

mod dot;
mod mermaid;
mod picture;
mod svg;
mod tree;

pub(super) use dot::dot;
pub(super) use mermaid::mermaid;
pub(super) use picture::Picture;
pub(super) use svg::svg;
pub(super) use tree::tree;
