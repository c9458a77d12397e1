//! What is known of an attempt of a job when it has ended: all that a later program needs to take
//! its result instead of running it again.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{TestSummary, seconds};
use crate::types::Status;

/// One attempt of one job. An attempt that was canceled before it began has none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AttemptResult {
    /// Full name of the job.
    pub job: String,
    /// From 1.
    pub attempt: u32,
    /// Names of the trigger jobs that lead to the pipeline; empty for the top one.
    #[serde(default)]
    pub pipeline: Vec<String>,
    /// `CI_JOB_ID`.
    pub job_id: u64,
    /// `success`, `failed` or `canceled`.
    pub status: Status,
    /// Whether the failure counts as a warning.
    pub allow_failure: bool,
    /// GitLab's failure reason.
    pub reason: Option<String>,
    /// Why it failed or was canceled, in one line for people.
    pub message: Option<String>,
    /// Exit code of the script, where one is known.
    pub exit_code: Option<i64>,
    /// Its start, since the run began.
    #[serde(with = "seconds::optional")]
    pub started: Option<Duration>,
    /// Its end, since the run began.
    #[serde(with = "seconds::optional")]
    pub finished: Option<Duration>,
    /// What it kept.
    pub artifacts: Option<KeptArtifacts>,
    /// Its reports of files, in the order in which they were collected.
    #[serde(default)]
    pub reports: Vec<KeptReport>,
    /// What its `JUnit` report says.
    #[serde(default)]
    pub tests: Option<TestSummary>,
    /// What its dotenv report said, in this order.
    pub dotenv: Vec<ReportedVariable>,
    /// GitLab's word for the executor that ran it: `docker`, `shell`. `None` where none did.
    #[serde(default)]
    pub executor: Option<String>,
    /// Names all that the attempt depended on: executor, scripts, image, variables, sources, artifacts.
    /// `None` where a part of that is not known.
    pub digest: Option<String>,
}

/// An archive of artifacts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptArtifacts {
    /// The tar file; on disk, within the folder of the run.
    pub file: PathBuf,
    /// Names its content.
    pub digest: Option<String>,
}

/// A report of files (`artifacts:reports`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptReport {
    /// GitLab's type of it: `junit`, `cobertura`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The tar file; on disk, within the folder of the run.
    pub file: PathBuf,
}

/// A variable of a dotenv report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportedVariable {
    /// Its name.
    pub name: String,
    /// Its value; `None` where a log would hide it, so that it is not kept.
    pub value: Option<String>,
}
