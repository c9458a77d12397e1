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
    /// takes it without. `default_image` stands in where a job names none; an image that a runner makes
    /// of this machine is no image to the others.
    pub fn new(runners: Vec<Runner>, plan: &Plan, default_image: Option<&str>) -> Self {
        let own_images: Vec<&str> = (runners.iter())
            .filter_map(|it| it.executor.traits().own_image)
            .collect();
        let taker = |job: &Job| {
            let image = job.config.image.as_ref().map(|image| &*image.name);
            let image = image.or(default_image);
            let has_image = image.is_some_and(|image| !own_images.contains(&image));
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
