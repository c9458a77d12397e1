//! Text that is not ours, made harmless: visible on a terminal, one word in a printed command.
//!
//! Layer 0. PURE. Names of jobs, images, branches and files come from a repository, messages from
//! daemons and registries. [`visible`] is for every text that a person reads; [`Command`] builds
//! every command that a person may paste.

mod command;
mod visible;

pub use command::{Command, shell_word};
pub use visible::{is_hidden, visible};
