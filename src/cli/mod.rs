//! The command line: arguments, one file per command, exit codes.
//!
//! Layer 8. Arguments become requests here; no other module sees clap. Only `exit` turns a
//! result into the exit status of the process.

mod args;
mod artifacts;
mod bring;
mod clean;
mod complete;
mod config;
mod description;
mod digest;
mod doctor;
mod doctor_text;
mod draw;
mod entry;
mod environments;
mod event_args;
mod exit;
mod expand;
mod explain;
mod explain_args;
mod explain_code;
mod explain_job;
mod explain_json;
mod fetch;
mod fetch_variables;
mod formats;
mod generate;
mod graph;
mod grid;
#[cfg(target_os = "linux")]
mod image;
mod image_args;
#[cfg(target_os = "linux")]
mod image_progress;
mod lint;
mod lint_server;
mod list;
mod list_json;
mod list_refs;
mod logs;
mod panics;
mod past_args;
mod places;
mod printer;
mod question;
mod request;
mod retry;
mod run;
mod runs;
mod seat;
mod settings_help;
mod shell;
mod shell_args;
mod shells;
mod signals;
mod table;
mod threads;
mod variants;
mod watcher;

pub use args::command;
pub use entry::main;
pub use generate::{COMPLETIONS, completion, man_pages};
