//! Past runs of a checkout: which there are, which one is meant, which attempt of a job, and what
//! jobs kept.

use std::path::PathBuf;

use crate::diag::{Code, Diagnostic};
use crate::record::{KeptEntry, PastRun, ProjectRecord, RecordError, State, entries};
use crate::types::Status;

use super::facts::project;
use super::failure::{Failure, FailureKind};
use super::folders;
use super::request::WorkspaceRequest;
use super::workspace::Workspace;

/// What is on record of a checkout. Nothing of it is changed.
#[derive(Debug)]
pub struct PastRuns {
    record: ProjectRecord,
}

/// An attempt of a job in a run on record.
#[derive(Debug)]
pub struct PastAttempt {
    /// The run.
    pub run: PastRun,
    /// Full name of the job.
    pub job: String,
    /// From 1.
    pub attempt: u32,
}

/// What a job of a run on record kept.
#[derive(Debug)]
pub struct KeptByJob {
    /// Full name of the job.
    pub job: String,
    /// The archive.
    pub tar: PathBuf,
}

impl KeptByJob {
    /// What is in it.
    pub fn entries(&self) -> Result<Vec<KeptEntry>, RecordError> {
        entries(&self.tar)
    }

    fn of(run: &PastRun, job: &str) -> Option<Self> {
        let tar = run.kept(job)?;
        let job = job.to_owned();
        Some(Self { job, tar })
    }
}

impl PastRuns {
    /// The record of the checkout that the command is about. Its pipeline need not be valid.
    pub fn of(request: &WorkspaceRequest) -> Result<Self, Failure> {
        let record = record_of(&Workspace::open(request)?)?;
        Ok(Self { record })
    }

    /// All runs, the newest first.
    pub fn runs(&self) -> Vec<PastRun> {
        self.record.list()
    }

    /// Names of the jobs of all runs, each once.
    pub fn jobs(&self) -> Vec<String> {
        let mut names = Vec::new();
        for run in self.runs() {
            for job in run.jobs() {
                if !names.iter().any(|name| name == job) {
                    names.push(job.to_owned());
                }
            }
        }
        names
    }

    /// How a run ended in one word, or that it has not.
    pub fn status(run: &PastRun) -> &'static str {
        match &run.result {
            Some(result) => result.status.as_str(),
            None if run.alive => Status::Running.as_str(),
            None => "killed",
        }
    }

    /// The run of that id, or with that number at the end of its id; the newest if `None`.
    pub fn run(&self, id: Option<&str>) -> Result<PastRun, Failure> {
        let mut runs = self.runs().into_iter();
        let Some(id) = id else {
            return runs.next().ok_or_else(none);
        };
        let number = id.parse().ok();
        let is_meant =
            |run: &PastRun| run.id == id || (number.is_some() && run.pipeline_id() == number);
        runs.find(is_meant).ok_or_else(|| {
            let message = format!("there is no run `{id}` on record");
            let diagnostic = Diagnostic::new(Code::RunUnknown, message);
            usage(diagnostic.help("`pipe runs` lists those that are"))
        })
    }

    /// The attempt of a job that is meant: in the run `id`, else in the newest run where the job
    /// has one; the last one unless `attempt` says which.
    pub fn attempt(
        &self,
        job: &str,
        id: Option<&str>,
        attempt: Option<u32>,
    ) -> Result<PastAttempt, Failure> {
        let runs = self.runs_or_one(id)?;
        let Some(run) = runs.iter().find(|run| run.attempts(job) > 0) else {
            return Err(without_attempt(&runs, job, id.is_some()));
        };
        let last = run.attempts(job);
        let attempt = attempt.unwrap_or(last);
        if !(1..=last).contains(&attempt) {
            let message = format!("job `{job}` has no attempt {attempt} in run {}", run.id);
            let help = match last {
                1 => "it has one attempt".to_owned(),
                _ => format!("it has attempts 1 to {last}"),
            };
            let diagnostic = Diagnostic::new(Code::JobNotRecorded, message).help(help);
            return Err(usage(diagnostic));
        }
        Ok(PastAttempt {
            run: run.clone(),
            job: job.to_owned(),
            attempt,
        })
    }

    /// What the job kept, in the run `id`, else in the newest run where it kept something; without
    /// a job all that the jobs of the run kept, in their order.
    pub fn kept(
        &self,
        job: Option<&str>,
        id: Option<&str>,
    ) -> Result<(PastRun, Vec<KeptByJob>), Failure> {
        let mut runs = self.runs_or_one(id)?;
        if job.is_none() {
            runs.truncate(1);
        }
        let of = |run: &PastRun| -> Vec<KeptByJob> {
            let jobs = run.jobs().filter(|name| job.is_none_or(|job| job == *name));
            jobs.filter_map(|job| KeptByJob::of(run, job)).collect()
        };
        let found = runs.iter().map(|run| (run, of(run)));
        match found.into_iter().find(|(_, kept)| !kept.is_empty()) {
            Some((run, kept)) => Ok((run.clone(), kept)),
            None => Err(without_artifacts(&runs, job, id.is_some())),
        }
    }

    /// All runs, of which there is one, or the one that is meant.
    fn runs_or_one(&self, id: Option<&str>) -> Result<Vec<PastRun>, Failure> {
        let runs = match id {
            Some(_) => vec![self.run(id)?],
            None => self.runs(),
        };
        if runs.is_empty() {
            return Err(none());
        }
        Ok(runs)
    }
}

