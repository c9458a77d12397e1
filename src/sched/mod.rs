//! Which job starts when: GitLab's pipeline processing as a state machine.
//!
//! Layer 5. PURE, and uses nothing but `types`: no clock (timers and their end come in as
//! inputs), no slots (a job that is ready is handed out at once; whoever runs jobs keeps the
//! queue). The rules are those of runtime reference 6.
//!
//! ```text
//! Input ──step──▶ Action*
//! Begin, Started, Finished, …      Start, Acquire, Schedule, Wait, Skip, Stop, Cancel, Retry, Done
//! ```

mod cause;
mod composite;
mod decide;
mod input;
mod moves;
mod order;
mod pipeline;
mod priority;
mod process;
mod query;
mod retry;
mod spec;
mod stage;
#[cfg(test)]
pub(crate) mod tests;

pub use cause::SkipCause;
pub use input::{Action, Input, Outcome};
pub use pipeline::Pipeline;
pub use priority::remaining_paths;
pub use spec::{JobIndex, JobSpec, Options, SpecError};
