//! Runs on disk (design chapter 6, 8).
//!
//! ```text
//! $XDG_STATE_HOME/pipe/
//!   pipelines, jobs          the last ids given out
//!   <project>/
//!     iid                    number of the last run
//!     checkout               where the project is, so that its record goes with it
//!     runs/<id>/
//!       lock                 held while the run lives
//!       events.jsonl         what happened; log lines by offset and length
//!       logs/<job>.<attempt>
//!       artifacts/<job>.<attempt>.tar
//! ```
//!
//! Layer 5. Folders are 0700 and files 0600, also those that were there before; files appear whole or not at all, and two processes never get the
//! same id. Knows events, no plan and no executor.

mod counter;
mod error;
mod folder;
mod history;
mod live;
mod project;
mod recorder;
mod replay;
mod state;
#[cfg(test)]
mod tests;

pub use error::RecordError;
pub use history::{PastRun, Success};
pub use live::{LiveRun, log};
pub use project::{Keep, ProjectRecord};
pub use recorder::Recorder;
pub use replay::Events;
pub use state::State;
