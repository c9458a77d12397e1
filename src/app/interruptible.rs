//! Preparations of a run, which a signal ends before the first job.

use std::future::Future;

use tokio::sync::watch;

use crate::exec::Cancel;
use crate::run::Interrupt;

use super::failure::Failure;

/// What a person asks for while a run is being prepared.
#[derive(Debug, Clone)]
pub(super) struct Interruptible(watch::Receiver<Interrupt>);

impl Interruptible {
    pub(super) fn new(interrupt: watch::Receiver<Interrupt>) -> Self {
        Self(interrupt)
    }

    /// Whether a signal has come.
    pub(super) fn is_interrupted(&self) -> bool {
        self.0.borrow().level >= Cancel::Graceful
    }

    /// The failure of preparations that a signal ends.
    pub(super) fn check(&self) -> Result<(), Failure> {
        let signal = self.0.borrow().signal;
        if self.is_interrupted() {
            return Err(Failure::stopped(signal));
        }
        Ok(())
    }

    /// What comes of `work`, unless a signal comes before it is done.
    pub(super) async fn unless<T>(
        &self,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        let mut interrupt = self.0.clone();
        tokio::select! {
            biased;
            Ok(now) = interrupt.wait_for(|now| now.level >= Cancel::Graceful) => {
                Err(Failure::stopped(now.signal))
            }
            done = work => done,
        }
    }
}
