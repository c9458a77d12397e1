//! Past runs of a checkout: which there are, which one is meant, which attempt of a job, and what
//! jobs kept.

use std::path::PathBuf;

use crate::diag::{Code, Diagnostic};
use crate::record::{
    JobPath, KeptEntry, PastEnvironment, PastRun, ProjectRecord, RecordError, State, entries,
};
use crate::types::{Status, wildcard_match};

use super::facts::project;
use super::failure::{Failure, FailureKind};
use super::folders;
use super::request::WorkspaceRequest;
use super::workspace::Workspace;

/// What is on record of a checkout. Nothing of it is changed.
#[derive(Debug)]
pub struct PastRuns {
    record: ProjectRecord,
    /// The work tree.
    root: PathBuf,
}

/// Attempts of jobs in a run on record.
#[derive(Debug)]
pub struct PastAttempts {
    /// The run.
    pub run: PastRun,
    /// Each job, and which attempt, from 1.
    pub of: Vec<(JobPath, u32)>,
}

/// An archive of what a job of a run on record kept.
#[derive(Debug)]
pub struct KeptByJob {
    /// The job.
    pub job: JobPath,
    /// The type of the report that it is; `None` of artifacts.
    pub report: Option<String>,
    /// The archive.
    pub tar: PathBuf,
}

impl KeptByJob {
    /// What is in it.
    pub fn entries(&self) -> Result<Vec<KeptEntry>, RecordError> {
        entries(&self.tar)
    }

    /// The artifacts, then the reports.
    fn of(run: &PastRun, job: &JobPath) -> Vec<Self> {
        let artifacts = run.kept(job).map(|tar| (None, tar));
        let reports = run.reports(job).into_iter();
        let reports = reports.map(|kept| (Some(kept.kind), kept.file));
        let archives = artifacts.into_iter().chain(reports);
        archives
            .map(|(report, tar)| Self {
                job: job.clone(),
                report,
                tar,
            })
            .collect()
    }
}

impl PastRuns {
    /// The record of the checkout that the command is about. Its pipeline need not be valid.
    pub fn of(request: &WorkspaceRequest) -> Result<Self, Failure> {
        let workspace = Workspace::open(request)?;
        Ok(Self {
            record: record_of(&workspace)?,
            root: workspace.repository.root().to_owned(),
        })
    }

    /// All runs, the newest first.
    pub fn runs(&self) -> Vec<PastRun> {
        self.record.list()
    }

    /// The environments that jobs of these runs deployed to or took down, by name.
    pub fn environments(&self) -> Vec<PastEnvironment> {
        self.record.environments()
    }

