//! Reports of a run: live board, plain lines, JSON.
//!
//! Layer 5. Owns how a run looks to people and programs. It knows events only: no plan, no
//! executor, no scheduler. Everything that decides what is said is a pure function of
//! [`model::View`]; [`tty`] alone knows indicatif and the terminal.
//!
//! Job logs go to stdout; progress and the final summary go to stderr. Text of jobs is foreign:
//! nothing in it reaches a terminal but characters and colours ([`text`]).

pub mod hub;
pub mod level;
pub mod line;
pub mod model;
pub mod sections;
pub mod sink;
pub mod text;
pub mod words;

mod reporter;
#[cfg(test)]
pub(crate) mod testing;

pub use hub::Hub;
pub use level::OutputLevel;
pub use reporter::Reporter;
pub use sink::{Fault, Health, Sink};
