//! The command line: arguments, one file per command, exit codes.
//!
//! Layer 7. Arguments become plain values here; no other module sees clap. Only `exit` turns a
//! result into the exit status of the process.

mod args;
mod checkout;
mod complete;
mod doctor;
mod doctor_text;
mod entry;
mod executors;
mod exit;
mod folders;
mod generate;
mod includes;
mod lint;
mod list;
mod list_json;
mod pipeline;
mod places;
mod printer;
mod run;
mod selection;
mod setting_files;
mod shells;
mod signals;
mod sources;
mod table;
mod variables;

pub use args::{Cli, command};
pub use entry::main;
pub use exit::Exit;
pub use generate::{COMPLETIONS, completion, man_pages};