    /// Names of the jobs of all runs, each once.
    pub fn jobs(&self) -> Vec<String> {
        names(&self.runs())
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

    /// The newest run of this work tree; the record is that of all its repository has.
    pub(super) fn newest_here(&self) -> Result<PastRun, Failure> {
        let is_of_here = |run: &PastRun| match run.request() {
            Some(request) => request.checkout == self.root,
            None => true,
        };
        self.runs().into_iter().find(is_of_here).ok_or_else(none)
    }

    /// The attempts that are meant, of one job or of several with a common name: in the run `id`,
    /// else in the newest run where there is one; the last ones unless `attempt` says which.
    pub fn attempts(
        &self,
        job: &str,
        id: Option<&str>,
        attempt: Option<u32>,
    ) -> Result<PastAttempts, Failure> {
        let runs = self.runs_or_one(id)?;
        let begun = |run: &PastRun| -> Vec<(JobPath, u32)> {
            let jobs = meant(run, job).into_iter();
            let counted = jobs.map(|job| (run.attempts(&job), job));
            let begun = counted.filter(|(last, _)| *last > 0);
            begun.map(|(last, job)| (job, last)).collect()
        };
        let found = runs.iter().map(|run| (run, begun(run)));
        let Some((run, mut of)) = found.into_iter().find(|(_, of)| !of.is_empty()) else {
            return Err(without_attempt(&runs, job, id.is_some()));
        };
        if let Some(attempt) = attempt {
            let most = of.iter().map(|(_, last)| *last).max().unwrap_or(0);
            of.retain(|(_, last)| (1..=*last).contains(&attempt));
            for (_, which) in &mut of {
                *which = attempt;
            }
            if of.is_empty() {
                return Err(no_such_attempt(run, job, attempt, most));
            }
        }
        Ok(PastAttempts {
            run: run.clone(),
            of,
        })
    }

    /// What the job kept, in the run `id`, else in the newest run where it kept artifacts, else in
    /// the newest where it kept reports; without a job all that the jobs of the run kept, in their
    /// order.
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
            let jobs = match job {
                Some(job) => meant(run, job),
                None => run.all_jobs(),
            };
            jobs.iter()
                .flat_map(|job| KeptByJob::of(run, job))
                .collect()
        };
        let mut of_reports = None;
        for run in &runs {
            let kept = of(run);
            // A failed job may have kept its reports alone.
            if kept.iter().any(|kept| kept.report.is_none()) {
                return Ok((run.clone(), kept));
            }
            if !kept.is_empty() && of_reports.is_none() {
                of_reports = Some((run.clone(), kept));
            }
        }
        of_reports.ok_or_else(|| without_artifacts(&runs, job, id.is_some()))
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

/// The jobs of a run that a name means: exactly, with the trigger jobs that lead to it (`child ›
/// unit`) or without; else as the base name of parallel jobs, else as a glob (design chapter 2). A
/// job of the top pipeline comes before those of its name in child pipelines.
fn meant(run: &PastRun, name: &str) -> Vec<JobPath> {
    let top = JobPath::top(name);
    // The names may be lost where the job's own files are not.
    if run.attempts(&top) > 0 || run.jobs().any(|job| job == name) {
        return vec![top];
    }
    let jobs = run.all_jobs();
    let exactly: Vec<JobPath> = (jobs.iter())
        .filter(|job| job.name == name || job.to_string() == name)
        .cloned()
        .collect();
    if !exactly.is_empty() {
        return exactly;
    }
    let fitting = |fits: fn(&str, &str) -> bool| -> Vec<JobPath> {
        let jobs =
            (jobs.iter()).filter(|job| fits(name, &job.name) || fits(name, &job.to_string()));
        jobs.cloned().collect()
    };
    let instances = fitting(is_instance);
    if instances.is_empty() {
        fitting(wildcard_match)
    } else {
        instances
    }
}

/// Whether a job is one of several that `parallel` makes of one: `unit 1/3`, `unit: [a, b]`.
fn is_instance(base: &str, job: &str) -> bool {
    let is_number = |text: &str| text.parse::<u32>().is_ok();
    let Some(rest) = job.strip_prefix(base) else {
        return false;
    };
    match rest.strip_prefix(' ').and_then(|rest| rest.split_once('/')) {
        Some((number, of)) => is_number(number) && is_number(of),
        None => rest.starts_with(": [") && rest.ends_with(']'),
    }
}

/// Why none of `runs` has artifacts of that job, or of any.
fn without_artifacts(runs: &[PastRun], job: Option<&str>, is_chosen: bool) -> Failure {
    let has_run =
        |run: &PastRun, job: &str| meant(run, job).iter().any(|job| run.attempts(job) > 0);
    let ran = |job: &str| runs.iter().find(|run| has_run(run, job));
    let message = match (job, job.and_then(ran)) {
        (Some(job), None) => return without_attempt(runs, job, is_chosen),
        (Some(job), Some(run)) if is_chosen => {
            format!("job `{job}` kept nothing in run {}", run.id)
        }
        (Some(job), Some(_)) => format!("no run on record has artifacts or reports of job `{job}`"),
        (None, _) => format!("no job kept anything in run {}", runs[0].id),
    };
    usage(Diagnostic::new(Code::JobNotRecorded, message))
}

/// Why none of `runs` has an attempt of that job.
fn without_attempt(runs: &[PastRun], job: &str, is_chosen: bool) -> Failure {
    let Some(run) = runs.iter().find(|run| !meant(run, job).is_empty()) else {
        let message = match &runs[0] {
            run if is_chosen => format!("run {} has no job `{job}`", run.id),
            _ => format!("no run on record has a job `{job}`"),
        };
        let names = names(runs);
        let names = names.iter().map(String::as_str);
        let diagnostic = Diagnostic::new(Code::JobNotRecorded, message);
        return usage(diagnostic.choose_from(job, "jobs on record", names));
    };
    let message = format!("job `{job}` did not run in run {}", run.id);
    let mut diagnostic = Diagnostic::new(Code::JobNotRecorded, message);
    let result = meant(run, job).first().and_then(|job| run.job(job));
    if let Some(reason) = result.and_then(|result| result.reason.as_ref()) {
        diagnostic = diagnostic.note(reason.clone());
    }
    usage(diagnostic)
}

fn no_such_attempt(run: &PastRun, job: &str, attempt: u32, last: u32) -> Failure {
    let message = format!("job `{job}` has no attempt {attempt} in run {}", run.id);
    let help = match last {
        1 => "it has one attempt".to_owned(),
        _ => format!("it has attempts 1 to {last}"),
    };
    usage(Diagnostic::new(Code::JobNotRecorded, message).help(help))
}

/// Names of the jobs of the runs, each once.
fn names(runs: &[PastRun]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for job in runs.iter().flat_map(PastRun::all_jobs) {
        let name = job.to_string();
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

fn none() -> Failure {
    let message = "no run of this checkout is on record";
    usage(Diagnostic::new(Code::RunUnknown, message).help("`pipe run` makes one"))
}

fn usage(diagnostic: Diagnostic) -> Failure {
    Failure::new(FailureKind::Usage, diagnostic)
}

#[cfg(test)]
mod tests {
    use super::is_instance;

    #[test]
    fn parallel_jobs_have_a_common_name() {
        for (base, job, expected) in [
            ("unit", "unit 1/3", true),
            ("unit", "unit: [a, b]", true),
            ("unit", "unit", false),
            ("unit", "unit tests", false),
            ("unit", "unit a/b", false),
            ("unit", "units 1/3", false),
            ("unit", "unit: all", false),
            ("unit: all", "unit: all 1/2", true),
        ] {
            assert_eq!(is_instance(base, job), expected, "{job} of {base}");
        }
    }
}
