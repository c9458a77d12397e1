//! Runners: who takes which jobs, and on what it runs them.

use std::sync::Arc;

use crate::exec::Executor;

/// A runner, as GitLab calls it: takes the jobs that its tags fit and runs them on its executor.
/// It has its own queue, its own slots and its own `CI_CONCURRENT_ID`.
#[derive(Clone)]
pub struct Runner {
    /// `CI_RUNNER_DESCRIPTION`.
    pub description: String,
    /// Tags that jobs may ask for.
    pub tags: Vec<String>,
    /// Whether it takes jobs without tags.
    pub run_untagged: bool,
    /// Whether it takes only jobs that name an image, or have one that stands in.
    pub wants_image: bool,
    /// How many of its jobs run at once; `None` for as many as the run has slots.
    pub limit: Option<usize>,
    /// Where its jobs run.
    pub executor: Arc<dyn Executor>,
}

/// A runner of a run: its place in [`RunSettings::runners`](super::RunSettings::runners).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RunnerIndex(pub usize);

impl Runner {
    /// One that takes every job without tags.
    pub fn untagged(description: impl Into<String>, executor: Arc<dyn Executor>) -> Self {
        Self {
            description: description.into(),
            tags: Vec::new(),
            run_untagged: true,
            wants_image: false,
            limit: None,
            executor,
        }
    }

    /// Whether it takes a job with those tags: it must have them all (runtime reference 6.11).
    pub fn takes<'a>(&self, tags: impl IntoIterator<Item = &'a str>) -> bool {
        let mut tags = tags.into_iter().peekable();
        if tags.peek().is_none() {
            return self.run_untagged;
        }
        tags.all(|wanted| self.tags.iter().any(|tag| tag == wanted))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::Runner;
    use crate::exec::fake::FakeExecutor;

    #[test]
    fn a_runner_takes_jobs_whose_tags_it_all_has() {
        let runner = |tags: &[&str], run_untagged| Runner {
            tags: tags.iter().copied().map(str::to_owned).collect(),
            run_untagged,
            ..Runner::untagged("one", Arc::new(FakeExecutor::default()))
        };
        for (tags, run_untagged, wanted, takes) in [
            (&["linux"][..], true, &[][..], true),
            (&["linux"], false, &[], false),
            (&["linux"], false, &["linux"], true),
            (&["linux"], true, &["linux", "gpu"], false),
            (&["linux", "gpu"], false, &["gpu", "linux"], true),
            (&[], true, &["linux"], false),
        ] {
            let runner = runner(tags, run_untagged);
            let got = runner.takes(wanted.iter().copied());
            assert_eq!(got, takes, "{tags:?} {run_untagged} {wanted:?}");
        }
    }
}
