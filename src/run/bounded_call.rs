//! One call of an executor under all that can end it early: cancellation, a limit of its own,
//! the job's timeout. It always comes to an end.

use std::future::pending;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, sleep_until};

use crate::exec::{Cancel, Cx};

use super::log::JobLog;

/// How long a call may take to stop after being asked, before it is killed; then the same once
/// more before it is abandoned. A little more than the runner's own ten seconds (runtime
/// reference 5).
pub(super) const GRACE: Duration = Duration::from_secs(12);

/// Chunks of output under way between executor and log. Small: a slow reader slows the job.
const CHUNKS: usize = 32;

/// Our end of a [`Cx`].
pub(super) struct Remote {
    cancel: watch::Sender<Cancel>,
    chunks: mpsc::Receiver<Vec<u8>>,
}

impl Remote {
    /// Both ends, for one call.
    pub(super) fn new() -> (Cx, Self) {
        let (cancel, receiver) = watch::channel(Cancel::Run);
        let (output, chunks) = mpsc::channel(CHUNKS);
        let cx = Cx {
            cancel: receiver,
            output,
        };
        (cx, Self { cancel, chunks })
    }
}

/// What may end a call early.
#[derive(Debug, Clone)]
pub(super) struct Bounds {
    /// The cancellation of the attempt.
    pub(super) cancel: watch::Receiver<Cancel>,
    /// From which level on the call is stopped; `after_script` only yields to `Force`.
    pub(super) yields_to: Cancel,
    /// Its own limit.
    pub(super) limit: Option<Instant>,
    /// The job's timeout.
    pub(super) deadline: Instant,
}

/// Why a call was stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    Canceled,
    Killed,
    /// Its own limit was over.
    Limit,
    /// The job's time was over.
    Deadline,
}

/// How a call ended.
#[derive(Debug)]
pub(super) struct Ending<T> {
    /// `None` when it did not even end after being killed.
    pub(super) result: Option<T>,
    /// Set when it was stopped, whatever its result.
    pub(super) stop: Option<Stop>,
}

/// How far stopping has come.
#[derive(Debug, Clone, Copy)]
enum Stopping {
    Not,
    Asked(Stop),
    Killed(Stop),
    Abandoned(Stop),
}

impl Stopping {
    fn level(self) -> Cancel {
        match self {
            Self::Not => Cancel::Run,
            Self::Asked(_) => Cancel::Graceful,
            Self::Killed(_) | Self::Abandoned(_) => Cancel::Force,
        }
    }

    fn stop(self) -> Option<Stop> {
        match self {
            Self::Not => None,
            Self::Asked(stop) | Self::Killed(stop) | Self::Abandoned(stop) => Some(stop),
        }
    }
}

impl Bounds {
    /// Lets `work` go on to its end, and writes the output that comes through `remote` to `log`.
    pub(super) async fn run<T>(
        &self,
        log: &mut JobLog,
        mut remote: Remote,
        work: impl Future<Output = T>,
    ) -> Ending<T> {
        let mut stopping = Stopping::Not;
        let next = self.next(stopping);
        tokio::pin!(work, next);
        let result = loop {
            tokio::select! {
                Some(chunk) = remote.chunks.recv() => log.write(&chunk).await,
                result = &mut work => break Some(result),
                further = &mut next => {
                    stopping = further;
                    if matches!(stopping, Stopping::Abandoned(_)) {
                        break None;
                    }
                    remote.cancel.send_replace(stopping.level());
                    next.set(self.next(stopping));
                }
            }
        };
        // What was handed over before the end still counts; nothing more is waited for.
        remote.chunks.close();
        while let Some(chunk) = remote.chunks.recv().await {
            log.write(&chunk).await;
        }
        log.flush().await;
        Ending {
            result,
            stop: stopping.stop(),
        }
    }

    /// Waits for the next step of stopping.
    async fn next(&self, now: Stopping) -> Stopping {
        match now {
            Stopping::Not => Stopping::Asked(tokio::select! {
                biased;
                () = asked(&self.cancel, Cancel::Force) => return Stopping::Killed(Stop::Killed),
                () = asked(&self.cancel, self.yields_to) => Stop::Canceled,
                () = sleep_until(self.deadline) => Stop::Deadline,
                () = until(self.limit) => Stop::Limit,
            }),
            Stopping::Asked(stop) => Stopping::Killed(tokio::select! {
                () = asked(&self.cancel, Cancel::Force) => Stop::Killed,
                () = sleep(GRACE) => stop,
            }),
            Stopping::Killed(stop) | Stopping::Abandoned(stop) => {
                sleep(GRACE).await;
                Stopping::Abandoned(stop)
            }
        }
    }
}

/// Returns when the cancellation has come that far; never, when nobody can ask for it any more.
pub(super) async fn asked(cancel: &watch::Receiver<Cancel>, level: Cancel) {
    let mut cancel = cancel.clone();
    if cancel.wait_for(|now| *now >= level).await.is_err() {
        pending::<()>().await;
    }
}

async fn until(limit: Option<Instant>) {
    match limit {
        Some(limit) => sleep_until(limit).await,
        None => pending().await,
    }
}
