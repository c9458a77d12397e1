//! The time before the first job of a run: what its jobs begin with is brought, side by side.

use tokio::time::{MissedTickBehavior, interval};

use super::dispatch::{Dispatcher, TICK, Wake};
use crate::run::images::{Looked, NotBrought};

impl Dispatcher<'_> {
    /// Brings what is missing and tells of it meanwhile. The first failure that is this machine's
    /// ends the run before a job has begun, once the others are known too.
    pub(in crate::run) async fn bring_first(&mut self, looked: Looked) -> Result<(), NotBrought> {
        self.context.know(looked.here);
        for wanted in looked.to_bring {
            self.pulls.begin(wanted, &self.context);
        }
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut failed = None;
        loop {
            let wake = tokio::select! {
                biased;
                steps = self.stopping.next() => Wake::Stop(steps),
                _ = ticks.tick() => Wake::Tick,
                Some(message) = self.messages.receiver.recv() => Wake::Message(message),
                end = self.pulls.next_end() => match end {
                    None => break,
                    Some(Ok(())) => continue,
                    Some(Err(error)) => {
                        if error.is_machines {
                            failed.get_or_insert(error);
                        }
                        continue;
                    }
                },
            };
            self.wake(wake);
        }
        self.take_all();
        failed.map_or(Ok(()), Err)
    }
}
