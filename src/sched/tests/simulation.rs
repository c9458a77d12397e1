//! Runs a pipeline on a clock of its own: jobs that are ready start at once and last as long as
//! they are told to.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use crate::sched::{Action, Input, JobIndex, Outcome, Pipeline};
use crate::types::FailureReason;

/// The outcome of a script with that exit code.
pub(super) fn outcome_of(exit_code: i64) -> Outcome {
    match exit_code {
        0 => Outcome::Success,
        code => Outcome::Failed {
            reason: FailureReason::ScriptFailure,
            exit_code: Some(code),
        },
    }
}

/// A pipeline under way, with what is due and when.
pub(super) struct Simulation {
    pub(super) pipeline: Pipeline,
    pub(super) log: Vec<Action>,
    now: Duration,
    due: BinaryHeap<Reverse<(Duration, usize)>>,
    inputs: Vec<Input>,
}

impl Simulation {
    pub(super) fn new(pipeline: Pipeline) -> Self {
        Self {
            pipeline,
            log: Vec::new(),
            now: Duration::ZERO,
            due: BinaryHeap::new(),
            inputs: Vec::new(),
        }
    }

    /// Feeds one input and all that follows from it at once; `script` tells how a job's
    /// attempts last and end.
    pub(super) fn feed(&mut self, input: Input, script: &impl Fn(JobIndex) -> (Duration, Outcome)) {
        let actions = self.pipeline.step(input);
        for action in &actions {
            match *action {
                Action::Start { job, attempt } => {
                    let (lasts, outcome) = script(job);
                    self.log
                        .extend(self.pipeline.step(Input::Started { job, attempt }));
                    self.plan(
                        lasts,
                        Input::Finished {
                            job,
                            attempt,
                            outcome,
                        },
                    );
                }
                Action::Schedule {
                    job,
                    attempt,
                    delay,
                } => self.plan(delay, Input::DelayOver { job, attempt }),
                Action::Stop(job) => {
                    let attempt = self.pipeline.attempt_of(job);
                    let outcome = Outcome::Canceled;
                    self.plan(
                        Duration::ZERO,
                        Input::Finished {
                            job,
                            attempt,
                            outcome,
                        },
                    );
                }
                _ => {}
            }
        }
        self.log.extend(actions);
    }

    /// Runs to the end.
    pub(super) fn run(&mut self, script: &impl Fn(JobIndex) -> (Duration, Outcome)) {
        while self.advance(script) {}
    }

    /// Feeds what is due next; false when nothing is.
    pub(super) fn advance(&mut self, script: &impl Fn(JobIndex) -> (Duration, Outcome)) -> bool {
        let Some(Reverse((at, which))) = self.due.pop() else {
            return false;
        };
        self.now = at;
        self.feed(self.inputs[which], script);
        true
    }

    fn plan(&mut self, after: Duration, input: Input) {
        self.due
            .push(Reverse((self.now + after, self.inputs.len())));
        self.inputs.push(input);
    }
}
