//! Looking back: past runs, what succeeded, how long jobs took.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;

use super::RecordError;
use super::folder::is_locked;
use super::job_path::JobPath;
use super::live::{artifact, log};
use super::project::{ProjectRecord, begun_at};
use super::replay::Events;
use super::results;
use crate::event::{
    AttemptResult, Event, EventKind, JobResult, KeptArtifacts, KeptReport, ReportedVariable,
    RunResult, RunStarted,
};
use crate::types::Status;

/// A run on disk.
#[derive(Debug, Clone, PartialEq)]
pub struct PastRun {
    /// Its id.
    pub id: String,
    /// Its folder.
    pub folder: PathBuf,
    /// Whether it is still under way.
    pub alive: bool,
    /// Its head; `None` when it ended before it began.
    pub started: Option<RunStarted>,
    /// Its end; `None` while it lives, or when it was killed.
    pub result: Option<RunResult>,
    /// How long it took; known with its end.
    pub took: Option<Duration>,
}

/// A job that succeeded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Success {
    /// Id of the run.
    pub run: String,
    /// Its artifacts, where it left any.
    pub artifacts: Option<KeptArtifacts>,
    /// What its dotenv report said, in this order.
    pub dotenv: Vec<ReportedVariable>,
}

/// Sizes of the artifacts of a run, by file.
#[derive(Debug, Default)]
pub struct LastArtifacts(HashMap<String, u64>);

impl LastArtifacts {
    /// Bytes that those of a job of the top pipeline took; 0 where it left none.
    pub fn size(&self, job: &str) -> u64 {
        let file = artifact(Path::new(""), &[], job, 1);
        let name = file.file_name().and_then(|name| name.to_str());
        let size = name.and_then(|name| self.0.get(name));
        size.copied().unwrap_or_default()
    }
}

/// Durations are taken from the newest runs only: jobs change.
const RUNS_FOR_DURATIONS: usize = 10;

impl ProjectRecord {
    /// All runs, newest first.
    pub fn list(&self) -> Vec<PastRun> {
        self.newest_first().collect()
    }

    /// The newest run.
    pub fn last(&self) -> Option<PastRun> {
        self.newest_first().next()
    }

    /// The run of that id.
    pub fn find(&self, id: &str) -> Option<PastRun> {
        self.newest_first().find(|run| run.id == id)
    }

    /// The newest success of a job of the top pipeline, also in a run that never came to its end.
    pub fn newest_success(&self, job: &str) -> Option<Success> {
        self.newest_first().find_map(|run| run.success_of(job))
    }

    /// How long each job took when it last succeeded, by name.
    pub fn durations(&self) -> HashMap<String, Duration> {
        let mut durations = HashMap::new();
        for run in self.newest_first().take(RUNS_FOR_DURATIONS) {
            for job in run.result.into_iter().flat_map(|result| result.jobs) {
                if let (Status::Success, Some(took)) = (job.status, took(&job)) {
                    durations.entry(job.name).or_insert(took);
                }
            }
        }
        durations
    }

    /// How large the artifacts of the newest run are, this one aside.
    pub fn last_artifacts(&self, this: &str) -> LastArtifacts {
        let runs = self.folders().into_iter().rev();
        let last = runs.into_iter().find(|(id, _)| id != this);
        let entries = last.and_then(|(_, folder)| fs::read_dir(folder.join("artifacts")).ok());
        let size = |entry: fs::DirEntry| {
            let name = entry.file_name().into_string().ok()?;
            Some((name, entry.metadata().ok()?.len()))
        };
        let sizes = entries.into_iter().flatten().flatten().filter_map(size);
        LastArtifacts(sizes.collect())
    }

    fn newest_first(&self) -> impl Iterator<Item = PastRun> {
        let folders = self.folders().into_iter().rev();
        folders.map(|(id, folder)| PastRun::read(id, folder))
    }
}

impl PastRun {
    fn read(id: String, folder: PathBuf) -> Self {
        let events = folder.join("events.jsonl");
        let started = match first_event(&events).map(|event| event.kind) {
            Some(EventKind::RunStarted(started)) => Some(started),
            _ => None,
        };
        let last = last_event(&events);
        let elapsed = last.as_ref().map(|event| event.elapsed);
        let result = match last.map(|event| event.kind) {
            Some(EventKind::RunFinished(result)) => Some(result),
            _ => None,
        };
        let alive = is_locked(&folder.join("lock"));
        Self {
            id,
            folder,
            alive,
            started,
            took: elapsed.filter(|_| result.is_some()),
            result,
        }
    }

    /// When it began, by its id: UTC, to the second.
    pub fn began(&self) -> Option<Timestamp> {
        begun_at(&self.id)
    }

    /// `CI_PIPELINE_ID`, the number at the end of its id.
    pub fn pipeline_id(&self) -> Option<u64> {
        self.id.rsplit_once('-')?.1.parse().ok()
    }

