//! The end of an attempt.

use tokio::task::{self, JoinError};

use crate::event::{EventKind, JobOutcome};
use crate::sched::{Action, Input, JobIndex, Outcome};
use crate::types::{FailureReason, Status};

use super::dispatcher::Dispatcher;
use super::message::{AttemptId, End, Failure, Kept, Verdict};

impl Dispatcher<'_> {
    /// Tells the scheduler, then everybody; what follows from it comes after.
    pub(super) fn ended(&mut self, id: AttemptId, end: End) {
        // An attempt that was given up may still have its say.
        if self.running.remove(&id).is_none() {
            return;
        }
        let (failure, exit_code) = (end.verdict.failure(), end.verdict.exit_code());
        let now = self.stream.elapsed();
        let record = &mut self.records[id.job.0];
        record.finished = Some(now);
        record.exit_code = exit_code;
        record.kept = end.kept;
        record.reason = failure.as_ref().map(|failure| failure.reason);
        record.silence = failure.as_ref().is_some_and(|failure| failure.silence);
        let duration = now.saturating_sub(record.started.unwrap_or(now));
        let outcome = match (&end.verdict, &failure) {
            (_, Some(failure)) => Outcome::Failed {
                reason: failure.reason,
                exit_code,
            },
            (Verdict::Success, None) => Outcome::Success,
            (_, None) => Outcome::Canceled,
        };
        let AttemptId { job, attempt } = id;
        let actions = self.pipeline.step(Input::Finished {
            job,
            attempt,
            outcome,
        });
        let outcome = self.outcome(job, failure);
        let result = self.attempt_result(id, &outcome, end.digest, end.reported);
        self.stream.keep(result);
        let (name, attempt) = self.named(id);
        self.stream.emit(EventKind::JobFinished {
            job: name,
            attempt,
            outcome,
            exit_code,
            duration,
        });
        self.auto_canceled(job, &actions);
        self.obey(actions);
    }

    /// A task that ended well has sent its end. One that did not is an error of ours, which fails
    /// its job and nothing else.
    pub(super) fn task_ended(&mut self, end: Result<(task::Id, ()), JoinError>) {
        let (task, is_ours) = match end {
            Ok((task, ())) => (task, false),
            Err(error) => (error.id(), true),
        };
        let id = self.by_task.remove(&task);
        let Some(id) = id.filter(|_| is_ours) else {
            return;
        };
        // What it said before comes first.
        self.take_all();
        let text = "internal error of pipe; please report it with the output of this run";
        let failure = Failure::new(FailureReason::RunnerSystemFailure, text);
        self.ended(id, without_trace(Verdict::Failed(failure)));
    }

    /// How an attempt ended, after the scheduler has heard of it: one that ended while it was
    /// being canceled is canceled, whatever its result (runtime reference 6.1).
    fn outcome(&self, job: JobIndex, failure: Option<Failure>) -> JobOutcome {
        if self.pipeline.status_of(job) == Status::Canceled {
            return JobOutcome::Canceled {
                reason: self.cancel_words(),
            };
        }
        match failure {
            None => JobOutcome::Success,
            Some(Failure {
                reason, message, ..
            }) => JobOutcome::Failed {
                reason,
                message,
                allowed: self.pipeline.is_allowed_to_fail(job),
            },
        }
    }

    /// `auto_cancel:on_job_failure` is told before the jobs that it stops.
    fn auto_canceled(&mut self, job: JobIndex, actions: &[Action]) {
        let cancels = |action: &Action| matches!(action, Action::Stop(_) | Action::Cancel(_));
        if actions.iter().any(cancels) {
            let reason = format!("job {} failed (auto_cancel:on_job_failure)", self.name(job));
            self.cancel(reason);
        }
    }
}

/// An end of which the attempt itself told nothing.
pub(super) fn without_trace(verdict: Verdict) -> End {
    End {
        verdict,
        kept: Kept::default(),
        digest: None,
        reported: Vec::new(),
    }
}
