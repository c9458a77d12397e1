//! Environments that come up before their jobs' turn (design chapter 6).
//!
//! Owns which jobs that concerns, and what becomes of an environment whose job never gets there.
//! Only the job's own environment is made, never more of them than there are free slots.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::{oneshot, watch};

use crate::exec::{Cancel, Session};
use crate::sched::{Action, Input, Outcome, Pipeline};
use crate::types::Status;

use super::attempt::{self, Order};
use super::dispatcher::Dispatcher;
use super::message::AttemptId;

/// How many jobs in a row are looked at. A job that takes no time is followed by its successor
/// before that one's environment could come up.
const DEPTH: usize = 2;

/// The environments that wait for their jobs.
#[derive(Default)]
pub(super) struct Environments(HashMap<AttemptId, Ahead>);

/// An environment that was begun ahead. Whoever holds this waits for it, and uses or closes it.
pub(in crate::run) struct Ahead {
    /// `CI_JOB_ID` of the attempt, which the environment knows already.
    pub(in crate::run) job_id: u64,
    /// Stops it from coming up.
    pub(in crate::run) cancel: watch::Sender<Cancel>,
    /// Nothing comes where it failed: it is then made anew, and fails where that is told.
    pub(in crate::run) session: oneshot::Receiver<Box<dyn Session>>,
}

impl Environments {
    /// The environment of a job whose turn has come.
    pub(super) fn take(&mut self, id: AttemptId) -> Option<Ahead> {
        self.0.remove(&id)
    }

    /// Takes out those that no job will ask for any more.
    fn unwanted(&mut self, pipeline: &Pipeline) -> Vec<Ahead> {
        let may_come = |id: &AttemptId| {
            let waits = matches!(
                pipeline.status_of(id.job),
                Status::Created | Status::Pending
            );
            waits && pipeline.attempt_of(id.job) == id.attempt && !pipeline.is_done()
        };
        let gone = self.0.keys().copied().filter(|id| !may_come(id));
        let gone: Vec<AttemptId> = gone.collect();
        gone.iter().filter_map(|id| self.0.remove(id)).collect()
    }
}

/// The attempts that will start next if all that runs ends well: first those that follow from
/// the jobs that run now, then those that follow from these. PURE.
fn next(pipeline: &Pipeline) -> Vec<AttemptId> {
    let mut future = pipeline.clone();
    let mut next = Vec::new();
    for _ in 0..DEPTH {
        let running: Vec<_> = future
            .jobs()
            .filter(|job| future.status_of(*job) == Status::Running)
            .collect();
        let mut started = Vec::new();
        for job in running {
            let attempt = future.attempt_of(job);
            let outcome = Outcome::Success;
            started.extend(future.step(Input::Finished {
                job,
                attempt,
                outcome,
            }));
        }
        for action in started {
            if let Action::Start { job, attempt } = action {
                future.step(Input::Started { job, attempt });
                next.push(AttemptId { job, attempt });
            }
        }
    }
    next
}

impl Dispatcher<'_> {
    /// Begins what can be begun, removes what will not be used.
    pub(super) fn look_ahead(&mut self) {
        for ahead in self.ahead.unwanted(&self.pipeline) {
            self.tasks.spawn(close(ahead));
        }
        let taken = self.running.len() + self.ahead.0.len();
        let free = self.slots.saturating_sub(taken);
        if free == 0 || self.cancel_reason.is_some() || !self.queue.is_empty() {
            return;
        }
        let wanted = next(&self.pipeline).into_iter();
        let wanted =
            wanted.filter(|id| self.shared.job(id.job).ahead && !self.ahead.0.contains_key(id));
        for id in wanted.take(free).collect::<Vec<_>>() {
            self.begin_ahead(id);
        }
    }

    fn begin_ahead(&mut self, id: AttemptId) {
        let (cancel, receiver) = watch::channel(Cancel::Run);
        let (sender, session) = oneshot::channel();
        let job_id = self.next_job_id();
        let order = Order {
            id,
            job_id,
            slot: self.free_slot(),
            artifacts: Vec::new(),
            ahead: None,
            cancel: receiver,
        };
        let work =
            attempt::open_ahead(Arc::clone(&self.shared), order, self.sender.clone(), sender);
        self.tasks.spawn(work);
        let ahead = Ahead {
            job_id,
            cancel,
            session,
        };
        self.ahead.0.insert(id, ahead);
    }
}

/// Stops an environment from coming up, and takes it away.
async fn close(ahead: Ahead) {
    ahead.cancel.send_replace(Cancel::Graceful);
    if let Ok(session) = ahead.session.await {
        attempt::discard(session).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sched::{JobIndex, JobSpec, Options};
    use crate::types::{FailureReason, When};

    fn job(stage: usize, needs: Option<&[usize]>) -> JobSpec {
        JobSpec {
            name: stage.to_string(),
            stage,
            needs: needs.map(|list| list.iter().copied().map(JobIndex).collect()),
            ..JobSpec::default()
        }
    }

    fn begun(specs: Vec<JobSpec>) -> Pipeline {
        let stages = ["a", "b", "c", "d"].map(str::to_owned).to_vec();
        let mut pipeline = Pipeline::new(stages, specs, Options::default()).expect("sound");
        for action in pipeline.step(Input::Begin) {
            if let Action::Start { job, attempt } = action {
                pipeline.step(Input::Started { job, attempt });
            }
        }
        pipeline
    }

    fn places(pipeline: &Pipeline) -> Vec<usize> {
        next(pipeline).iter().map(|id| id.job.0).collect()
    }

    #[test]
    fn two_jobs_in_a_row() {
        let of = |when: When| JobSpec {
            when,
            ..job(1, None)
        };
        let held = JobSpec {
            held: true,
            ..job(1, None)
        };
        for (row, specs, wanted) in [
            (
                "stages",
                vec![job(0, None), job(1, None), job(2, None), job(3, None)],
                vec![1, 2],
            ),
            (
                "needs",
                vec![
                    job(0, None),
                    job(0, None),
                    job(1, Some(&[0])),
                    job(2, Some(&[2, 1])),
                ],
                vec![2, 3],
            ),
            ("manual", vec![job(0, None), of(When::Manual)], vec![]),
            ("delayed", vec![job(0, None), of(When::Delayed)], vec![]),
            (
                "on failure",
                vec![job(0, None), of(When::OnFailure)],
                vec![],
            ),
            ("held", vec![job(0, None), held], vec![]),
            ("always", vec![job(0, None), of(When::Always)], vec![1]),
        ] {
            assert_eq!(places(&begun(specs)), wanted, "{row}");
        }
    }

    #[test]
    fn nothing_follows_a_failure() {
        let mut pipeline = begun(vec![job(0, None), job(0, None), job(1, None)]);
        pipeline.step(Input::Finished {
            job: JobIndex(0),
            attempt: 1,
            outcome: Outcome::Failed {
                reason: FailureReason::ScriptFailure,
                exit_code: Some(1),
            },
        });
        assert_eq!(places(&pipeline), [] as [usize; 0]);
    }
}
