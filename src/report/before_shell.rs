//! What a person sees until their shell comes (`pipe shell`), and when it did not.

use std::time::Duration;

use crate::event::{Event, EventKind, JobOutcome, Phase};

use super::line::{Line, Paint, Tone};
use super::plain::LogLines;
use super::{OutputLevel, Reporter, Sink, notes};

/// Lines up to the moment in which the terminal is the shell's, none while it is, and why the shell
/// is gone where that was not its own doing.
pub struct BeforeShell {
    sink: Sink,
    paint: Paint,
    level: OutputLevel,
    log: LogLines,
    image: Option<String>,
    /// Images on their way.
    pulls: Vec<String>,
    /// Called when the terminal is free.
    free: Option<Box<dyn FnOnce() + Send>>,
    is_taken: bool,
}

impl BeforeShell {
    /// One that calls `free` when it has said all.
    pub fn new(
        sink: Sink,
        paint: Paint,
        level: OutputLevel,
        free: impl FnOnce() + Send + 'static,
    ) -> Self {
        Self {
            sink,
            paint,
            level,
            log: LogLines::new(paint).bare(),
            image: None,
            pulls: Vec::new(),
            free: Some(Box::new(free)),
            is_taken: false,
        }
    }

    fn say(&mut self, line: &Line) {
        self.sink.line(&line.paint(self.paint));
    }

    /// The line about an event; with it whether it is an error, which is told in any case.
    fn line(&mut self, kind: &EventKind) -> Option<(Line, bool)> {
        let line = match kind {
            EventKind::Notice { text } => notes::notice(text),
            EventKind::CancelBegun { reason } => notes::cancel(reason),
            EventKind::Pull { image, done, .. } => return Some((self.pull(image, *done)?, false)),
            EventKind::PullFailed { message, .. } => {
                return Some((notes::not_pulled(message), true));
            }
            EventKind::JobFinished {
                job,
                outcome: JobOutcome::Failed { message, .. },
                ..
            } => {
                let line = Line::of(Tone::Bad, "error")
                    .put(Tone::Plain, format!(": no shell in job `{job}`: {message}"));
                return Some((line, true));
            }
            _ => return None,
        };
        Some((line, false))
    }

    fn pull(&mut self, image: &str, done: bool) -> Option<Line> {
        if done {
            return Some(notes::pulled(image));
        }
        let is_new = !self.pulls.iter().any(|known| known == image);
        is_new.then(|| {
            self.pulls.push(image.to_owned());
            notes::pulling(image)
        })
    }

    fn leave(&mut self, job: &str) {
        let image = self.image.take();
        let image = image.map_or_else(String::new, |image| format!(", image {image}"));
        let line = Line::of(Tone::Plain, "shell in job ")
            .put(Tone::Strong, job)
            .put(
                Tone::Dim,
                format!("{image}; `exit` ends it, and nothing stays"),
            );
        if self.level > OutputLevel::Quiet {
            self.say(&line);
        }
        self.sink.flush();
        self.is_taken = true;
        if let Some(free) = self.free.take() {
            free();
        }
    }
}

impl Reporter for BeforeShell {
    fn on_event(&mut self, event: &Event) {
        match &event.kind {
            EventKind::JobStarted { image, .. } => self.image.clone_from(image),
            EventKind::JobPhase {
                job,
                phase: Phase::Script,
                ..
            } => return self.leave(job),
            EventKind::JobFinished { .. } => self.is_taken = false,
            _ => {}
        }
        if self.is_taken {
            return;
        }
        if self.level > OutputLevel::Quiet {
            let sink = &mut self.sink;
            self.log.on_event(event, |line| sink.line(line));
        }
        if let Some((line, is_error)) = self.line(&event.kind)
            && (is_error || self.level > OutputLevel::Quiet)
        {
            self.say(&line);
        }
        self.sink.flush();
    }

    fn tick(&mut self, _: Duration) {}

    fn finish(&mut self) {
        self.sink.flush();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;
    use crate::report::Health;
    use crate::report::testing::{Shared, Story};

    fn shown(story: &Story, level: OutputLevel) -> String {
        let shared = Shared::default();
        let (text, is_free) = (shared.clone(), Arc::new(AtomicBool::new(false)));
        let frees = Arc::clone(&is_free);
        let sink = Sink::new(Box::new(shared.clone()), Health::default());
        let mut reporter = BeforeShell::new(sink, Paint::PLAIN, level, move || {
            let seen = text.text();
            assert!(
                seen.is_empty() || seen.ends_with("stays\n"),
                "all is told: {seen}"
            );
            frees.store(true, Ordering::Relaxed);
        });
        story.tell_to(&mut reporter);
        let is_free = is_free.load(Ordering::Relaxed);
        format!("{}free: {is_free}\n", shared.text())
    }

    fn story() -> Story {
        Story::new()
            .run(&[("test", "unit")])
            .notice("no artifacts")
            .pull("ruby:3.1", None, false)
            .pull("ruby:3.1", Some((1, 2)), false)
            .pull("ruby:3.1", None, true)
            .start("unit")
            .log("unit", "WARNING: something")
    }

    #[test]
    fn all_up_to_the_shell_and_nothing_while_it_is_there() {
        let story = story()
            .phase("unit", Phase::Script)
            .notice("Docker has not answered for 20 s")
            .log("unit", "more")
            .succeed("unit");
        insta::assert_snapshot!(shown(&story, OutputLevel::Normal), @r"
        note: no artifacts
        ↓ pulling ruby:3.1
        ✓ pulled ruby:3.1
        WARNING: something
        shell in job unit; `exit` ends it, and nothing stays
        free: true
        ");
        assert_eq!(shown(&story, OutputLevel::Quiet), "free: true\n");
    }

    #[test]
    fn why_none_came_or_it_went() {
        insta::assert_snapshot!(shown(&story().fail("unit", 2), OutputLevel::Quiet), @r"
        error: no shell in job `unit`: exit code 2
        free: false
        ");
        let broken = story().phase("unit", Phase::Script).fail("unit", 2);
        let shown = shown(&broken, OutputLevel::Normal);
        assert!(shown.ends_with("exit code 2\nfree: true\n"), "{shown}");
    }
}
