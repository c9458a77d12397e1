//! Keeps what a job leaves, its artifacts and reports, and closes its environment.

use std::time::Duration;

use tokio::time::timeout;

use crate::event::{EventKind, Phase};
use crate::exec::{ArtifactRef, Cancel, ExecError, Fault, Session};
use crate::run::bounded_call::{Ending, GRACE, Remote, Stop};
use crate::run::message::{Failure, Kept, Message, Verdict};
use crate::types::Artifacts;

use super::driver::Attempt;
use super::reports::or_failed;
use super::words::{out_of_time, short};

/// For taking the environment away. Outside of every cancellation, so that nothing stays behind.
pub(super) const CLOSE_BUDGET: Duration = Duration::from_secs(30);

/// Why something of a job was not had.
pub(super) enum Missed {
    Stopped(Verdict),
    Failed(ExecError),
}

impl Attempt<'_> {
    /// Keeps the artifacts that belong to such a result, and the reports. A failure to do so
    /// fails a job that was well (runtime reference 1.1).
    pub(super) async fn upload(
        &mut self,
        session: &mut dyn Session,
        verdict: Verdict,
    ) -> (Verdict, Kept) {
        let wanted = self.scripts.artifacts.take();
        let wanted = wanted.filter(|a| a.when.keeps(verdict == Verdict::Success));
        let has_reports = !self.scripts.dotenv.is_empty() || !self.scripts.reports.is_empty();
        if wanted.is_some() || has_reports {
            self.enter(Phase::UploadArtifacts).await;
        }
        let artifacts = match wanted {
            Some(wanted) => self.archive(session, wanted).await.map(Some),
            None => Ok(None),
        };
        let (verdict, artifacts) = match artifacts {
            Ok(Some(kept)) => (verdict, self.told_of(kept).await),
            Ok(None) => (verdict, None),
            Err(Missed::Stopped(verdict)) => return (verdict, Kept::default()),
            Err(Missed::Failed(error)) => {
                (self.not_kept(verdict, "artifacts were", &error).await, None)
            }
        };
        let (verdict, dotenv) = self.dotenv(session, verdict).await;
        let (verdict, reports) = self.report_files(session, verdict).await;
        let kept = Kept {
            artifacts,
            dotenv,
            reports: reports.files,
            tests: reports.tests,
        };
        (verdict, kept)
    }

    async fn archive(
        &mut self,
        session: &mut dyn Session,
        wanted: Artifacts,
    ) -> Result<ArtifactRef, Missed> {
        let globs = self.globs(session, wanted).await?;
        let into = self.order.artifacts_place.clone();
        let (cx, remote) = Remote::new();
        let work = session.collect(&globs, &into, &cx);
        self.afterwards(remote, work).await
    }

    /// The content of a file of the job.
    pub(super) async fn read(
        &mut self,
        session: &mut dyn Session,
        path: &str,
        limit: u64,
    ) -> Result<Option<Vec<u8>>, Missed> {
        let (cx, remote) = Remote::new();
        let work = session.read(path, limit, &cx);
        self.afterwards(remote, work).await
    }

    /// One call on the environment behind its scripts, which yields to force and to the job's
    /// timeout alone.
    pub(super) async fn afterwards<T>(
        &mut self,
        remote: Remote,
        work: impl Future<Output = Result<T, ExecError>>,
    ) -> Result<T, Missed> {
        let bounds = self.bounds(Cancel::Force, None);
        let Ending { result, stop } = bounds.run(&mut self.log, remote, work).await;
        match (stop, result) {
            (Some(Stop::Deadline), _) => {
                let text = out_of_time(self.job.timeout);
                Err(Missed::Stopped(Verdict::JobTimedOut(text)))
            }
            (Some(_), _) | (None, None) => Err(Missed::Stopped(Verdict::Killed)),
            (None, Some(done)) => done.map_err(Missed::Failed),
        }
    }

    /// `what` is its subject and verb: `artifacts were`.
    pub(super) async fn not_kept(
        &mut self,
        verdict: Verdict,
        what: &str,
        error: &ExecError,
    ) -> Verdict {
        let text = format!("ERROR: {what} not kept: {}", error.in_one_line());
        self.log.say(&text).await;
        or_failed(verdict, not_uploaded(what, error))
    }

    /// Says what was found; nothing found leaves no archive.
    pub(super) async fn told_of(&mut self, kept: ArtifactRef) -> Option<ArtifactRef> {
        for note in &kept.notes {
            self.log.say(note).await;
        }
        if kept.entries > 0 {
            return Some(kept);
        }
        self.log.say("ERROR: No files to upload").await;
        // An archive of nothing would look like artifacts to later runs.
        let _ = std::fs::remove_file(&kept.tar);
        None
    }

    /// Nothing may stay behind, and nothing may hang: after its budget the environment is left
    /// for the next start to remove.
    pub(super) async fn close(&mut self, mut session: Box<dyn Session>) {
        let closed = timeout(CLOSE_BUDGET + GRACE, session.close(CLOSE_BUDGET)).await;
        let why = match closed {
            Ok(Ok(())) => return,
            Ok(Err(error)) => error.in_one_line(),
            Err(_) => format!("it took longer than {}", short(CLOSE_BUDGET + GRACE)),
        };
        let job = &self.order.name;
        let text = format!("cleaning up after job `{job}` failed, the next run does it: {why}");
        let text = self.log.masked(&text);
        let notice = Message::Event(EventKind::Notice { text });
        let _ = self.messages.send(notice).await;
    }
}

/// What is the job's fault ends the runner's uploader with 1, as when the server finds the archive
/// too large.
fn not_uploaded(what: &str, error: &ExecError) -> Failure {
    let failure = Failure::from(error);
    match error.fault {
        Fault::User => Failure {
            exit_code: Some(1),
            ..failure
        },
        _ => Failure {
            message: format!("{what} not kept: {}", failure.message),
            ..failure
        },
    }
}
