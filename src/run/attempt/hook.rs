//! `hooks:pre_get_sources_script`.

use crate::event::Phase;
use crate::exec::{Cancel, ExecError, Exit, Script, Session};
use crate::run::bounded_call::{Ending, Remote};
use crate::run::message::{Failure, Verdict};

use super::driver::Attempt;
use super::words::vanished;

/// The runner has an image of its own for this, which we do without.
const WHERE: &str = "note: `hooks:pre_get_sources_script` runs here in the job's image; \
                     GitLab Runner has bash and git there, whatever the job's image has";

impl Attempt<'_> {
    /// Runs the hook; success where there is none (runtime reference 1.4).
    pub(super) async fn hook(&mut self, session: &mut dyn Session) -> Verdict {
        let Some(text) = self.scripts.hook.take() else {
            return Verdict::Success;
        };
        let script = Script::whole(text);
        let (cx, remote) = Remote::new();
        let verdict = self
            .ahead_of_script(remote, session.run(&script, &cx))
            .await;
        if let Verdict::Failed(Failure {
            exit_code: Some(_), ..
        }) = verdict
        {
            self.log.say(WHERE).await;
        }
        verdict
    }

    /// Waits for the end of something that comes before the job's script.
    pub(super) async fn ahead_of_script(
        &mut self,
        remote: Remote,
        work: impl Future<Output = Result<Exit, ExecError>>,
    ) -> Verdict {
        self.enter(Phase::Sources).await;
        let bounds = self.bounds(Cancel::Graceful, None);
        let Ending { result, stop } = bounds.run(&mut self.log, remote, work).await;
        if let Some(stop) = stop {
            return self.stopped_before_script(stop);
        }
        match result {
            Some(Ok(Exit::Code(0))) => Verdict::Success,
            Some(Ok(Exit::Code(code))) => Verdict::Failed(Failure::exit_code(code)),
            Some(Err(error)) => Verdict::Failed(Failure::from(&error)),
            Some(Ok(Exit::Stopped)) | None => Verdict::Failed(vanished()),
        }
    }
}
