//! What is kept, and the environment goes.

use std::time::Duration;

use tokio::time::timeout;

use crate::event::{EventKind, Phase};
use crate::exec::{ArtifactRef, Cancel, ExecError, Session};
use crate::run::message::{Failure, Message, Verdict};
use crate::run::stage::{Ending, GRACE, Remote, Stop};

use super::driver::Attempt;
use super::words::{out_of_time, short};

/// For taking the environment away. Outside of every cancellation, so that nothing stays behind.
pub(super) const CLOSE_BUDGET: Duration = Duration::from_secs(30);

impl Attempt<'_> {
    /// Keeps the artifacts that belong to such a result. A failure to do so fails a job that was
    /// well (runtime reference 1.1).
    pub(super) async fn upload(
        &mut self,
        session: &mut dyn Session,
        verdict: Verdict,
    ) -> (Verdict, Option<ArtifactRef>) {
        let wanted = self.scripts.artifacts.take();
        let wanted = wanted.filter(|a| a.when.keeps(verdict == Verdict::Success));
        let Some(wanted) = wanted else {
            return (verdict, None);
        };
        self.enter(Phase::UploadArtifacts).await;
        let into = self
            .shared
            .artifacts
            .join(format!("{}.tar", self.order.job_id));
        let bounds = self.bounds(Cancel::Force, None);
        let (_, remote) = Remote::new();
        let work = session.collect(&wanted.globs, &into);
        let Ending { result, stop } = bounds.run(&mut self.log, remote, work).await;
        match (stop, result) {
            (Some(Stop::Deadline), _) => {
                (Verdict::JobTimedOut(out_of_time(self.job.timeout)), None)
            }
            (Some(_), _) | (None, None) => (Verdict::Killed, None),
            (None, Some(Ok(kept))) => {
                self.log
                    .say(&what_was_kept(&kept, &wanted.globs.paths))
                    .await;
                (verdict, Some(kept).filter(|kept| kept.entries > 0))
            }
            (None, Some(Err(error))) => {
                let text = format!("ERROR: artifacts were not kept: {}", error.message);
                self.log.say(&text).await;
                (or_failed(verdict, &error), None)
            }
        }
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
        let job = &self.job.sched.name;
        let text = format!("cleaning up after job `{job}` failed, the next run does it: {why}");
        let text = self.log.masked(&text);
        let notice = Message::Event(EventKind::Notice { text });
        let _ = self.messages.send(notice).await;
    }
}

/// The first failure counts.
fn or_failed(verdict: Verdict, error: &ExecError) -> Verdict {
    match verdict {
        Verdict::Success => Verdict::Failed(Failure::from(error)),
        verdict => verdict,
    }
}

fn what_was_kept(kept: &ArtifactRef, paths: &[String]) -> String {
    let paths = paths.join(", ");
    match kept.entries {
        0 => format!("WARNING: {paths}: no matching files; no artifacts are kept"),
        count => format!("{paths}: found {count} matching artifact files and directories"),
    }
}
