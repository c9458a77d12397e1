//! The run: one dispatcher that makes schedulers, runners and reporters work together.
//!
//! Layer 6. Owns the order of events, the pipelines of a run, slots and delays, the rules of GitLab
//! Runner for one attempt (runtime reference 1, 4, 5), masking and lines, artifacts between jobs,
//! and the cancellation of it all. Knows neither YAML nor a particular executor or reporter.
//!
//! ```text
//!   stopping ─┐              ┌─▶ pipelines ─▶ sched
//!   attempts ─┼─▶ dispatcher ┼─▶ stream ─▶ reporters
//!   timers ───┘              └─▶ slots ─▶ attempts ─▶ exec
//! ```
//!
//! | what | where |
//! |---|---|
//! | before the first job | `preparation`, `images_first` |
//! | what a run is told | `spec` |
//! | who does what next | `dispatcher` |
//! | what is known | `pipelines`, `pipeline`, `slots`, `timers`, `resources`, `attempts` |
//! | making things early | `look_ahead`, `pulls` |
//! | one attempt | `attempt`, in calls that end (`bounded_call`) |
//! | what is told | `stream`, `log`, `silence`, `result` |

mod attempt;
mod attempts;
mod bounded_call;
mod cache;
mod context;
mod coverage;
mod dispatcher;
mod dotenv;
mod ids;
mod images;
mod junit;
mod limits;
mod lines;
mod log;
mod look_ahead;
mod message;
mod pipeline;
mod pipelines;
mod preparation;
mod pulls;
mod resources;
mod result;
mod runner;
mod silence;
mod slots;
mod spec;
mod stream;
#[cfg(test)]
mod tests;
mod timers;
mod trees;

pub use cache::JobCache;
pub use coverage::Coverage;
pub use preparation::run;
pub use runner::{Runner, RunnerIndex};
pub use spec::{
    AfterScript, AttemptContext, AttemptScripts, ChildPipeline, EarlierSuccess, EarlyFailure,
    Expand, Interrupt, JobEnvironment, JobRun, JobSettings, Person, PipelineSpec, Received,
    Refusal, ReportFiles, RunError, RunSettings, RunSpec, ScriptJob, Seat, Succeeded, Trigger,
    TriggerContext, Work,
};
