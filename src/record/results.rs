//! The result of each attempt: `results/<job>.<attempt>.json`, there from the moment the attempt
//! has ended, also where the run never comes to its end.

use std::fs;
use std::path::{Path, PathBuf};

use super::RecordError;
use super::folder::write_atomic;
use super::job_path::JobPath;
use super::live::attempt_name;
use crate::event::AttemptResult;

/// Writes the result into the folder of its run.
pub(super) fn write(run: &Path, result: &AttemptResult) -> Result<(), RecordError> {
    let path = place(run, &result.pipeline, &result.job, result.attempt);
    let mut result = result.clone();
    for file in files(&mut result) {
        // The state folder may move.
        if let Ok(inside) = file.strip_prefix(run) {
            *file = inside.to_owned();
        }
    }
    let text = serde_json::to_vec_pretty(&result)
        .map_err(|error| RecordError::at("write", &path)(error.into()))?;
    write_atomic(&path, text)
}

/// Results of a job's attempts in the run with that folder, the first attempt first. None of a
/// record that is older than results.
pub(super) fn of_job(run: &Path, pipeline: &[String], job: &str) -> Vec<AttemptResult> {
    (1..)
        .map_while(|attempt| read(run, pipeline, job, attempt))
        .collect()
}

/// Whether an attempt of a job left one.
pub(super) fn is_there(run: &Path, job: &JobPath, attempt: u32) -> bool {
    place(run, &job.pipeline, &job.name, attempt).exists()
}

fn read(run: &Path, pipeline: &[String], job: &str, attempt: u32) -> Option<AttemptResult> {
    let text = fs::read(place(run, pipeline, job, attempt)).ok()?;
    let mut result: AttemptResult = serde_json::from_slice(&text).ok()?;
    for file in files(&mut result) {
        *file = run.join(&*file);
    }
    Some(result)
}

/// The files that it names.
fn files(result: &mut AttemptResult) -> impl Iterator<Item = &mut PathBuf> {
    let artifacts = result.artifacts.iter_mut().map(|kept| &mut kept.file);
    artifacts.chain(result.reports.iter_mut().map(|kept| &mut kept.file))
}

fn place(run: &Path, pipeline: &[String], job: &str, attempt: u32) -> PathBuf {
    let name = attempt_name(pipeline, job, attempt);
    run.join("results").join(name + ".json")
}
