//! The shell text of each stage of a job, as GitLab Runner generates it.
//!
//! Layer 5. PURE: strings in, one string out. Owns quoting, the echo of commands, file variables
//! and the options a script runs under (runtime reference 2). Knows no executor, container or
//! process: [`Stage::step_script`] and its siblings return text for the standard input of a shell.

mod command;
mod flags;
mod quote;
mod stage;
mod variable;

#[cfg(test)]
mod tests;

pub use flags::Flags;
pub use stage::{Stage, gitlab_env_path, temp_dir};
pub use variable::Variable;
