//! What happens in a run, as facts: one ordered stream that every reporter and the record read.
//!
//! Layer 2. PURE. An event owns all it says; nothing here knows a plan, a channel or a terminal.
//! The JSON form is the contract of `pipe run --format json` and of the record on disk.

mod attempt;
mod kind;
mod read;
mod reporter;
mod seconds;
mod test_summary;
#[cfg(test)]
mod tests;
mod texts;
mod write;

pub use attempt::{AttemptResult, KeptArtifacts, KeptReport, ReportedVariable};
pub use kind::{
    Event, EventKind, HeldJob, JobOutcome, JobResult, JobSummary, Phase, PipelineResult, RunResult,
    RunStarted, SourceMode,
};
pub use reporter::Reporter;
pub use test_summary::TestSummary;
