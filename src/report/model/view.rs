//! The whole run as it stands.

use std::borrow::Cow;
use std::collections::HashMap;
use std::time::Duration;

use crate::event::{RunResult, SourceMode};

use crate::foreign::visible;
use crate::report::LogPlaces;

use super::{JobView, State};

/// Log lines kept per job unless told otherwise.
pub(crate) const KEPT_LINES: usize = 10;

/// What the run is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunHead {
    /// Id of the run.
    pub run: String,
    /// Ref name.
    pub ref_name: String,
    /// `branch`, `tag` or `merge_request`.
    pub ref_kind: String,
    /// `CI_PIPELINE_SOURCE`.
    pub source: String,
    /// Commit.
    pub sha: String,
    /// Which files the jobs see.
    pub mode: SourceMode,
    /// Jobs that act outside and were not released: name, and why with the way to release it.
    pub held: Vec<(String, String)>,
}

impl RunHead {
    /// The commit as people name it.
    pub fn short_sha(&self) -> &str {
        crate::report::text::head(&self.sha, 8)
    }
}

/// A stage and its jobs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StageView {
    /// Name, behind the trigger jobs that lead to it.
    pub label: String,
    /// Indices of its jobs, in pipeline order.
    pub jobs: Vec<usize>,
}

/// An image on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pull {
    /// Image name.
    pub image: String,
    /// Bytes so far and in all, where known.
    pub progress: Option<(u64, u64)>,
}

/// How many jobs stand where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Their turn has not come, or their delay runs.
    pub waiting: usize,
    /// Under way, or between two attempts.
    pub running: usize,
    /// Ended well.
    pub success: usize,
    /// Ended badly.
    pub failed: usize,
    /// Ended badly, which is allowed.
    pub warned: usize,
    /// Will not run.
    pub skipped: usize,
    /// Were stopped.
    pub canceled: usize,
    /// Wait for a person.
    pub manual: usize,
    /// Act outside and were not released.
    pub held: usize,
}

impl Counts {
    /// Jobs that go on by themselves, over or not: the length of the bar.
    pub fn total(self) -> usize {
        self.waiting + self.running + self.done()
    }

    /// Jobs that are over.
    pub fn done(self) -> usize {
        self.success + self.failed + self.warned + self.skipped + self.canceled
    }

    /// The numbers with the words that GitLab shows, those of note first.
    pub fn words(self) -> impl Iterator<Item = (usize, &'static str)> {
        [
            (self.running, "running"),
            (self.failed, "failed"),
            (self.warned, "warned"),
            (self.success, "passed"),
            (self.skipped, "skipped"),
            (self.canceled, "canceled"),
            (self.manual, "manual"),
            (self.held, "held"),
            (self.waiting, "waiting"),
        ]
        .into_iter()
        .filter(|(number, _)| *number > 0)
    }

    /// Counts one job.
    fn add(mut self, state: &State) -> Self {
        let slot = match state {
            State::Waiting | State::Delayed(_) => &mut self.waiting,
            State::Running | State::Retrying(_) => &mut self.running,
            State::Success => &mut self.success,
            State::Failed(_) => &mut self.failed,
            State::Warned(_) => &mut self.warned,
            State::Skipped(_) => &mut self.skipped,
            State::Canceled(_) => &mut self.canceled,
            State::Manual => &mut self.manual,
            State::Held { .. } => &mut self.held,
        };
        *slot += 1;
        self
    }
}

/// What is known of a run after some of its events.
#[derive(Debug, Clone, PartialEq)]
pub struct View {
    /// What it is about; `None` before the first event.
    pub head: Option<RunHead>,
    /// Stages in order, those of child pipelines behind.
    pub stages: Vec<StageView>,
    /// Jobs in the order in which they became known.
    pub jobs: Vec<JobView>,
    /// Images on their way.
    pub pulls: Vec<Pull>,
    /// Why images could not be brought, a line each.
    pub failed_pulls: Vec<String>,
    /// The record of the run breaks off.
    pub record_failed: bool,
    /// Notices so far.
    pub notices: Vec<String>,
    /// Why everything is being stopped.
    pub cancel: Option<String>,
    /// The end.
    pub result: Option<RunResult>,
    /// Time of the last event.
    pub elapsed: Duration,
    /// Log lines kept per job.
    pub(super) kept_lines: usize,
    /// Where logs are kept, once known.
    pub(super) logs: Option<LogPlaces>,
    /// The job of the last event, if that was its end.
    pub(super) just_ended: Option<usize>,
    /// Label → index of the job.
    pub(super) index: HashMap<String, usize>,
}

impl Default for View {
    fn default() -> Self {
        Self::keeping(KEPT_LINES)
    }
}

impl View {
    /// A view that keeps that many log lines per job for the report of its failure.
    pub fn keeping(kept_lines: usize) -> Self {
        Self {
            head: None,
            stages: Vec::new(),
            jobs: Vec::new(),
            pulls: Vec::new(),
            failed_pulls: Vec::new(),
            record_failed: false,
            notices: Vec::new(),
            cancel: None,
            result: None,
            elapsed: Duration::ZERO,
            kept_lines,
            logs: None,
            just_ended: None,
            index: HashMap::new(),
        }
    }

    /// Knows where logs are kept.
    #[must_use]
    pub fn with_logs(mut self, logs: Option<LogPlaces>) -> Self {
        self.logs = logs;
        self
    }

    /// The job of that name.
    pub fn job(&self, pipeline: &[String], name: &str) -> Option<&JobView> {
        let index = self.index.get(label(pipeline, name).as_ref())?;
        Some(&self.jobs[*index])
    }

    /// How many jobs stand where.
    pub fn counts(&self) -> Counts {
        count(self.jobs.iter())
    }

    /// The jobs of a stage.
    pub fn stage_jobs<'a>(&'a self, stage: &'a StageView) -> impl Iterator<Item = &'a JobView> {
        stage.jobs.iter().map(|index| &self.jobs[*index])
    }

    /// Time from the first start in a stage to the last end, or to `now` while it goes on.
    pub fn stage_elapsed(&self, stage: &StageView, now: Duration) -> Option<Duration> {
        let start = self.stage_jobs(stage).filter_map(|job| job.started).min()?;
        let end = self
            .stage_jobs(stage)
            .filter_map(|job| Some(job.started? + job.elapsed(now)?))
            .max()?;
        Some(end.saturating_sub(start))
    }
}

/// Counts jobs by where they stand.
pub(crate) fn count<'a>(jobs: impl Iterator<Item = &'a JobView>) -> Counts {
    jobs.fold(Counts::default(), |counts, job| counts.add(&job.state))
}

/// A name behind the trigger jobs that lead to it, as it is shown: its width counts.
pub(crate) fn label<'a>(pipeline: &[String], name: &'a str) -> Cow<'a, str> {
    if pipeline.is_empty() {
        return visible(name);
    }
    let label = format!("{} › {name}", pipeline.join(" › "));
    visible(&label).into_owned().into()
}
