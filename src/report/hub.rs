//! Hands every event to several reporters.

use std::time::Duration;

use crate::event::Event;

use super::Reporter;

/// Several reporters as one, in a fixed order: put those that write logs before those that
/// write about jobs, so that a job's last line comes before its outcome.
#[derive(Default)]
pub struct Hub {
    reporters: Vec<Box<dyn Reporter + Send>>,
}

impl Hub {
    /// A hub without reporters: silent.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a reporter behind the others.
    #[must_use]
    pub fn with(mut self, reporter: impl Reporter + Send + 'static) -> Self {
        self.reporters.push(Box::new(reporter));
        self
    }
}

impl Reporter for Hub {
    fn on_event(&mut self, event: &Event) {
        for reporter in &mut self.reporters {
            reporter.on_event(event);
        }
    }

    fn failure(&mut self) -> Option<String> {
        self.reporters.iter_mut().find_map(|one| one.failure())
    }

    fn tick(&mut self, elapsed: Duration) {
        for reporter in &mut self.reporters {
            reporter.tick(elapsed);
        }
    }

    fn finish(&mut self) {
        for reporter in &mut self.reporters {
            reporter.finish();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::report::testing::Story;

    /// Notes what it is told.
    struct Ear(&'static str, Arc<Mutex<Vec<String>>>);

    impl Ear {
        fn note(&self, what: &str) {
            let mut notes = self.1.lock().expect("one thread");
            notes.push(format!("{} {what}", self.0));
        }
    }

    impl Reporter for Ear {
        fn on_event(&mut self, event: &Event) {
            self.note(&format!("event {}", event.seq));
        }

        fn tick(&mut self, _: Duration) {
            self.note("tick");
        }

        fn finish(&mut self) {
            self.note("finish");
        }
    }

    #[test]
    fn each_reporter_hears_everything_in_order() {
        let notes = Arc::new(Mutex::new(Vec::new()));
        let mut hub = Hub::new()
            .with(Ear("a", Arc::clone(&notes)))
            .with(Ear("b", Arc::clone(&notes)));
        hub.on_event(&Story::new().notice("x").events()[0]);
        hub.tick(Duration::ZERO);
        hub.finish();
        let heard = notes.lock().expect("one thread").join(", ");
        assert_eq!(
            heard,
            "a event 1, b event 1, a tick, b tick, a finish, b finish"
        );
    }
}
