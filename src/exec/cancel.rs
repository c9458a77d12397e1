//! Waiting for a cancellation.

use tokio::sync::watch;

use super::{Cancel, ExecError};

/// Returns when the cancellation has come as far as `level`; never, when nobody can ask for it.
pub(super) async fn asked(cancel: &watch::Receiver<Cancel>, level: Cancel) {
    let mut cancel = cancel.clone();
    let came = cancel.wait_for(|now| *now >= level).await.is_ok();
    if !came {
        std::future::pending::<()>().await;
    }
}

/// `work`, unless a cancellation comes first.
pub(super) async fn unless_asked<T>(
    cancel: &watch::Receiver<Cancel>,
    phase: &'static str,
    work: impl Future<Output = Result<T, ExecError>>,
) -> Result<T, ExecError> {
    tokio::select! {
        biased;
        () = asked(cancel, Cancel::Graceful) => Err(stopped(phase)),
        done = work => done,
    }
}

/// An error, if a cancellation has come.
pub(super) fn check(
    cancel: &watch::Receiver<Cancel>,
    phase: &'static str,
) -> Result<(), ExecError> {
    match *cancel.borrow() {
        Cancel::Run => Ok(()),
        Cancel::Graceful | Cancel::Force => Err(stopped(phase)),
    }
}

fn stopped(phase: &'static str) -> ExecError {
    ExecError::system(phase, "stopped before it was done")
}
