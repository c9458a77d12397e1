//! The command line: arguments, one file per command, exit codes.
//!
//! Layer 8. Arguments become requests here; no other module sees clap. Only `exit` turns a
//! result into the exit status of the process.

mod args;
mod artifacts;
mod clean;
mod complete;
mod description;
mod digest;
mod doctor;
mod doctor_text;
mod entry;
mod environments;
mod exit;
mod formats;
mod generate;
#[cfg(target_os = "linux")]
mod image;
mod image_args;
#[cfg(target_os = "linux")]
mod image_progress;
mod lint;
mod list;
mod list_json;
mod logs;
mod past_args;
mod places;
mod printer;
mod question;
mod request;
mod retry;
mod run;
mod runs;
mod shells;
mod signals;
mod table;
mod variants;

pub use args::command;
pub use entry::main;
pub use generate::{COMPLETIONS, completion, man_pages};
