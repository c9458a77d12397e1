//! Environments that come up before their jobs' turn (design chapter 6).
//!
//! Owns which jobs that concerns, and which environments no job will ask for any more. Only the
//! job's own environment is made, never more of them than there are free slots.

use std::collections::HashMap;

use crate::exec::Cancel;
use crate::sched::{Action, Input, JobIndex, Outcome, Pipeline};
use crate::types::Status;

use super::attempt::{self, Ahead};
use super::ids::{AttemptId, PipelineIndex};
use super::pipelines::Pipelines;
use super::runner::RunnerIndex;
use super::slots::Slots;

/// How many jobs in a row are looked at. A job that takes no time is followed by its successor
/// before that one's environment could come up.
const DEPTH: usize = 4;

/// The environments that wait for their jobs.
#[derive(Default)]
pub(super) struct Environments {
    waiting: HashMap<AttemptId, Ahead>,
    /// Whether more may be wanted than were begun.
    put_off: bool,
}

impl Environments {
    /// Notes whether nothing is begun now though it may be wanted.
    pub(super) fn put_off(&mut self, put_off: bool) {
        self.put_off = put_off;
    }

    /// Whether it is time to ask again when something has come up.
    pub(super) fn are_put_off(&self) -> bool {
        self.put_off
    }

    /// Keeps one for its job.
    pub(super) fn keep(&mut self, id: AttemptId, ahead: Ahead) {
        self.waiting.insert(id, ahead);
    }

    /// The environment of a job whose turn has come.
    pub(super) fn take(&mut self, id: AttemptId) -> Option<Ahead> {
        self.waiting.remove(&id)
    }

    /// Takes out those that no job will ask for any more.
    pub(super) fn take_unwanted(&mut self, pipelines: &Pipelines) -> Vec<Ahead> {
        let may_come = |id: &AttemptId| {
            let scheduler = pipelines[id.pipeline].scheduler();
            let status = scheduler.status_of(id.job);
            let waits = matches!(status, Status::Created | Status::Pending);
            waits && scheduler.attempt_of(id.job) == id.attempt && !scheduler.is_done()
        };
        let gone = self.waiting.extract_if(|id, _| !may_come(id));
        gone.map(|(_, ahead)| ahead).collect()
    }

    /// Takes them all out.
    pub(super) fn take_all(&mut self) -> Vec<Ahead> {
        self.waiting.drain().map(|(_, ahead)| ahead).collect()
    }

    /// The attempts of a pipeline whose environments may come up now.
    pub(super) fn wanted(
        &self,
        pipelines: &Pipelines,
        at: PipelineIndex,
        slots: &Slots,
    ) -> Vec<(AttemptId, RunnerIndex)> {
        let pipeline = &pipelines[at];
        let free = slots.free_of_all().saturating_sub(self.waiting.len());
        if free == 0 || pipeline.is_canceled() || slots.are_short() {
            return Vec::new();
        }
        let runner_of = |id: &AttemptId| {
            let job = pipeline.job(id.job).script_job()?;
            (job.ahead && !self.waiting.contains_key(id)).then_some(job.runner)
        };
        // Looking ahead costs a copy of the pipeline, which is saved where no job would gain by it.
        let scheduler = pipeline.scheduler();
        let may_gain = scheduler.jobs().any(|job| {
            let is_ahead = pipeline.job(job).script_job().is_some_and(|job| job.ahead);
            is_ahead && scheduler.status_of(job) == Status::Created
        });
        if !may_gain {
            return Vec::new();
        }
        let mut taken: HashMap<RunnerIndex, usize> = HashMap::new();
        for ahead in self.waiting.values() {
            *taken.entry(ahead.runner).or_default() += 1;
        }
        let mut has_room = |runner: RunnerIndex| {
            let taken = taken.entry(runner).or_default();
            *taken += 1;
            *taken <= slots.free_of(runner)
        };
        let next = next(scheduler).into_iter().map(|(job, attempt)| AttemptId {
            pipeline: at,
            job,
            attempt,
        });
        next.filter_map(|id| Some((id, runner_of(&id)?)))
            .filter(|(_, runner)| has_room(*runner))
            .take(free)
            .collect()
    }
}

/// The attempts that will start next if all that runs ends well: first those that follow from
/// the jobs that run now, then those that follow from these. PURE.
fn next(pipeline: &Pipeline) -> Vec<(JobIndex, u32)> {
    let mut future = pipeline.clone();
    let mut next = Vec::new();
    let mut running: Vec<JobIndex> = future.jobs().collect();
    running.retain(|job| future.status_of(*job) == Status::Running);
    for _ in 0..DEPTH {
        let mut started = Vec::new();
        for job in std::mem::take(&mut running) {
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
                next.push((job, attempt));
                running.push(job);
            }
        }
    }
    next
}

/// Stops an environment from coming up, and takes it away.
pub(super) async fn close(ahead: Ahead) {
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
        let stages = ["a", "b", "c", "d", "e", "f"].map(str::to_owned).to_vec();
        let mut pipeline = Pipeline::new(stages, specs, Options::default()).expect("sound");
        for action in pipeline.step(Input::Begin) {
            if let Action::Start { job, attempt } = action {
                pipeline.step(Input::Started { job, attempt });
            }
        }
        pipeline
    }

    fn places(pipeline: &Pipeline) -> Vec<usize> {
        next(pipeline).iter().map(|(job, _)| job.0).collect()
    }

    #[test]
    fn four_jobs_in_a_row() {
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
                (0..6).map(|stage| job(stage, None)).collect(),
                vec![1, 2, 3, 4],
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
