//! One pipeline of a run: its scheduler, its jobs, and what has become of them.

mod attempts;

use std::time::Duration;

use crate::event::{HeldJob, JobOutcome, JobResult};
use crate::exec::{ArtifactRef, TreeRef};
use crate::sched::{Action, Input, JobIndex, Pipeline, SpecError, remaining_paths};
use crate::types::{FailureReason, Sources, Status};

use super::ids::AttemptId;
use super::message::Kept;
use super::runner::RunnerIndex;
use super::spec::{JobRun, PipelineSpec, Succeeded, Work};
use super::trees::Trees;

/// What is known of a job beyond its state.
#[derive(Debug, Default)]
struct Record {
    /// Attempts that began.
    begun: u32,
    /// Of the last attempt, since the run began.
    started: Option<Duration>,
    finished: Option<Duration>,
    exit_code: Option<i64>,
    /// `CI_JOB_ID` of the last attempt.
    job_id: u64,
    reason: Option<FailureReason>,
    /// Whether it failed for what this machine lacks: an executor that answers, room on its disk.
    lack: bool,
    /// What the last attempt kept.
    kept: Kept,
}

/// The state of one pipeline.
pub(super) struct PipelineState {
    scheduler: Pipeline,
    jobs: Vec<JobRun>,
    records: Vec<Record>,
    /// From each job's start to the end of all that waits for it.
    paths: Vec<Duration>,
    stages: Vec<String>,
    trees: Trees,
    /// Names of the trigger jobs that lead to it.
    path: Vec<String>,
    /// How many pipelines of the same project lead to it.
    level: usize,
    /// The attempt of the trigger job that made it; `None` for the root.
    parent: Option<AttemptId>,
    /// `CI_JOB_ID`: the next that no attempt has.
    next_job_id: u64,
    /// In words, once it is being canceled.
    cancel_reason: Option<String>,
    /// Why, in words for each of its jobs, where none of them may begin.
    not_begun: Vec<String>,
    complete: bool,
}

impl PipelineState {
    /// One of which nothing has begun.
    pub(super) fn new(spec: PipelineSpec) -> Result<Self, SpecError> {
        let specs: Vec<_> = spec.jobs.iter().map(JobRun::sched_spec).collect();
        Ok(Self {
            paths: remaining_paths(&specs, &spec.durations)?,
            scheduler: Pipeline::new(spec.stages.clone(), specs, spec.options)?,
            records: spec.jobs.iter().map(|_| Record::default()).collect(),
            jobs: spec.jobs,
            stages: spec.stages,
            trees: Trees::default(),
            path: Vec::new(),
            level: 0,
            parent: None,
            next_job_id: spec.first_job_id,
            cancel_reason: None,
            not_begun: Vec::new(),
            complete: spec.complete,
        })
    }

    /// The project's files for its jobs.
    pub(super) fn with_trees(self, trees: Trees) -> Self {
        Self { trees, ..self }
    }

    /// What that attempt of a trigger job has made.
    pub(super) fn child_of(self, parent: AttemptId, path: Vec<String>, level: usize) -> Self {
        let parent = Some(parent);
        Self {
            path,
            level,
            parent,
            ..self
        }
    }

    /// The `CI_JOB_ID` of one more attempt.
    pub(super) fn next_job_id(&mut self) -> u64 {
        let id = self.next_job_id;
        self.next_job_id += 1;
        id
    }

    /// The path of the pipeline that an attempt of a trigger job makes. One that was retried makes
    /// another one, whose logs and artifacts are its own.
    pub(super) fn path_below(&self, job: JobIndex, attempt: u32) -> Vec<String> {
        let name = self.name(job);
        let last = match attempt {
            1 => name.to_owned(),
            later => format!("{name} #{later}"),
        };
        self.path.iter().cloned().chain([last]).collect()
    }

    pub(super) fn path(&self) -> &[String] {
        &self.path
    }

    /// The level of a pipeline that the job makes: those of other projects begin anew.
    pub(super) fn level_below(&self, job: JobIndex) -> usize {
        match &self.job(job).work {
            Work::Trigger(trigger) if trigger.of_other_project => 0,
            Work::Trigger(_) | Work::Scripts(_) => self.level + 1,
        }
    }

    pub(super) fn parent(&self) -> Option<AttemptId> {
        self.parent
    }

    pub(super) fn scheduler(&self) -> &Pipeline {
        &self.scheduler
    }

    pub(super) fn step(&mut self, input: Input) -> Vec<Action> {
        self.scheduler.step(input)
    }

    pub(super) fn jobs(&self) -> &[JobRun] {
        &self.jobs
    }

    pub(super) fn job(&self, job: JobIndex) -> &JobRun {
        &self.jobs[job.0]
    }

    pub(super) fn name(&self, job: JobIndex) -> &str {
        &self.jobs[job.0].sched.name
    }

    /// The job's name with those of the trigger jobs in front of it, so that jobs of two pipelines
    /// are told apart.
    pub(super) fn label(&self, job: JobIndex) -> String {
        let mut label = self.path.join(" › ");
        if !label.is_empty() {
            label.push_str(" › ");
        }
        label + self.name(job)
    }

    /// From the job's start to the end of all that waits for it.
    pub(super) fn remaining_path(&self, job: JobIndex) -> Duration {
        self.paths.get(job.0).copied().unwrap_or_default()
    }

    /// The project's files as the runner has them.
    pub(super) fn tree(&self, runner: RunnerIndex, sources: Option<&Sources>) -> Option<TreeRef> {
        self.trees.of(runner, sources?).cloned()
    }

