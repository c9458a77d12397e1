//! Text that is not ours, made harmless: visible on a terminal, one word in a printed command.
//!
//! Layer 0. PURE. Names of jobs, images, branches and files come from a repository, messages from
//! daemons and registries. [`visible()`] is for every text that a person reads; [`Command`] builds
//! every command that a person may paste; [`system_words`] are those of an error of the system.

mod address;
mod command;
mod system;
mod visible;
mod xml;

pub use address::without_secrets;
pub use command::Command;
pub use system::{MAKE_ROOM, is_disk_full, system_words, without_number};
pub use visible::{is_hidden, visible};
pub use xml::xml_text;
