//! Stands in for `event::Reporter` until that is merged; goes then.

use std::time::Duration;

use crate::event::Event;

/// Takes the events of a run, in their order.
pub trait Reporter {
    /// Takes the next event.
    fn on_event(&mut self, event: &Event);
    /// Time has passed without an event, `elapsed` since the run began.
    fn tick(&mut self, elapsed: Duration);
    /// The run is over and all events are in.
    fn finish(&mut self);
}
