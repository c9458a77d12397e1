//! The end of a run: statuses from GitLab's states, the exit code, the last event (design
//! chapter 2).

use crate::event::{EventKind, RunResult};
use crate::types::{Status, exit_code};

use super::ids::PipelineIndex;
use super::pipelines::Pipelines;
use super::stream::Stream;

/// Tells of jobs that never got their turn, which are shown as skipped, and of trigger jobs whose
/// children wait for a person.
pub(super) fn tell_who_waits(pipelines: &Pipelines, stream: &mut Stream<'_>) {
    for at in pipelines.all() {
        let pipeline = &pipelines[at];
        for job in pipeline.scheduler().jobs() {
            let name = || pipeline.name(job).to_owned();
            let event = if pipeline.scheduler().status_of(job) == Status::Created {
                let reason = pipeline.why_skipped(job).unwrap_or_default();
                EventKind::JobSkipped {
                    job: name(),
                    reason,
                }
            } else if pipelines.waits_with_child(at, job) {
                EventKind::JobWaits { job: name() }
            } else {
                continue;
            };
            stream.emit(pipeline.path(), event);
        }
    }
}

/// The result of a run in which nothing goes on any more.
pub(super) fn of(pipelines: &Pipelines, signal: Option<u8>, is_recorded: bool) -> RunResult {
    let root = PipelineIndex::ROOT;
    let held = pipelines.held();
    RunResult {
        status: pipelines.status(root),
        exit: exit(pipelines, signal, is_recorded),
        jobs: pipelines.jobs(root),
        pipelines: pipelines.children(root),
        complete: pipelines.are_complete() && held.is_empty() && is_recorded,
        held,
    }
}

fn exit(pipelines: &Pipelines, signal: Option<u8>, is_recorded: bool) -> u8 {
    if let Some(signal) = signal {
        return exit_code::signal(signal);
    }
    if pipelines[PipelineIndex::ROOT].is_kept_from_beginning() {
        return exit_code::ENVIRONMENT;
    }
    if pipelines.have_failure() {
        return if pipelines.lacked_something() {
            exit_code::ENVIRONMENT
        } else {
            exit_code::FAILED
        };
    }
    match pipelines.status(PipelineIndex::ROOT) {
        Status::Manual => exit_code::WAITS,
        // The disk that the record is on.
        Status::Success | Status::Skipped if !is_recorded => exit_code::ENVIRONMENT,
        Status::Success | Status::Skipped => exit_code::PASSED,
        _ => exit_code::FAILED,
    }
}
