//! Changes of jobs' states, one function for each input (runtime reference 4.4, 6.1, 6.5, 6.6,
//! 6.8).

use crate::types::{AllowFailure, FailureReason, Status};

use super::retry::retries;
use super::{Action, JobIndex, Outcome, Pipeline};

impl Pipeline {
    /// Begins the pipeline: every job is to be decided, but for those that have failed by then.
    /// Before this, none is.
    pub(super) fn begin(&mut self) {
        for index in &self.order.clone().jobs {
            self.fail_at_once(*index);
        }
        self.unsettled.extend(0..self.order.jobs.len());
    }

    /// Fails a job that can't begin. No configuration retries it, and it cancels no pipeline: it
    /// never was anything else than failed.
    fn fail_at_once(&mut self, index: JobIndex) {
        if self.jobs[index.0].spec.fails_at_once {
            self.set_status(index, Status::Failed);
            let attempt = self.jobs[index.0].attempt;
            self.actions.push(Action::Fail {
                job: index,
                attempt,
            });
        }
    }

    pub(super) fn started(&mut self, index: JobIndex, attempt: u32) {
        let job = &self.jobs[index.0];
        if job.attempt == attempt && job.status == Status::Pending {
            self.set_status(index, Status::Running);
        }
    }

    pub(super) fn finished(&mut self, index: JobIndex, attempt: u32, outcome: Outcome) {
        let job = &self.jobs[index.0];
        if job.attempt != attempt || job.status.is_completed() {
            return;
        }
        match outcome {
            _ if job.status == Status::Canceling => self.set_status(index, Status::Canceled),
            Outcome::Success => self.set_status(index, Status::Success),
            Outcome::Canceled => self.set_status(index, Status::Canceled),
            Outcome::Failed { reason, exit_code } => self.failed(index, reason, exit_code),
        }
    }

    fn failed(&mut self, index: JobIndex, reason: FailureReason, exit_code: Option<i64>) {
        let job = &mut self.jobs[index.0];
        let allowed = job.allowed || forgives(&job.spec.allow_failure, exit_code);
        let attempt = job.attempt;
        let again = retries(&job.spec.retry, reason, exit_code, attempt - 1);
        self.change(index, |job| {
            job.allowed = allowed;
            job.status = Status::Failed;
        });
        if again {
            self.actions.push(Action::Retry {
                job: index,
                attempt,
            });
            self.try_again(index);
        } else if self.options.auto_cancel_on_job_failure && !self.options.keep_going && !allowed {
            self.cancel_all();
        }
    }

    /// One that comes too late is given back.
    pub(super) fn acquired(&mut self, index: JobIndex, attempt: u32) {
        let job = &self.jobs[index.0];
        if job.attempt == attempt && job.status == Status::WaitingForResource {
            self.start(index);
        } else if job.attempt != attempt || !job.has_resource() {
            self.actions.push(Action::Release {
                job: index,
                attempt,
            });
        }
    }

    pub(super) fn delay_over(&mut self, index: JobIndex, attempt: u32) {
        let job = &self.jobs[index.0];
        if job.attempt == attempt && job.status == Status::Scheduled {
            self.enqueue(index);
        }
    }

    /// Cancels every job that lives; manual jobs stay manual and skipped ones skipped.
    pub(super) fn cancel_all(&mut self) {
        for place in 0..self.order.jobs.len() {
            let index = self.order.jobs[place];
            if self.jobs[index.0].status != Status::Manual {
                self.cancel_one(index);
            }
        }
    }

    pub(super) fn cancel_one(&mut self, index: JobIndex) {
        match self.jobs[index.0].status {
            Status::Running => {
                self.set_status(index, Status::Canceling);
                self.actions.push(Action::Stop(index));
            }
            Status::Created
            | Status::WaitingForResource
            | Status::Pending
            | Status::Scheduled
            | Status::Manual => {
                self.set_status(index, Status::Canceled);
                self.actions.push(Action::Cancel(index));
            }
            _ => {}
        }
    }

    pub(super) fn play(&mut self, index: JobIndex) {
        match self.jobs[index.0].status {
            Status::Manual | Status::Scheduled => {
                self.change(index, |job| job.held = false);
                self.enqueue(index);
                self.reset_skipped_behind(index);
            }
            _ => self.retry_by_hand(index),
        }
    }

    pub(super) fn retry_by_hand(&mut self, index: JobIndex) {
        if is_retryable(self.jobs[index.0].status) {
            self.try_again(index);
        }
    }

    /// Makes a new attempt of one job. Its predecessors decide again, but a manual job does not ask
    /// a second time, nor does a delayed one wait.
    fn try_again(&mut self, index: JobIndex) {
        self.renew(index);
        self.jobs[index.0].immediate = true;
        self.reset_skipped_behind(index);
    }

    /// Retries all failed and canceled jobs; here manual jobs ask and delayed ones wait again.
    pub(super) fn retry_all(&mut self) {
        for place in 0..self.order.jobs.len() {
            let index = self.order.jobs[place];
            match self.jobs[index.0].status {
                Status::Failed | Status::Canceled => self.renew(index),
                Status::Skipped => self.set_status(index, Status::Created),
                _ => {}
            }
        }
    }

    fn renew(&mut self, index: JobIndex) {
        self.change(index, |job| {
            job.attempt += 1;
            job.status = Status::Created;
            job.immediate = false;
        });
        self.fail_at_once(index);
    }

    pub(super) fn unschedule(&mut self, index: JobIndex) {
        if self.jobs[index.0].status == Status::Scheduled {
            self.offer(index);
        }
    }

    /// Puts back to `created` every skipped job that needs `root`, directly or not, or stands in
    /// a later stage (runtime reference 6.5).
    fn reset_skipped_behind(&mut self, root: JobIndex) {
        let later = self.jobs[root.0].spec.stage + 1;
        let behind = self.stages[later..].iter().flat_map(|stage| &*stage.jobs);
        let mut candidates: Vec<JobIndex> = behind.copied().collect();
        candidates.extend(self.needing(root));
        for index in candidates {
            if self.jobs[index.0].status == Status::Skipped {
                self.set_status(index, Status::Created);
            }
        }
    }

    /// Every job that needs `root`, directly or through others.
    fn needing(&self, root: JobIndex) -> Vec<JobIndex> {
        let mut seen = vec![false; self.jobs.len()];
        let mut found = Vec::new();
        let mut open = vec![root];
        while let Some(index) = open.pop() {
            for &next in &self.order.needed_by[index.0] {
                if !std::mem::replace(&mut seen[next.0], true) {
                    found.push(next);
                    open.push(next);
                }
            }
        }
        found
    }
}

fn forgives(allow_failure: &AllowFailure, exit_code: Option<i64>) -> bool {
    match allow_failure {
        AllowFailure::No => false,
        AllowFailure::Yes => true,
        AllowFailure::ExitCodes(codes) => exit_code.is_some_and(|code| codes.contains(&code)),
    }
}

fn is_retryable(status: Status) -> bool {
    matches!(status, Status::Success | Status::Failed | Status::Canceled)
}