    /// Names of the jobs of its top pipeline, in pipeline order, whether they ran or not.
    pub fn jobs(&self) -> impl Iterator<Item = &str> {
        let jobs = self.started.iter().flat_map(|started| &started.jobs);
        jobs.map(|job| job.name.as_str())
    }

    /// All its jobs: those of the top pipeline, then those of its child pipelines; of a run that
    /// has not ended only those of children that began.
    pub fn all_jobs(&self) -> Vec<JobPath> {
        let mut jobs: Vec<JobPath> = self.jobs().map(JobPath::top).collect();
        jobs.extend(match &self.result {
            Some(result) => JobPath::of_children(result),
            None => match self.events() {
                Ok(events) => JobPath::begun_in_children(events),
                Err(_) => Vec::new(),
            },
        });
        jobs
    }

    /// How many attempts of a job left a log or a result.
    pub fn attempts(&self, job: &JobPath) -> u32 {
        let is_there = |attempt: &u32| {
            self.log(job, *attempt).exists() || results::is_there(&self.folder, job, *attempt)
        };
        let first_missing = (1..u32::MAX).find(|attempt| !is_there(attempt));
        first_missing.map_or(0, |missing| missing - 1)
    }

    /// Everything that happened, with the log lines.
    pub fn events(&self) -> Result<Events, RecordError> {
        Events::open(&self.folder)
    }

    /// The log of an attempt of a job.
    pub fn log(&self, job: &JobPath, attempt: u32) -> PathBuf {
        log(&self.folder, &job.pipeline, &job.name, attempt)
    }

    /// The tar of an attempt's artifacts; it need not exist.
    pub fn artifact(&self, job: &JobPath, attempt: u32) -> PathBuf {
        artifact(&self.folder, &job.pipeline, &job.name, attempt)
    }

    /// Results of the attempts of a job, the first attempt first; none of a record that is older
    /// than results.
    pub fn results(&self, pipeline: &[String], job: &str) -> Vec<AttemptResult> {
        results::of_job(&self.folder, pipeline, job)
    }

    /// The archive of what a job kept last.
    pub fn kept(&self, job: &JobPath) -> Option<PathBuf> {
        let attempts = (1..=self.attempts(job)).rev();
        let archives = attempts.map(|attempt| self.artifact(job, attempt));
        archives.into_iter().find(|archive| archive.is_file())
    }

    /// The reports that the last attempt of a job kept which kept any, as far as they are still there.
    pub fn reports(&self, job: &JobPath) -> Vec<KeptReport> {
        let results = self.results(&job.pipeline, &job.name).into_iter().rev();
        let mut kept = results.map(|result| result.reports);
        let reports = kept.find(|reports| !reports.is_empty()).unwrap_or_default();
        let reports = reports.into_iter();
        reports.filter(|report| report.file.is_file()).collect()
    }

    fn success_of(&self, job: &str) -> Option<Success> {
        let last = self.results(&[], job).pop();
        let (status, artifacts, dotenv) = if let Some(last) = last {
            (last.status, last.artifacts, last.dotenv)
        } else {
            let (status, artifacts) = self.ended_as(job)?;
            (status, artifacts, Vec::new())
        };
        (status == Status::Success).then(|| Success {
            run: self.id.clone(),
            artifacts: artifacts.filter(|kept| kept.file.exists()),
            dotenv,
        })
    }

    /// By the last event, which is all that older records have.
    fn ended_as(&self, job: &str) -> Option<(Status, Option<KeptArtifacts>)> {
        let job = JobPath::top(job);
        let result = self.job(&job)?;
        let file = self.artifact(&job, result.attempts);
        let digest = None;
        Some((result.status, Some(KeptArtifacts { file, digest })))
    }

    /// How a job ended.
    pub fn job(&self, job: &JobPath) -> Option<&JobResult> {
        job.result(self.result.as_ref()?)
    }
}

fn took(job: &JobResult) -> Option<Duration> {
    job.finished?.checked_sub(job.started?)
}

fn first_event(path: &Path) -> Option<Event> {
    let mut line = String::new();
    BufReader::new(File::open(path).ok()?)
        .read_line(&mut line)
        .ok()?;
    parse(&line)
}

/// The last line, read from the end: a record can be long.
fn last_event(path: &Path) -> Option<Event> {
    let mut file = File::open(path).ok()?;
    let size = file.metadata().ok()?.len();
    let mut window = 64 * 1024;
    loop {
        let from = size.saturating_sub(window);
        let mut tail = Vec::new();
        file.seek(SeekFrom::Start(from)).ok()?;
        (&mut file).take(size - from).read_to_end(&mut tail).ok()?;
        // A line without its end was cut short.
        let whole = tail.strip_suffix(b"\n")?;
        match whole.iter().rposition(|byte| *byte == b'\n') {
            Some(at) => return parse(std::str::from_utf8(&whole[at + 1..]).ok()?),
            None if from == 0 => return parse(std::str::from_utf8(whole).ok()?),
            None => window *= 4,
        }
    }
}

fn parse(line: &str) -> Option<Event> {
    Event::from_json(line).ok()?
}
