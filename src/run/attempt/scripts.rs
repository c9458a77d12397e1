//! `script` and `after_script`.

use std::time::Duration;

use tokio::time::Instant;

use crate::event::Phase;
use crate::exec::{Cancel, Exit, Session};
use crate::run::bounded_call::{Ending, Remote, Stop};
use crate::run::message::{Fact, Failure, Verdict};
use crate::types::FailureReason;

use super::driver::Attempt;
use super::words::{out_of_time, vanished};

/// `RUNNER_AFTER_SCRIPT_TIMEOUT` when it is not set (runtime reference 5).
const AFTER_SCRIPT_TIMEOUT: Duration = Duration::from_secs(5 * 60);

impl Attempt<'_> {
    pub(super) async fn script(&mut self, session: &mut dyn Session) -> Verdict {
        self.enter(Phase::Script).await;
        let own = self.scripts.settings.script_timeout.take();
        let own = self.limit("RUNNER_SCRIPT_TIMEOUT", own).await;
        let bounds = self.bounds(Cancel::Graceful, own);
        let script = std::mem::take(&mut self.scripts.script);
        let (cx, remote) = Remote::new();
        let work = session.run(&script, &cx);
        let Ending { result, stop } = bounds.run(&mut self.log, remote, work).await;
        if let Some(stop) = stop {
            return self.stopped_script(stop).await;
        }
        match result {
            Some(Ok(Exit::Code(0))) => Verdict::Success,
            Some(Ok(Exit::Code(code))) => Verdict::Failed(Failure::exit_code(code)),
            Some(Err(error)) => Verdict::Failed(Failure::from(&error)),
            Some(Ok(Exit::Stopped)) | None => Verdict::Failed(vanished()),
        }
    }

    async fn stopped_script(&mut self, stop: Stop) -> Verdict {
        match stop {
            Stop::Killed => Verdict::Killed,
            Stop::Deadline => Verdict::JobTimedOut(out_of_time(self.job.timeout)),
            Stop::Canceled => {
                self.log.say("WARNING: script canceled").await;
                Verdict::Canceled
            }
            Stop::Limit => {
                let text =
                    "step_script could not run to completion because the timeout was exceeded";
                self.log.say(&format!("WARNING: {text}")).await;
                Verdict::ScriptTimedOut(
                    "the script took longer than RUNNER_SCRIPT_TIMEOUT".to_owned(),
                )
            }
        }
    }

    /// Its own failure changes nothing, unless the job asks for that (runtime reference 1.3).
    pub(super) async fn after_script(
        &mut self,
        session: &mut dyn Session,
        verdict: Verdict,
    ) -> Verdict {
        let Some(make) = self.scripts.after_script.take() else {
            return verdict;
        };
        self.enter(Phase::AfterScript).await;
        let own = self.scripts.settings.after_script_timeout.take();
        let own = self.limit("RUNNER_AFTER_SCRIPT_TIMEOUT", own).await;
        let own = own.unwrap_or_else(|| Instant::now() + AFTER_SCRIPT_TIMEOUT);
        let bounds = self.bounds(Cancel::Force, Some(own));
        let script = make(verdict.job_status());
        let (cx, remote) = Remote::new();
        let work = session.run(&script, &cx);
        let Ending { result, stop } = bounds.run(&mut self.log, remote, work).await;
        let failure = match (stop, result) {
            (Some(Stop::Deadline), _) => {
                return Verdict::JobTimedOut(out_of_time(self.job.timeout));
            }
            (Some(Stop::Killed | Stop::Canceled), _) => return Verdict::Killed,
            (Some(Stop::Limit), _) => after_script_timed_out(),
            (None, Some(Ok(Exit::Code(0)))) => return verdict,
            (None, Some(Ok(Exit::Code(code)))) => Failure::exit_code(code),
            (None, Some(Err(error))) => Failure::from(&error),
            (None, Some(Ok(Exit::Stopped)) | None) => vanished(),
        };
        if self.scripts.settings.after_script_can_fail && verdict == Verdict::Success {
            return Verdict::Failed(failure);
        }
        let text = format!(
            "WARNING: after_script failed, but job will continue unaffected: {}",
            failure.message
        );
        self.log.say(&text).await;
        let how = self.log.masked(&failure.message);
        self.facts.push(Fact::AfterScriptFailed(how));
        verdict
    }
}

fn after_script_timed_out() -> Failure {
    let text = "it took longer than its timeout";
    Failure::new(FailureReason::JobExecutionTimeout, text)
}
