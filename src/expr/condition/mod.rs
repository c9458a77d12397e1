//! The conditions of `rules:if` (configuration reference 9).
//!
//! Text → tokens → tree → value. The parser accepts exactly what GitLab's operator stack accepts;
//! [`explain`] then finds the words for what it refuses. Nothing is evaluated by anything else.
//! Knows no rules, jobs or YAML; variables arrive through [`Lookup`].

mod error;
mod eval;
mod explain;
mod lexer;
mod order;
mod parsed;
mod parser;
#[cfg(test)]
mod tests;
mod value;

pub use error::ConditionError;
pub use parsed::Condition;
pub use value::{InputValue, Lookup};
