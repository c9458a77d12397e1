//! Tests of the whole reader: text in, values and findings out.

mod dump;
mod hostile;
mod mutations;
mod places;
mod rules;
mod syntax;
mod write;
