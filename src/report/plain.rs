//! Output without a screen: job logs as prefixed lines on stdout, progress on stderr.

use std::collections::HashMap;
use std::time::Duration;

use crate::event::{Event, EventKind, RunStarted};

use super::line::{Line, Paint, Tone};
use super::model::{State, View};
use super::{LogPlaces, OutputLevel, Reporter, Sink, header, notes, sections, summary, text};

/// Widest column of names in front of log lines. A longer name moves its own lines only.
const NAME_LIMIT: usize = 32;
/// After such a silence one line says what still runs, so that nobody takes it for dead.
const SILENCE: Duration = Duration::from_secs(10);

/// Log events → lines with the job's name in front.
#[derive(Debug)]
pub(super) struct LogLines {
    paint: Paint,
    /// Whether a name stands in front.
    named: bool,
    width: usize,
    /// By label.
    jobs: HashMap<String, Prefix>,
    /// The line under way.
    whole: String,
}

/// What stands in front of a job's lines.
#[derive(Debug)]
struct Prefix {
    /// In front of a line.
    first: String,
    /// In front of the rest of a line too long for one event: other jobs may have come between.
    rest: String,
    /// Such a line is under way.
    open: bool,
}

impl LogLines {
    pub(super) fn new(paint: Paint) -> Self {
        Self {
            paint,
            named: true,
            width: 0,
            jobs: HashMap::new(),
            whole: String::new(),
        }
    }

    /// Lines of one job, which need no name.
    pub(super) fn bare(self) -> Self {
        Self {
            named: false,
            ..self
        }
    }

    /// Hands each line to `write`.
    pub(super) fn on_event(&mut self, event: &Event, mut write: impl FnMut(&str)) {
        match &event.kind {
            EventKind::RunStarted(started) => self.learn(&event.pipeline, started),
            EventKind::Log {
                job, text, partial, ..
            } => {
                let label = super::model::label(&event.pipeline, job);
                if let Some(line) = self.line(&label, text, *partial) {
                    write(line);
                }
            }
            _ => {}
        }
    }

    /// The column is as wide as the names known from the start; a later name moves no line.
    fn learn(&mut self, pipeline: &[String], started: &RunStarted) {
        let labels = || {
            let jobs = started.jobs.iter();
            jobs.map(|job| super::model::label(pipeline, &job.name))
        };
        let widest = labels().map(|label| text::width(&label).min(NAME_LIMIT));
        self.width = self.width.max(widest.max().unwrap_or_default());
        for label in labels() {
            self.add(&label);
        }
    }

    fn add(&mut self, label: &str) {
        let tone = Tone::Job(self.jobs.len());
        let fill = self.width.saturating_sub(text::width(label));
        let prefix = |bar: &str| {
            if !self.named {
                return String::new();
            }
            let line = Line::of(tone, label).gap(fill + 1).put(Tone::Dim, bar);
            line.paint(self.paint)
        };
        let prefix = Prefix {
            first: prefix(">"),
            rest: prefix("…"),
            open: false,
        };
        self.jobs.entry(label.to_owned()).or_insert(prefix);
    }

    fn line(&mut self, label: &str, text: &str, partial: bool) -> Option<&str> {
        let prefix = if let Some(prefix) = self.jobs.get_mut(label) {
            prefix
        } else {
            self.add(label);
            self.jobs.get_mut(label)?
        };
        let continued = std::mem::replace(&mut prefix.open, partial);
        let (prefix, text) = if continued {
            (&prefix.rest, text.into())
        } else {
            (&prefix.first, sections::strip(text)?)
        };
        let text = text::settled(&text);
        let text = if self.paint.color {
            text::coloured(text)
        } else {
            text::plain(text)
        };
        self.whole.clear();
        self.whole.push_str(prefix);
        if !prefix.is_empty() && !text.is_empty() {
            self.whole.push(' ');
        }
        self.whole.push_str(&text);
        Some(&self.whole)
    }
}

/// Job logs as prefixed lines.
///
/// Lines are held back until something else happens or time passes, so that a long log costs
/// few writes; nothing is held back when a job's outcome is told.
#[derive(Debug)]
pub struct Logs {
    sink: Sink,
    lines: LogLines,
}

impl Logs {
    /// Logs into a sink.
    pub fn new(sink: Sink, paint: Paint) -> Self {
        Self {
            sink,
            lines: LogLines::new(paint),
        }
    }

    /// The lines of one job, without its name in front.
    #[must_use]
    pub fn of_one_job(self) -> Self {
        Self {
            lines: self.lines.bare(),
            ..self
        }
    }
}

