//! File work off the async threads, and ending it soon after a cancellation.

use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::runtime::{Handle, RuntimeFlavor};

use super::cancel::{asked, check};
use super::{Cancel, Cx, ExecError};

/// Whether file work is to end before it is done.
#[derive(Debug, Clone, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// An error, if it is.
    pub fn check(&self) -> io::Result<()> {
        if self.0.load(Ordering::Relaxed) {
            return Err(io::Error::other("stopped before it was done"));
        }
        Ok(())
    }

    /// Asks to stop, from now on.
    pub fn ask(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Asks to stop when it is dropped: whoever waits for the work may be given up.
    pub(super) fn when_dropped(&self) -> StopWhenDropped {
        StopWhenDropped(self.clone())
    }

    /// `source` as long as nobody asks to stop.
    pub fn reads<R: Read>(&self, source: R) -> impl Read {
        Stoppable {
            source,
            stop: self.clone(),
        }
    }
}

/// Asks to stop when it is dropped.
pub(super) struct StopWhenDropped(Stop);

impl Drop for StopWhenDropped {
    fn drop(&mut self) {
        self.0.ask();
    }
}

struct Stoppable<R> {
    source: R,
    stop: Stop,
}

impl<R: Read> Read for Stoppable<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.stop.check()?;
        self.source.read(into)
    }
}

/// Runs `work` until it is done or has heard of a cancellation. It is never left behind: it would
/// fill a folder that is removed.
pub async fn stoppable<T: Send + 'static>(
    phase: &'static str,
    what: &str,
    cx: &Cx,
    work: impl FnOnce(&Stop) -> io::Result<T> + Send + 'static,
) -> Result<T, ExecError> {
    check(&cx.cancel, phase)?;
    let stop = Stop::default();
    let heeded = stop.clone();
    let mut working = std::pin::pin!(blocking(phase, what, move || work(&heeded)));
    tokio::select! {
        done = &mut working => done,
        () = asked(&cx.cancel, Cancel::Graceful) => {
            stop.ask();
            working.await
        }
    }
}

/// Runs work that blocks here and now, for callers that can't wait or whose data can't move;
/// other tasks of this thread go on elsewhere.
pub(super) fn in_place<T>(work: impl FnOnce() -> T) -> T {
    let has_other_threads = Handle::try_current()
        .is_ok_and(|runtime| runtime.runtime_flavor() == RuntimeFlavor::MultiThread);
    if has_other_threads {
        tokio::task::block_in_place(work)
    } else {
        work()
    }
}

/// Ends an attempt by work that removes its `folder`, which may take no longer than `budget`.
pub(super) async fn removed_within(
    budget: Duration,
    folder: &Path,
    removing: impl Future<Output = Result<(), ExecError>>,
) -> Result<(), ExecError> {
    tokio::time::timeout(budget, removing)
        .await
        .unwrap_or_else(|late| {
            let message = format!(
                "folder `{}` was not removed in {} s",
                folder.display(),
                budget.as_secs()
            );
            Err(ExecError::system("remove folder", message).because(late))
        })
}

/// Runs file work off the async threads.
pub(super) async fn blocking<T: Send + 'static>(
    phase: &'static str,
    what: &str,
    work: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> Result<T, ExecError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done.map_err(|error| ExecError::file(phase, what, error)),
        Err(error) => Err(ExecError::system(phase, what).because(error)),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use tokio::sync::watch;

    use super::super::{Cancel, Cx};
    use super::stoppable;

    #[tokio::test]
    async fn a_cancellation_ends_the_work() {
        let (cancel, cancelled) = watch::channel(Cancel::Run);
        let (begun, beginning) = mpsc::channel();
        let cx = Cx::quiet(cancelled);
        let working = stoppable("test", "it was not done", &cx, move |stop| {
            begun.send(()).expect("somebody waits");
            let mut endless = stop.reads(std::io::repeat(0));
            std::io::copy(&mut endless, &mut std::io::sink())
        });
        let stopping = tokio::task::spawn_blocking(move || {
            beginning.recv().expect("it begins");
            cancel.send_replace(Cancel::Graceful);
        });
        let (worked, stopped) = tokio::join!(working, stopping);
        stopped.expect("no panic");
        let error = worked.expect_err("it never ends by itself");
        assert!(error.message.contains("stopped before"), "{error}");
    }
}
