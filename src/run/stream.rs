//! The one ordered stream of events, and where secrets go out of them.

use std::time::Duration;

use tokio::time::Instant;

use crate::event::{AttemptResult, Event, EventKind, Reporter};
use crate::mask::Masker;

use super::lines::LogLines;

/// Numbers events and hands each to every reporter before the next one exists.
pub(super) struct Stream<'a> {
    reporters: &'a mut [&'a mut dyn Reporter],
    began: Instant,
    seq: u64,
    /// Whether a record of the run broke off.
    record_failed: bool,
    secrets: Vec<String>,
    masker: Masker,
}

impl<'a> Stream<'a> {
    pub(super) fn new(reporters: &'a mut [&'a mut dyn Reporter], began: Instant) -> Self {
        Self {
            reporters,
            began,
            seq: 0,
            record_failed: false,
            secrets: Vec::new(),
            masker: Masker::new(Vec::<String>::new()),
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

    /// From here on these values are hidden too.
    pub(super) fn hide(&mut self, secrets: &[String]) {
        if !secrets.is_empty() {
            self.secrets.extend_from_slice(secrets);
            self.masker = Masker::new(&self.secrets);
        }
    }

    /// Tells what happened in the pipeline to which the trigger jobs of `path` lead.
    pub(super) fn emit(&mut self, path: &[String], kind: EventKind) {
        self.hand_out_masked(path, kind);
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
        let tests = result.tests.iter_mut();
        for name in tests.flat_map(|tests| &mut tests.failures) {
            *name = masker.text(name);
        }
        for reporter in &mut *self.reporters {
            reporter.on_result(&result);
        }
    }

    /// Tells lines of a job's log, which are masked already and came together. They share one event, of
    /// which only the text and the number change.
    pub(super) fn emit_log(&mut self, path: &[String], job: &str, attempt: u32, log: &LogLines) {
        let mut event = self.unnumbered(
            path,
            EventKind::Log {
                job: job.to_owned(),
                attempt,
                text: String::new(),
                partial: false,
            },
        );
        for line in log.iter() {
            if let EventKind::Log { text, partial, .. } = &mut event.kind {
                text.clear();
                text.push_str(line.text);
                *partial = line.partial;
            }
            self.number_and_hand_out(&mut event);
            if self.tell_failures() {
                event.elapsed = self.elapsed();
            }
        }
    }

    /// Directly behind the event that a record could not keep; whether there was one.
    fn tell_failures(&mut self) -> bool {
        let failures: Vec<String> = (self.reporters.iter_mut())
            .filter_map(|reporter| reporter.failure())
            .collect();
        let has_failed = !failures.is_empty();
        for message in failures {
            self.record_failed = true;
            self.hand_out_masked(&[], EventKind::RecordFailed { message });
        }
        has_failed
    }

    /// No reporter sees an event with its secrets, and no record keeps one.
    fn hand_out_masked(&mut self, path: &[String], mut kind: EventKind) {
        let masker = &self.masker;
        kind.for_each_text(&mut |text| *text = masker.text(text));
        let mut event = self.unnumbered(path, kind);
        self.hand_out(&mut event);
    }

    fn unnumbered(&self, path: &[String], kind: EventKind) -> Event {
        Event {
            seq: self.seq,
            elapsed: self.elapsed(),
            pipeline: path.to_vec(),
            kind,
        }
    }

    fn hand_out(&mut self, event: &mut Event) {
        event.elapsed = self.elapsed();
        self.number_and_hand_out(event);
    }

    fn number_and_hand_out(&mut self, event: &mut Event) {
        self.seq += 1;
        event.seq = self.seq;
        for reporter in &mut *self.reporters {
            reporter.on_event(event);
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
