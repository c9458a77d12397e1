//! Reports of a run: live board, plain lines, JSON.
//!
//! Layer 5. Owns how a run looks to people and programs. It knows events only: no plan, no
//! executor, no scheduler. Everything that decides what is said is a pure function of
//! [`model::View`]; [`tty`] alone knows indicatif and the terminal.
//!
//! Job logs go to stdout; progress and the final summary go to stderr. Text of jobs is foreign:
//! nothing in it reaches a terminal but characters and colours ([`text`]).

pub mod before_shell;
pub mod choose;
pub mod failure;
pub mod header;
pub mod hub;
pub mod jsonl;
pub mod level;
pub mod line;
pub mod look;
pub mod model;
pub mod notes;
pub mod places;
pub mod plain;
pub mod sections;
pub mod sink;
pub mod summary;
pub mod text;
pub mod tty;
pub mod words;

#[cfg(test)]
pub(crate) mod testing;

pub use crate::event::Reporter;
pub use before_shell::BeforeShell;
pub use choose::{ColorChoice, Streams, Wish, for_logs, for_run, for_shell};
pub use hub::Hub;
pub use jsonl::Jsonl;
pub use level::OutputLevel;
pub use line::Paint;
pub use places::LogPlaces;
pub use sink::{Fault, Health, Sink};
