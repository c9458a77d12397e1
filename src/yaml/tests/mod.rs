//! Tests of the whole reader: text in, values and findings out.

mod dump;
mod files;
mod hostile;
mod merges;
mod mutations;
mod places;
mod scalars;
mod syntax;
mod write;
