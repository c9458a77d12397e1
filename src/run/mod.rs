//! The run: one dispatcher that makes scheduler, executors and reporters work together.
//!
//! Layer 6. Owns the order of events, slots and delays, the rules of GitLab Runner for one
//! attempt (runtime reference 1, 4, 5), masking and lines, artifacts between jobs, and the
//! cancellation of it all. Knows neither YAML nor a particular executor or reporter.
//!
//! ```text
//!   interrupt ─┐              ┌─▶ sched
//!   attempts ──┼─▶ dispatcher ┼─▶ reporters
//!   delays ────┘              └─▶ attempts ─▶ exec
//! ```

mod ahead;
mod attempt;
mod attempt_result;
mod begin;
mod dispatcher;
mod dotenv;
mod ended;
mod images;
mod interrupt;
mod limits;
mod lines;
mod log;
mod message;
mod obey;
mod queue;
mod resources;
mod result;
mod shared;
mod silence;
mod spec;
mod stage;
mod stream;
#[cfg(test)]
mod tests;
mod timers;
mod trees;

pub use begin::run;
pub use lines::{Lines, LogLine};
pub use spec::{
    AfterScript, ArtifactPlaces, Artifacts, ArtifactsWhen, AttemptContext, AttemptScripts, Expand,
    Interrupt, JobRun, JobSettings, PullPolicy, Refusal, RunError, RunSpec, Scripts, Sources,
};
