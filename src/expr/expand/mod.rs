//! Variables and their expansion (configuration reference 10.3, runtime reference 12.3).
//!
//! Three engines: GitLab's single pass over one text, GitLab's nested pass over a whole
//! collection, and the runner's pass. Where a variable comes from and which engine a keyword uses
//! is known above this module.

mod limit;
mod nested;
mod origin;
mod runner;
mod scan;
mod single;
mod sort;
#[cfg(test)]
mod tests;
mod value;
mod variables;

pub use nested::{ExpandError, References};
pub use origin::{SettingPlace, VariableOrigin, YamlLevel};
pub use runner::runner_expand;
pub use scan::names;
pub use single::{Unknown, expand};
pub use value::Value;
pub use variables::{Variable, Variables};
