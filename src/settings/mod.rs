//! Settings: each one's value, where it came from, and who may set it; and the CI/CD variables
//! that GitLab would keep on its server.
//!
//! Layer 5. PURE: texts of files, flags and environment come as arguments. One table (`key.rs`)
//! says all there is about a key. A repository may set only what is marked safe, for a clone is
//! hostile input (design chapter 3).

mod file;
mod key;
mod kind;
mod problem;
mod resolve;
#[cfg(test)]
mod tests;
mod value;
pub mod variables;

pub use key::Key;
pub use kind::Kind;
pub use problem::{Place, Problem};
pub use resolve::{Inputs, Setting, Settings, resolve};
pub use value::{Source, Value};