/// The record of a checkout.
pub(super) fn record_of(workspace: &Workspace) -> Result<ProjectRecord, Failure> {
    let state = State::new(folders::state()?);
    let common_dir = workspace.repository.common_dir();
    Ok(state.project(&project(workspace).path, &common_dir))
}

/// Why none of `runs` has artifacts of that job, or of any.
fn without_artifacts(runs: &[PastRun], job: Option<&str>, is_chosen: bool) -> Failure {
    let ran = |job: &str| runs.iter().find(|run| run.attempts(job) > 0);
    let message = match (job, job.and_then(ran)) {
        (Some(job), None) => return without_attempt(runs, job, is_chosen),
        (Some(job), Some(run)) if is_chosen => {
            format!("job `{job}` kept nothing in run {}", run.id)
        }
        (Some(job), Some(_)) => format!("no run on record has artifacts of job `{job}`"),
        (None, _) => format!("no job kept anything in run {}", runs[0].id),
    };
    usage(Diagnostic::new(Code::JobNotRecorded, message))
}

/// Why none of `runs` has an attempt of that job.
fn without_attempt(runs: &[PastRun], job: &str, is_chosen: bool) -> Failure {
    let Some(run) = runs.iter().find(|run| run.jobs().any(|name| name == job)) else {
        let message = match &runs[0] {
            run if is_chosen => format!("run {} has no job `{job}`", run.id),
            _ => format!("no run on record has a job `{job}`"),
        };
        let names = runs.iter().flat_map(PastRun::jobs);
        let diagnostic = Diagnostic::new(Code::JobNotRecorded, message);
        return usage(diagnostic.choose_from(job, "jobs on record", names));
    };
    let message = format!("job `{job}` did not run in run {}", run.id);
    let mut diagnostic = Diagnostic::new(Code::JobNotRecorded, message);
    let result = run.job(job);
    if let Some(reason) = result.and_then(|result| result.reason.as_ref()) {
        diagnostic = diagnostic.note(reason.clone());
    }
    usage(diagnostic)
}

fn none() -> Failure {
    let message = "no run of this checkout is on record";
    usage(Diagnostic::new(Code::RunUnknown, message).help("`pipe run` makes one"))
}

fn usage(diagnostic: Diagnostic) -> Failure {
    Failure::new(FailureKind::Usage, diagnostic)
}
