//! The one ordered stream of events.

use std::time::Duration;

use tokio::time::Instant;

use crate::event::{Event, EventKind, Reporter};

/// Numbers events and hands each to every reporter before the next one exists.
pub(super) struct Stream<'a> {
    reporters: &'a mut [&'a mut dyn Reporter],
    began: Instant,
    seq: u64,
}

impl<'a> Stream<'a> {
    pub(super) fn new(reporters: &'a mut [&'a mut dyn Reporter], began: Instant) -> Self {
        Self {
            reporters,
            began,
            seq: 0,
        }
    }

    /// Since the run began.
    pub(super) fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    pub(super) fn emit(&mut self, kind: EventKind) {
        self.seq += 1;
        let event = Event {
            seq: self.seq,
            elapsed: self.elapsed(),
            pipeline: Vec::new(),
            kind,
        };
        for reporter in &mut *self.reporters {
            reporter.on_event(&event);
        }
    }

    pub(super) fn tick(&mut self) {
        let elapsed = self.elapsed();
        for reporter in &mut *self.reporters {
            reporter.tick(elapsed);
        }
    }

    pub(super) fn finish(&mut self) {
        for reporter in &mut *self.reporters {
            reporter.finish();
        }
    }
}
