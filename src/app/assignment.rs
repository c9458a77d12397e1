//! Runners made of executors, and which of them takes each job of a plan (design chapter 3).

use std::sync::Arc;

use crate::exec::Executor;
use crate::plan::{Job, Plan};
use crate::run::{Runner, RunnerIndex};

/// A runner for each of those executors. Where there are two, the first takes the jobs that have an
/// image; where there is none, `last` takes all.
pub fn runners(executors: &[Option<Arc<dyn Executor>>], last: &Arc<dyn Executor>) -> Vec<Runner> {
    let there: Vec<&Arc<dyn Executor>> = executors.iter().flatten().collect();
    let others = there.len() > 1;
    let mut runners: Vec<Runner> = there.into_iter().map(runner_of).collect();
    if others && let Some(first) = runners.first_mut() {
        first.wants_image = true;
    }
    if runners.is_empty() {
        runners.push(runner_of(last));
    }
    runners
}

fn runner_of(executor: &Arc<dyn Executor>) -> Runner {
    let description = format!("pipe {}", executor.name());
    Runner::untagged(description, Arc::clone(executor))
}

/// Which runner takes each job of a plan.
pub struct Assignment {
    runners: Vec<Runner>,
    /// By place in the plan.
    by_job: Vec<RunnerIndex>,
}

impl Assignment {
    /// The first runner that takes a job gets it. What none takes by its tags goes to the first that
    /// takes it without. `has_default_image` says whether an image stands in where a job names none.
    pub fn new(runners: Vec<Runner>, plan: &Plan, has_default_image: bool) -> Self {
        let taker = |job: &Job| {
            let has_image = has_default_image || job.config.image.is_some();
            let fits = |runner: &Runner| has_image || !runner.wants_image;
            let tags = || job.tags.iter().map(String::as_str);
            let by_tags = runners.iter().position(|it| fits(it) && it.takes(tags()));
            let at = by_tags.or_else(|| runners.iter().position(fits));
            RunnerIndex(at.unwrap_or(0))
        };
        let by_job = plan.jobs.iter().map(taker).collect();
        Self { runners, by_job }
    }

    /// The runners, for the run.
    pub fn runners(&self) -> &[Runner] {
        &self.runners
    }

    /// The runner of each job, in the plan's order.
    pub(super) fn of_jobs(&self) -> impl Iterator<Item = &Runner> {
        self.by_job.iter().map(|at| &self.runners[at.0])
    }

    pub(super) fn index(&self, at: usize) -> RunnerIndex {
        self.by_job[at]
    }

    /// The runner of the job at that place of the plan.
    pub(super) fn runner(&self, at: usize) -> &Runner {
        &self.runners[self.by_job[at].0]
    }
}
