//! The end of a run: statuses from GitLab's states, the exit code, the last event (design
//! chapter 2).

use crate::event::{EventKind, HeldJob, JobResult, RunResult};
use crate::sched::JobIndex;
use crate::types::{Status, exit_code};

use super::dispatcher::Dispatcher;

impl Dispatcher<'_> {
    pub(super) fn finish(mut self) -> RunResult {
        self.prefetches.abort_all();
        self.take_all();
        self.tell_who_waits();
        // What the record still holds back may fail to be written.
        self.stream.tick();
        let result = self.result();
        self.stream.emit(EventKind::RunFinished(result.clone()));
        self.stream.finish();
        result
    }

    /// Jobs that never got their turn are shown as skipped.
    fn tell_who_waits(&mut self) {
        for job in self.pipeline.jobs() {
            if self.pipeline.status_of(job) == Status::Created {
                let reason = self.pipeline.reason(job).unwrap_or_default();
                let job = self.name(job).to_owned();
                self.stream.emit(EventKind::JobSkipped { job, reason });
            }
        }
    }

    fn result(&self) -> RunResult {
        let held: Vec<HeldJob> = self
            .pipeline
            .jobs()
            .filter(|job| self.pipeline.is_held(*job))
            .filter_map(|job| self.shared.job(job).held.clone())
            .collect();
        RunResult {
            status: self.pipeline.status(),
            exit: self.exit(),
            jobs: self
                .pipeline
                .jobs()
                .map(|job| self.job_result(job))
                .collect(),
            pipelines: Vec::new(),
            complete: self.complete && held.is_empty() && !self.stream.record_failed(),
            held,
        }
    }

    fn exit(&self) -> u8 {
        match (self.signal, self.pipeline.status()) {
            (Some(signal), _) => exit_code::signal(signal),
            _ if self.pipeline.has_failure() && self.fell_silent() => exit_code::ENVIRONMENT,
            _ if self.pipeline.has_failure() => exit_code::FAILED,
            (None, Status::Manual) => exit_code::WAITS,
            (None, Status::Success | Status::Skipped) => exit_code::PASSED,
            (None, _) => exit_code::FAILED,
        }
    }

    fn fell_silent(&self) -> bool {
        let failed = |job: &JobIndex| self.pipeline.status_of(*job) == Status::Failed;
        let mut failed = self.pipeline.jobs().filter(failed);
        failed.any(|job| self.records[job.0].silence)
    }

    fn job_result(&self, job: JobIndex) -> JobResult {
        let sched = &self.shared.job(job).sched;
        let record = &self.records[job.0];
        let status = match self.pipeline.status_of(job) {
            Status::Created => Status::Skipped,
            status => status,
        };
        JobResult {
            name: sched.name.clone(),
            stage: self.stages[sched.stage].clone(),
            status,
            allow_failure: self.pipeline.is_allowed_to_fail(job),
            reason: self.reason(job, status),
            exit_code: record.exit_code,
            attempts: record.begun,
            started: record.started,
            finished: record.finished,
        }
    }

    fn reason(&self, job: JobIndex, status: Status) -> Option<String> {
        match status {
            Status::Failed => {
                let reason = self.records[job.0].reason;
                reason.map(|reason| reason.as_str().to_owned())
            }
            Status::Canceled => Some(self.cancel_words()),
            Status::Skipped => self.pipeline.reason(job),
            _ => None,
        }
    }
}