impl Reporter for Logs {
    fn on_event(&mut self, event: &Event) {
        let sink = &mut self.sink;
        self.lines.on_event(event, |line| sink.line(line));
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

/// One line for each job that starts, ends, waits or is skipped; then the summary.
#[derive(Debug)]
pub struct Progress {
    sink: Sink,
    paint: Paint,
    level: OutputLevel,
    view: View,
    spoke: Duration,
}

impl Progress {
    /// Progress into a sink.
    pub fn new(sink: Sink, paint: Paint, level: OutputLevel) -> Self {
        Self {
            sink,
            paint,
            level,
            view: View::default(),
            spoke: Duration::ZERO,
        }
    }

    /// Keeps that many log lines of each job for the report of its failure, and knows where the
    /// others are.
    #[must_use]
    pub fn keeping(mut self, lines: usize, logs: Option<LogPlaces>) -> Self {
        self.view = View::keeping(lines).with_logs(logs);
        self
    }

    fn say(&mut self, line: &Line) {
        self.sink.line(&line.paint(self.paint));
    }

    fn note(&self, event: &Event) -> Vec<Line> {
        if matches!(event.kind, EventKind::Log { .. }) {
            return Vec::new();
        }
        let job = event
            .kind
            .job()
            .and_then(|job| self.view.job(&event.pipeline, job));
        let line = match (&event.kind, job) {
            (EventKind::RunStarted(_), _) if event.pipeline.is_empty() => {
                return self.head();
            }
            (EventKind::Notice { text }, _) => notes::notice(text),
            (EventKind::CancelBegun { reason }, _) => notes::cancel(reason),
            (EventKind::Pull { image, done, .. }, _) => return self.pull(image, *done),
            (EventKind::RecordFailed { message }, _) => notes::record_failed(message),
            (EventKind::PullFailed { message, .. }, _) => notes::not_pulled(message),
            (EventKind::JobStarted { .. }, Some(job)) => {
                let stage = self.view.stages.get(job.stage);
                notes::started(job, stage.map_or("", |stage| stage.label.as_str()))
            }
            (EventKind::JobRetry { .. }, Some(job)) => notes::retry(job),
            (EventKind::JobPhase { .. }, Some(job)) if self.level >= OutputLevel::Verbose => {
                return notes::phase(job).into_iter().collect();
            }
            (EventKind::JobFinished { .. }, Some(job))
                if matches!(job.state, State::Failed(_) | State::Warned(_)) =>
            {
                notes::ended(job)
            }
            // The summary tells of it, with the way to release it.
            (EventKind::JobWaits { .. }, Some(job)) if job.is_held() => return Vec::new(),
            (
                EventKind::JobFinished { .. }
                | EventKind::JobSkipped { .. }
                | EventKind::JobWaits { .. }
                | EventKind::JobScheduled { .. },
                Some(job),
            ) => notes::state(job, event.elapsed),
            _ => return Vec::new(),
        };
        vec![line]
    }

    fn head(&self) -> Vec<Line> {
        let head = self.view.head.as_ref();
        head.map(|head| header::about(head, None))
            .unwrap_or_default()
    }

    /// Only the first and the last word on an image: numbers that change need a screen.
    fn pull(&self, image: &str, done: bool) -> Vec<Line> {
        let known = self.view.pulls.iter().any(|pull| pull.image == image);
        match (known, done) {
            (false, false) => vec![notes::pulling(image)],
            (_, true) => vec![notes::pulled(image)],
            (true, false) => Vec::new(),
        }
    }
}

impl Reporter for Progress {
    fn on_event(&mut self, event: &Event) {
        // Whether an image is new shows before the view knows it; all else, after.
        let pull = matches!(event.kind, EventKind::Pull { .. });
        let early = if pull { self.note(event) } else { Vec::new() };
        self.view.apply(event);
        self.spoke = event.elapsed;
        if self.level == OutputLevel::Quiet {
            return;
        }
        let lines = if pull { early } else { self.note(event) };
        for line in &lines {
            self.say(line);
        }
        self.sink.flush();
    }

    fn tick(&mut self, elapsed: Duration) {
        if self.level == OutputLevel::Quiet || elapsed < self.spoke + SILENCE {
            return;
        }
        self.spoke = elapsed;
        let running: Vec<&str> = self
            .view
            .jobs
            .iter()
            .filter(|job| job.state == State::Running)
            .map(|job| job.label.as_str())
            .collect();
        if !running.is_empty() {
            let line = notes::still_running(&running, elapsed);
            self.say(&line);
            self.sink.flush();
        }
    }

    fn finish(&mut self) {
        let lines = summary::lines(&self.view, self.level, None);
        if !lines.is_empty() && self.level > OutputLevel::Quiet {
            self.sink.line("");
        }
        for line in &lines {
            self.say(line);
        }
        self.sink.flush();
    }
}

#[cfg(test)]
mod tests;
