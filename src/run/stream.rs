//! The one ordered stream of events, and where secrets go out of them.

use std::time::Duration;

use tokio::time::Instant;

use crate::event::{AttemptResult, Event, EventKind, Reporter};
use crate::mask::Masker;

/// Numbers events and hands each to every reporter before the next one exists.
pub(super) struct Stream<'a> {
    reporters: &'a mut [&'a mut dyn Reporter],
    began: Instant,
    seq: u64,
    /// Whether a record of the run broke off.
    record_failed: bool,
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
            record_failed: false,
            masker,
        }
    }

    /// Since the run began.
    pub(super) fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    /// Whether a record of the run broke off.
    pub(super) fn record_failed(&self) -> bool {
        self.record_failed
    }

    pub(super) fn emit(&mut self, kind: EventKind) {
        self.hand_out(kind);
        self.tell_failures();
    }

    /// Hands out the result of an attempt. What can't be kept of it is told with the next event.
    pub(super) fn keep(&mut self, mut result: AttemptResult) {
        let masker = &self.masker;
        if let Some(message) = &mut result.message {
            *message = masker.text(message);
        }
        for variable in &mut result.dotenv {
            let shown = |value: &String| masker.text(value) == *value;
            variable.value = variable.value.take().filter(shown);
        }
        for reporter in &mut *self.reporters {
            reporter.on_result(&result);
        }
    }

    /// Directly behind the event that a record could not keep.
    fn tell_failures(&mut self) {
        let failures: Vec<String> = (self.reporters.iter_mut())
            .filter_map(|reporter| reporter.failure())
            .collect();
        for message in failures {
            self.record_failed = true;
            self.hand_out(EventKind::RecordFailed { message });
        }
    }

    /// No reporter sees an event with its secrets, and no record keeps one.
    fn hand_out(&mut self, mut kind: EventKind) {
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
        self.tell_failures();
    }

    pub(super) fn finish(&mut self) {
        for reporter in &mut *self.reporters {
            reporter.finish();
        }
    }
}
