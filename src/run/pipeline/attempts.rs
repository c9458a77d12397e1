//! Attempts of a pipeline's jobs: how they begin, how they end, and what follows from that.

use std::time::Duration;

use crate::event::{AttemptResult, EventKind, JobOutcome, KeptArtifacts};
use crate::sched::{Action, Input, JobIndex, Outcome};
use crate::types::{FailureReason, Status};

use super::super::ids::AttemptId;
use super::super::message::{End, Failure, Verdict};
use super::{PipelineState, Record};

impl PipelineState {
    /// An attempt of the job begins.
    pub(in super::super) fn begin_attempt(&mut self, id: AttemptId, job_id: u64, now: Duration) {
        let record = &mut self.records[id.job.0];
        *record = Record {
            begun: record.begun + 1,
            started: Some(now),
            job_id,
            ..Record::default()
        };
        let AttemptId { job, attempt, .. } = id;
        // Nothing follows from a start.
        self.scheduler.step(Input::Started { job, attempt });
    }

    /// Takes in the end of an attempt: its result for the record, what to tell of it, then what
    /// follows from it.
    pub(in super::super) fn end_attempt(
        &mut self,
        id: AttemptId,
        end: End,
        now: Duration,
    ) -> (AttemptResult, EventKind, Vec<Action>) {
        let AttemptId { job, attempt, .. } = id;
        let (failure, exit_code) = (end.verdict.failure(), end.verdict.exit_code());
        let outcome = match (&end.verdict, &failure) {
            (_, Some(failure)) => Outcome::Failed {
                reason: failure.reason,
                exit_code,
            },
            (Verdict::Success, None) => Outcome::Success,
            (_, None) => Outcome::Canceled,
        };
        let record = &mut self.records[job.0];
        record.finished = Some(now);
        record.exit_code = exit_code;
        record.kept = end.kept;
        record.reason = failure.as_ref().map(|failure| failure.reason);
        let of_machine = |failure: &Failure| failure.silence || failure.lasts;
        record.lack = failure.as_ref().is_some_and(of_machine);
        let duration = now.saturating_sub(record.started.unwrap_or(now));
        let actions = self.scheduler.step(Input::Finished {
            job,
            attempt,
            outcome,
        });
        let outcome = self.outcome(job, failure);
        let result = AttemptResult {
            executor: end.executor.map(str::to_owned),
            digest: end.digest,
            dotenv: end.reported,
            ..self.attempt_result(id, &outcome)
        };
        let finished = EventKind::JobFinished {
            job: self.name(job).to_owned(),
            attempt,
            outcome,
            exit_code,
            duration,
        };
        (result, finished, actions)
    }

    /// What the pipeline knows of an attempt that has ended. Its times, exit code and artifacts are
    /// noted already.
    fn attempt_result(&self, id: AttemptId, outcome: &JobOutcome) -> AttemptResult {
        let record = &self.records[id.job.0];
        let (status, reason, message) = match outcome {
            JobOutcome::Success => (Status::Success, None, None),
            JobOutcome::Failed {
                reason, message, ..
            } => (Status::Failed, Some(*reason), Some(message.clone())),
            JobOutcome::Canceled { reason } => (Status::Canceled, None, Some(reason.clone())),
        };
        AttemptResult {
            job: self.name(id.job).to_owned(),
            attempt: id.attempt,
            pipeline: self.path.clone(),
            job_id: record.job_id,
            status,
            allow_failure: matches!(outcome, JobOutcome::Failed { allowed: true, .. }),
            reason: reason.map(|reason| reason.as_str().to_owned()),
            message,
            exit_code: record.exit_code,
            started: record.started,
            finished: record.finished,
            artifacts: record.kept.artifacts.as_ref().map(|kept| KeptArtifacts {
                file: kept.tar.clone(),
                digest: kept.digest.clone(),
            }),
            reports: record.kept.reports.clone(),
            tests: record.kept.tests.clone(),
            dotenv: Vec::new(),
            executor: None,
            digest: None,
        }
    }

    /// How an attempt ended, after the scheduler has heard of it: one that ended while it was
    /// being canceled is canceled, whatever its result (runtime reference 6.1).
    fn outcome(&self, job: JobIndex, failure: Option<Failure>) -> JobOutcome {
        if self.scheduler.status_of(job) == Status::Canceled {
            return self.canceled();
        }
        match failure {
            None => JobOutcome::Success,
            Some(Failure {
                reason, message, ..
            }) => JobOutcome::Failed {
                reason,
                message,
                allowed: self.scheduler.is_allowed_to_fail(job),
            },
        }
    }

    /// Notes why a job failed that never began.
    pub(in super::super) fn fail_at_once(&mut self, job: JobIndex) -> JobOutcome {
        let failure = self.jobs[job.0].fails_at_once.clone();
        let (reason, message) = match failure {
            Some(failure) => (failure.reason, failure.message),
            None => (FailureReason::UnknownFailure, String::new()),
        };
        self.records[job.0].reason = Some(reason);
        JobOutcome::Failed {
            reason,
            message,
            allowed: self.scheduler.is_allowed_to_fail(job),
        }
    }
}
