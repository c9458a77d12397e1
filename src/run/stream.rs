//! The one ordered stream of events, and where secrets go out of them.

use std::time::Duration;

use tokio::time::Instant;

use crate::event::{Event, EventKind, Reporter};
use crate::mask::Masker;

/// Numbers events and hands each to every reporter before the next one exists.
pub(super) struct Stream<'a> {
    reporters: &'a mut [&'a mut dyn Reporter],
    began: Instant,
    seq: u64,
    masker: Masker,
}

impl<'a> Stream<'a> {
    pub(super) fn new(
        reporters: &'a mut [&'a mut dyn Reporter],
        began: Instant,
        masker: Masker,
    ) -> Self {
        Self {
            reporters,
            began,
            seq: 0,
            masker,
        }
    }

    /// Since the run began.
    pub(super) fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    /// No reporter sees an event with its secrets, and no record keeps one.
    pub(super) fn emit(&mut self, mut kind: EventKind) {
        let masker = &self.masker;
        kind.for_each_text(&mut |text| *text = masker.text(text));
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
