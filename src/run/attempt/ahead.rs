//! An environment that comes up before the job's turn, and the job that finds it there.

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::timeout;

use crate::exec::{Cancel, Cx, Session, Turn};
use crate::run::bounded_call::{Ending, GRACE, Remote, asked};
use crate::run::context::RunContext;
use crate::run::message::{Message, Verdict};
use crate::run::runner::RunnerIndex;

use super::driver::{Attempt, Order};
use super::leave::CLOSE_BUDGET;

/// An environment that was begun ahead. Whoever holds this waits for it, and uses or closes it.
pub(in crate::run) struct Ahead {
    /// `CI_JOB_ID` of the attempt, which the environment knows already.
    pub(in crate::run) job_id: u64,
    /// Who runs the job.
    pub(in crate::run) runner: RunnerIndex,
    /// That its job's turn has come.
    pub(in crate::run) turn: watch::Sender<bool>,
    /// Stops it from coming up.
    pub(in crate::run) cancel: watch::Sender<Cancel>,
    /// Nothing comes where it failed: it is then made anew, and fails where that is told.
    pub(in crate::run) session: oneshot::Receiver<Box<dyn Session>>,
}

/// Opens and starts the environment of a later attempt. Whatever fails is not told: the attempt
/// tries again when its turn comes.
pub(in crate::run) async fn open_ahead(
    shared: Arc<RunContext>,
    order: Order,
    messages: mpsc::Sender<Message>,
    turn: Turn,
    to: oneshot::Sender<Box<dyn Session>>,
) {
    let attempt = Attempt::new(&shared, order, messages);
    // What the environment says before there is a script waits in it.
    let cx = Cx::quiet(attempt.order.cancel.clone());
    let Some(session) = attempt.come_up(turn, &cx).await else {
        return;
    };
    if let Err(unwanted) = to.send(session) {
        discard(unwanted).await;
    }
}

/// Takes an environment away that nobody used. What stays behind is removed by the next start.
pub(in crate::run) async fn discard(mut session: Box<dyn Session>) {
    let _ = timeout(CLOSE_BUDGET + GRACE, session.close(CLOSE_BUDGET)).await;
}

/// What came of the environment that was begun ahead.
pub(super) enum OpenedAhead {
    /// It is ready.
    Session(Box<dyn Session>),
    /// The job was stopped while it waited.
    Stopped(Verdict),
    /// None was begun, or it did not come up: the job opens one itself.
    Nothing,
}

impl Attempt<'_> {
    async fn come_up(&self, turn: Turn, cx: &Cx) -> Option<Box<dyn Session>> {
        if let Some(image) = self.image() {
            let brought = tokio::select! {
                brought = self.shared.bring(self.job.runner, image) => brought,
                () = asked(&cx.cancel, Cancel::Graceful) => return None,
            };
            brought.ok()?;
        }
        let opening = self.executor.open_ahead(self.env_spec(), turn, cx);
        let mut session = opening.await.ok()?;
        if session.start(cx).await.is_err() {
            discard(session).await;
            return None;
        }
        Some(session)
    }

    /// The environment that was begun ahead, with the artifacts that have come since.
    pub(super) async fn opened_ahead(&mut self) -> OpenedAhead {
        let Some(ahead) = self.order.ahead.take() else {
            return OpenedAhead::Nothing;
        };
        ahead.turn.send_replace(true);
        let bounds = self.bounds(Cancel::Graceful, None);
        let artifacts = self.laid_over();
        let (cx, remote) = Remote::new();
        let mut opened = ahead.session;
        let work = async {
            let session = tokio::select! {
                session = &mut opened => session,
                () = asked(&cx.cancel, Cancel::Graceful) => {
                    ahead.cancel.send_replace(Cancel::Graceful);
                    opened.await
                }
            };
            let mut session = session.ok()?;
            if session.add(&artifacts, &cx).await.is_err() {
                discard(session).await;
                return None;
            }
            Some(session)
        };
        let Ending { result, stop } = bounds.run(&mut self.log, remote, work).await;
        match (result.flatten(), stop) {
            (Some(session), None) => OpenedAhead::Session(session),
            (Some(session), Some(stop)) => {
                discard(session).await;
                OpenedAhead::Stopped(self.stopped_before_script(stop))
            }
            (None, Some(stop)) => OpenedAhead::Stopped(self.stopped_before_script(stop)),
            (None, None) => OpenedAhead::Nothing,
        }
    }
}
