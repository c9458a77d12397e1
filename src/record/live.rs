//! A run that is under way.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::RecordError;
use super::folder::{file_name, lock, make};

/// The folder of a run, and its lock.
#[derive(Debug)]
pub struct LiveRun {
    id: String,
    folder: PathBuf,
    pipeline_id: u64,
    iid: u64,
    /// Held as long as this value lives; the system lets go of it when the process dies.
    _lock: File,
}

impl LiveRun {
    /// Makes the folder aside, takes its lock, and only then gives it its name: whoever sees it
    /// sees it locked.
    pub(super) fn create(
        runs: &Path,
        kind: &str,
        now: Timestamp,
        pipeline_id: u64,
        iid: u64,
    ) -> Result<Self, RecordError> {
        // Sorts by time; the number, given out once only, makes it unique.
        let id = format!("{kind}{}-{pipeline_id:06}", now.strftime("%Y%m%d-%H%M%S"));
        let aside = runs.join(format!(".new-{id}"));
        make(&aside)?;
        let lock_file = aside.join("lock");
        let lock = lock(&lock_file, false).map_err(RecordError::at("lock", &lock_file))?;
        for name in ["logs", "artifacts", "results"] {
            make(&aside.join(name))?;
        }
        let folder = runs.join(&id);
        fs::rename(&aside, &folder).map_err(RecordError::at("make", &folder))?;
        Ok(Self {
            id,
            folder,
            pipeline_id,
            iid,
            _lock: lock,
        })
    }

    /// Id of the run: `20261124-104112-000057`.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// `CI_PIPELINE_ID`.
    pub fn pipeline_id(&self) -> u64 {
        self.pipeline_id
    }

    /// `CI_PIPELINE_IID`: the run's number in its project.
    pub fn iid(&self) -> u64 {
        self.iid
    }

    /// The run's own folder; the tree of its jobs can lie there too.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where the artifacts of each attempt of each pipeline go.
    pub fn artifacts(&self) -> impl Fn(&[String], &str, u32) -> PathBuf + Send + Sync + use<> {
        let folder = self.folder.clone();
        move |pipeline, job, attempt| artifact(&folder, pipeline, job, attempt)
    }

    /// Where the artifacts of an attempt go.
    pub fn artifact(&self, pipeline: &[String], job: &str, attempt: u32) -> PathBuf {
        artifact(&self.folder, pipeline, job, attempt)
    }
}

/// The tar of an attempt's artifacts.
pub(super) fn artifact(run: &Path, pipeline: &[String], job: &str, attempt: u32) -> PathBuf {
    let name = attempt_name(pipeline, job, attempt);
    run.join("artifacts").join(name + ".tar")
}

/// The log of an attempt of the run with that folder.
pub fn log(run: &Path, pipeline: &[String], job: &str, attempt: u32) -> PathBuf {
    run.join("logs").join(attempt_name(pipeline, job, attempt))
}

/// The name of what belongs to an attempt, without an ending.
pub(super) fn attempt_name(pipeline: &[String], job: &str, attempt: u32) -> String {
    // No encoded name has a `+`.
    let names: Vec<_> = pipeline.iter().map(String::as_str).chain([job]).collect();
    let name = names
        .iter()
        .map(|name| file_name(name))
        .collect::<Vec<_>>()
        .join("+");
    let name = if name.len() > 220 {
        file_name(&names.join("+"))
    } else {
        name
    };
    format!("{name}.{attempt}")
}
