//! A shell for a person, where the job would run its script.

use crate::event::Phase;
use crate::exec::{Cancel, Cx, ExecError, Exit, Script, Session};
use crate::foreign::system_words;
use crate::run::bounded_call::{Ending, Remote, Stop};
use crate::run::message::{Failure, Verdict};
use crate::run::spec::Seat;

use super::driver::Attempt;
use super::words::{out_of_time, vanished};

impl Attempt<'_> {
    /// Prepares as for the script, then gives the person a shell. How it ends says nothing about
    /// the job.
    pub(super) async fn person(&mut self, session: &mut dyn Session, login: String) -> Verdict {
        let before = std::mem::take(&mut self.scripts.script);
        let (cx, remote) = Remote::new();
        let work = session.lead_in(&before, &cx);
        let prepared = self.ahead_of_script(remote, work).await;
        if prepared != Verdict::Success {
            return prepared;
        }
        let Some(person) = self.shared.person.clone() else {
            return Verdict::Success;
        };
        self.enter(Phase::Script).await;
        let Seat { terminal, screen } = match person.sit_down().await {
            Ok(seat) => seat,
            Err(error) => return Verdict::Failed(no_terminal(&error)),
        };
        let login = Script::whole(login);
        let bounds = self.bounds(Cancel::Graceful, None);
        let (cx, remote) = Remote::new();
        // What it shows is for the person, not for the log.
        let cx = Cx {
            output: screen,
            ..cx
        };
        let work = session.attach(&login, terminal, &cx);
        let Ending { result, stop } = bounds.run(&mut self.log, remote, work).await;
        // All has been shown when nobody can show more.
        drop(cx);
        let status = match (&result, stop) {
            (Some(Ok(Exit::Code(status))), None) => Some(*status),
            _ => None,
        };
        person.get_up(status).await;
        match (result, stop) {
            (_, Some(Stop::Canceled | Stop::Killed)) => Verdict::Killed,
            (_, Some(Stop::Limit | Stop::Deadline)) => {
                Verdict::JobTimedOut(out_of_time(self.job.timeout))
            }
            (Some(Ok(Exit::Code(_))), None) => Verdict::Success,
            (Some(Err(error)), None) => Verdict::Failed(Failure::from(&error)),
            (Some(Ok(Exit::Stopped)) | None, None) => Verdict::Failed(vanished()),
        }
    }
}

fn no_terminal(error: &std::io::Error) -> Failure {
    let words = system_words(error);
    let text = format!("the terminal can't be used: {words}");
    Failure::from(&ExecError::system("attach", text))
}
