//! What is kept, and the environment goes.

use std::time::Duration;

use tokio::time::timeout;

use crate::event::{EventKind, Phase};
use crate::exec::{ArtifactRef, Cancel, ExecError, Fault, Globs, Session};
use crate::run::bounded_call::{Ending, GRACE, Remote, Stop};
use crate::run::message::{Failure, Kept, Message, Verdict};

use super::driver::Attempt;
use super::reports::or_failed;
use super::words::{out_of_time, short};

/// For taking the environment away. Outside of every cancellation, so that nothing stays behind.
pub(super) const CLOSE_BUDGET: Duration = Duration::from_secs(30);

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
        if wanted.is_some() || !self.scripts.dotenv.is_empty() {
            self.enter(Phase::UploadArtifacts).await;
        }
        let (verdict, artifacts) = match wanted {
            Some(wanted) => match self.globs(session, wanted).await {
                Ok(globs) => self.archive(session, verdict, &globs).await,
                Err(error) => (self.not_kept(verdict, &error).await, None),
            },
            None => (verdict, None),
        };
        if !verdict.goes_on() {
            return (verdict, Kept::default());
        }
        let (verdict, dotenv) = self.dotenv(session, verdict).await;
        (verdict, Kept { artifacts, dotenv })
    }

    async fn archive(
        &mut self,
        session: &mut dyn Session,
        verdict: Verdict,
        globs: &Globs,
    ) -> (Verdict, Option<ArtifactRef>) {
        let into = self.order.artifacts_place.clone();
        let bounds = self.bounds(Cancel::Force, None);
        let (_, remote) = Remote::new();
        let work = session.collect(globs, &into);
        let Ending { result, stop } = bounds.run(&mut self.log, remote, work).await;
        match (stop, result) {
            (Some(Stop::Deadline), _) => {
                (Verdict::JobTimedOut(out_of_time(self.job.timeout)), None)
            }
            (Some(_), _) | (None, None) => (Verdict::Killed, None),
            (None, Some(Ok(kept))) => (verdict, self.told_of(kept).await),
            (None, Some(Err(error))) => (self.not_kept(verdict, &error).await, None),
        }
    }

    async fn not_kept(&mut self, verdict: Verdict, error: &ExecError) -> Verdict {
        let text = format!("ERROR: artifacts were not kept: {}", error.message);
        self.log.say(&text).await;
        or_failed(verdict, not_uploaded(error))
    }

    /// Says what was found; nothing found leaves no archive.
    async fn told_of(&mut self, kept: ArtifactRef) -> Option<ArtifactRef> {
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
            Ok(Err(error)) => error.message,
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
fn not_uploaded(error: &ExecError) -> Failure {
    Failure {
        exit_code: (error.fault == Fault::User).then_some(1),
        ..Failure::from(error)
    }
}
