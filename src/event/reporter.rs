//! The trait of everything that receives the events of a run.

use std::time::Duration;

use super::{AttemptResult, Event};

/// Takes the events of a run, in their order.
///
/// The dispatcher calls it synchronously: a reporter that blocks slows the run instead of growing
/// a queue. A reporter never fails: one that can't write any more falls silent, and those that
/// the others should hear of say why.
pub trait Reporter {
    /// Takes the next event. `RunStarted` is the first and `RunFinished` the last.
    fn on_event(&mut self, event: &Event);

    /// Takes the result of an attempt, directly before the event that says it has ended. Only
    /// records want it.
    fn on_result(&mut self, _: &AttemptResult) {}

    /// Why this reporter, a record of the run, can't go on, in one line; told once.
    fn failure(&mut self) -> Option<String> {
        None
    }

    /// Time has passed without an event, `elapsed` since the run began: a moment to redraw.
    fn tick(&mut self, elapsed: Duration);

    /// The run is over and all events are in: write what is still held back, leave the screen
    /// as it was found.
    fn finish(&mut self);
}
