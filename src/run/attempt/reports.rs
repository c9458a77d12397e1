//! How reports are collected, and those that change what later jobs see: `artifacts:reports:dotenv`
//! (runtime reference 14).

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::exec::{ArtifactRef, Globs, Session, Stop};
use crate::run::bounded_call::Remote;
use crate::run::dotenv::{self, Variables};
use crate::run::message::{Failure, Verdict};
use crate::run::spec::ReportFormat;

use super::driver::Attempt;
use super::leave::Missed;

/// What a dotenv report holds.
enum Report {
    Variables(Variables),
    /// Why GitLab would refuse it.
    Refused(String),
}

impl Attempt<'_> {
    /// Takes in the dotenv report, whatever the job's result. One that GitLab would not accept
    /// fails a job that was well.
    pub(super) async fn dotenv(
        &mut self,
        session: &mut dyn Session,
        verdict: Verdict,
    ) -> (Verdict, Variables) {
        let paths = std::mem::take(&mut self.scripts.dotenv);
        if paths.is_empty() {
            return (verdict, Variables::new());
        }
        match self.reported(session, &paths).await {
            Ok(Report::Variables(variables)) => (verdict, variables),
            Ok(Report::Refused(refused)) => {
                let message = format!("the dotenv report is refused, as on GitLab: {refused}");
                self.log.say(&format!("ERROR: {message}")).await;
                let failure = Failure {
                    message,
                    // The runner's uploader ends with 1.
                    ..Failure::exit_code(1)
                };
                (or_failed(verdict, failure), Variables::new())
            }
            Err(Missed::Stopped(verdict)) => (verdict, Variables::new()),
            Err(Missed::Failed(error)) => {
                (or_failed(verdict, Failure::from(&error)), Variables::new())
            }
        }
    }

    /// Brings the report and reads it.
    async fn reported(
        &mut self,
        session: &mut dyn Session,
        paths: &[Arc<str>],
    ) -> Result<Report, Missed> {
        let into = self.report_place("dotenv");
        let collected = self.report(session, paths, &into).await?;
        self.told_of(collected).await;
        let read = self.read_dotenv(session, &into).await;
        // It was only the way here.
        let _ = std::fs::remove_file(&into);
        read
    }

    async fn read_dotenv(
        &mut self,
        session: &mut dyn Session,
        tar: &Path,
    ) -> Result<Report, Missed> {
        if let Some(why) = self.refused(session, tar, ReportFormat::Gzip).await? {
            return Ok(Report::Refused(why));
        }
        let tar = tar.to_owned();
        let content = self.looked(move |stop| files(&tar, stop)).await?;
        Ok(match dotenv::parse(&content) {
            Ok(variables) => Report::Variables(variables),
            Err(refused) => Report::Refused(refused),
        })
    }
}

impl Attempt<'_> {
    /// Where a report of that type goes.
    pub(super) fn report_place(&self, kind: &str) -> PathBuf {
        let place = &self.order.artifacts_place;
        place.with_extension(format!("{kind}.tar"))
    }

    /// Brings the files of a report of any type.
    pub(super) async fn report(
        &mut self,
        session: &mut dyn Session,
        paths: &[Arc<str>],
        into: &Path,
    ) -> Result<ArtifactRef, Missed> {
        let paths = self.expanded(session, paths).await?;
        self.collected(session, paths, into).await
    }

    /// The same of globs whose variables are expanded.
    pub(super) async fn collected(
        &mut self,
        session: &mut dyn Session,
        paths: Vec<String>,
        into: &Path,
    ) -> Result<ArtifactRef, Missed> {
        let globs = Globs {
            paths,
            limit: self.shared.artifacts_limit,
            ..Globs::default()
        };
        let (cx, remote) = Remote::new();
        let work = session.collect(&globs, into, &cx);
        self.afterwards(remote, work).await
    }
}

/// The first failure counts.
pub(super) fn or_failed(verdict: Verdict, failure: Failure) -> Verdict {
    match verdict {
        Verdict::Success => Verdict::Failed(failure),
        verdict => verdict,
    }
}

/// The files of an archive one behind the other, as far as a report may be long.
fn files(tar: &Path, stop: &Stop) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    let file = match std::fs::File::open(tar) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(content),
        opened => opened?,
    };
    for entry in tar::Archive::new(file).entries_with_seek()? {
        stop.check()?;
        let left = (dotenv::MAX_SIZE + 1).saturating_sub(content.len()) as u64;
        entry?.take(left).read_to_end(&mut content)?;
    }
    Ok(content)
}
