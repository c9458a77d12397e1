//! `--format json`: one event per line, and nothing else (design chapter 2).

use std::time::Duration;

use crate::event::{Event, EventKind};

use super::{Reporter, Sink};

/// Events as JSON lines.
#[derive(Debug)]
pub struct Jsonl {
    sink: Sink,
}

impl Jsonl {
    /// Events into a sink.
    pub fn new(sink: Sink) -> Self {
        Self { sink }
    }
}

impl Reporter for Jsonl {
    fn on_event(&mut self, event: &Event) {
        self.sink.line(&encode(event));
        if !matches!(event.kind, EventKind::Log { .. }) {
            self.sink.flush();
        }
    }

    fn tick(&mut self, _: Duration) {
        self.sink.flush();
    }

    fn finish(&mut self) {
        self.sink.flush();
    }
}

fn encode(event: &Event) -> String {
    serde_json::to_string(event).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Health;
    use crate::report::testing::{Shared, Story};

    #[test]
    fn one_line_for_each_event() {
        let shared = Shared::default();
        let mut jsonl = Jsonl::new(Sink::new(Box::new(shared.clone()), Health::default()));
        let story = Story::new()
            .run(&[("test", "unit")])
            .start("unit")
            .log("unit", "a\u{2028}b\r\x1b[0m");
        for event in story.events() {
            jsonl.on_event(event);
        }
        assert_eq!(
            shared.text().lines().count(),
            2,
            "log lines may be held back"
        );
        jsonl.tick(Duration::from_secs(1));
        let text = shared.text();
        assert_eq!(text.lines().count(), 3);
        for (nth, line) in text.lines().enumerate() {
            let value: serde_json::Value = serde_json::from_str(line).expect("JSON");
            assert_eq!(value["seq"], nth + 1);
        }
    }
}