    /// Jobs that may start without a person: those that are neither offered nor at their end at
    /// once.
    pub(super) fn automatic(&self) -> Vec<JobIndex> {
        let mut begun = self.scheduler.clone();
        begun.step(Input::Begin);
        let may_start = |job: &JobIndex| {
            let status = begun.status_of(*job);
            status != Status::Manual && !status.is_completed()
        };
        begun.jobs().filter(may_start).collect()
    }

    /// What the newest attempts of the jobs before it have kept, in the order to lay it over.
    pub(super) fn artifacts_for(&self, job: JobIndex) -> Vec<ArtifactRef> {
        let earlier = self.job(job).received.artifacts.iter().cloned();
        let kept = self.kept_for(job).into_iter().map(|(_, kept)| kept);
        earlier.chain(kept).collect()
    }

    /// The same without that of other pipelines, with the jobs that have kept it.
    pub(super) fn kept_for(&self, job: JobIndex) -> Vec<(JobIndex, ArtifactRef)> {
        let kept = |from: &JobIndex| {
            let artifacts = self.records.get(from.0)?.kept.artifacts.clone()?;
            Some((*from, artifacts))
        };
        self.job(job)
            .artifacts_from
            .iter()
            .filter_map(kept)
            .collect()
    }

    /// The variables that those jobs reported, those of other pipelines first.
    pub(super) fn dotenv_for(&self, job: JobIndex) -> Vec<(String, String)> {
        let job = self.job(job);
        let from = job.artifacts_from.iter();
        let records = from.filter_map(|from| self.records.get(from.0));
        let reported = records.flat_map(|record| &record.kept.dotenv);
        job.received
            .dotenv
            .iter()
            .chain(reported)
            .cloned()
            .collect()
    }

    /// Script jobs that have succeeded.
    pub(super) fn succeeded(&self) -> impl Iterator<Item = Succeeded> {
        let jobs = self.scheduler.jobs();
        let succeeded = jobs.filter(|job| {
            let has_scripts = self.job(*job).script_job().is_some();
            has_scripts && self.scheduler.status_of(*job) == Status::Success
        });
        succeeded.map(|job| {
            let kept = &self.records[job.0].kept;
            Succeeded {
                job,
                artifacts: kept.artifacts.clone(),
                dotenv: kept.dotenv.clone(),
            }
        })
    }

    /// Notes once why jobs are being canceled; whether this is the reason.
    pub(super) fn cancel_for(&mut self, reason: &str) -> bool {
        let is_new = self.cancel_reason.is_none();
        self.cancel_reason.get_or_insert_with(|| reason.to_owned());
        is_new
    }

    pub(super) fn is_canceled(&self) -> bool {
        self.cancel_reason.is_some()
    }

    /// No job begins; why, in words for each of them.
    pub(super) fn keep_from_beginning(&mut self, why: Vec<String>) {
        self.not_begun = why;
    }

    /// Whether no job could begin.
    pub(super) fn is_kept_from_beginning(&self) -> bool {
        !self.not_begun.is_empty()
    }

    /// Why a job did not have its turn.
    pub(super) fn why_skipped(&self, job: JobIndex) -> Option<String> {
        let not_begun = self.not_begun.get(job.0).cloned();
        not_begun.or_else(|| self.scheduler.reason(job))
    }

    /// The outcome of a job that is canceled.
    pub(super) fn canceled(&self) -> JobOutcome {
        JobOutcome::Canceled {
            reason: self.cancel_words().to_owned(),
        }
    }

    /// Why jobs are being canceled.
    pub(super) fn cancel_words(&self) -> &str {
        self.cancel_reason.as_deref().unwrap_or("canceled")
    }

    /// GitLab's reason why the job's last attempt failed.
    pub(super) fn failure_reason(&self, job: JobIndex) -> Option<FailureReason> {
        self.records[job.0].reason
    }

    /// Whether something that GitLab would do was left out.
    pub(super) fn is_complete(&self) -> bool {
        self.complete
    }

    /// Jobs that were held.
    pub(super) fn held(&self) -> impl Iterator<Item = HeldJob> {
        let held = self
            .scheduler
            .jobs()
            .filter(|job| self.scheduler.is_held(*job));
        held.filter_map(|job| {
            let held = self.job(job).held.clone()?;
            let name = self.label(job);
            Some(HeldJob { name, ..held })
        })
    }

    /// Whether a job failed for good for what this machine lacks.
    pub(super) fn lacked_something(&self) -> bool {
        let mut jobs = self.scheduler.jobs();
        jobs.any(|job| self.scheduler.status_of(job) == Status::Failed && self.records[job.0].lack)
    }

    /// The end of a job that has that status, as it is shown.
    pub(super) fn job_result(&self, job: JobIndex, status: Status) -> JobResult {
        let record = &self.records[job.0];
        let sched = &self.jobs[job.0].sched;
        JobResult {
            name: sched.name.clone(),
            stage: self.stages[sched.stage].clone(),
            status,
            allow_failure: self.scheduler.is_allowed_to_fail(job),
            reason: self.reason(job, status),
            exit_code: record.exit_code,
            attempts: record.begun,
            started: record.started,
            finished: record.finished,
            tests: record.kept.tests.clone(),
        }
    }

    fn reason(&self, job: JobIndex, status: Status) -> Option<String> {
        match status {
            Status::Failed => {
                let reason = self.records[job.0].reason;
                reason.map(|reason| reason.as_str().to_owned())
            }
            Status::Canceled => Some(self.cancel_words().to_owned()),
            Status::Skipped => self.why_skipped(job),
            _ => None,
        }
    }
}
