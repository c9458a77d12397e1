//! Paints the board.

use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::event::{Event, EventKind, JobOutcome};
use crate::report::line::{Line, Paint};
use crate::report::model::View;
use crate::report::plain::LogLines;
use crate::report::{LogPlaces, OutputLevel, Reporter, failure, header, notes, summary};

use super::frame::frame;
use super::terminal::Terminal;

/// Time between two redraws: fast enough for a clock with tenths, slow enough to read.
const INTERVAL: Duration = Duration::from_millis(100);
/// A run that is over before this never shows a board, only its summary.
const APPEARS: Duration = Duration::from_millis(200);
/// Narrower than this there is no board, only what would stand above it.
const NARROWEST: u16 = 20;
/// Lines above the board that are held back until the next redraw.
const HELD_BACK: usize = 500;

/// The live board, with notices and failures above it and the summary in its place at the end.
pub struct Board {
    view: View,
    terminal: Terminal,
    screen: MultiProgress,
    bar: ProgressBar,
    paint: Paint,
    level: OutputLevel,
    logs: Option<LogLines>,
    above: Vec<String>,
    /// Failures that are told as soon as another job begins; if none does, the summary tells them.
    failures: Vec<Line>,
    painted: Option<Duration>,
    /// The board has been on the screen.
    shown: bool,
    finished: bool,
}

impl Board {
    /// A board on a terminal.
    pub fn new(terminal: Terminal, paint: Paint, level: OutputLevel) -> Self {
        let target = ProgressDrawTarget::term_like(Box::new(terminal.clone()));
        let screen = MultiProgress::with_draw_target(target);
        let style = ProgressStyle::with_template("{msg}")
            .unwrap_or_else(|_| ProgressStyle::default_spinner());
        let bar = screen.add(ProgressBar::no_length());
        bar.set_style(style);
        Self {
            view: View::default(),
            terminal,
            screen,
            bar,
            paint,
            level,
            logs: (level >= OutputLevel::Verbose).then(|| LogLines::new(paint)),
            above: Vec::new(),
            failures: Vec::new(),
            painted: None,
            shown: false,
            finished: false,
        }
    }

    /// Keeps that many log lines of each job for the report of its failure, and knows where the
    /// others are.
    #[must_use]
    pub fn keeping(mut self, lines: usize, logs: Option<LogPlaces>) -> Self {
        self.view = View::keeping(lines).with_logs(logs);
        self
    }

    fn announce(&mut self, lines: &[Line]) {
        let painted = lines.iter().map(|line| line.paint(self.paint));
        self.above.extend(painted);
    }

    /// What stands above the board for good.
    fn note(&mut self, event: &Event) -> bool {
        if self.level == OutputLevel::Quiet {
            return false;
        }
        let lines = match &event.kind {
            EventKind::Notice { text } => vec![notes::notice(text)],
            EventKind::RecordFailed { message } => vec![notes::record_failed(message)],
            EventKind::PullFailed { message, .. } => vec![notes::not_pulled(message)],
            EventKind::JobRetry { job, .. } => match self.view.job(&event.pipeline, job) {
                Some(job) => vec![notes::retry(job)],
                None => return false,
            },
            EventKind::JobFinished {
                job,
                outcome: JobOutcome::Failed { .. },
                ..
            } => match self.view.job(&event.pipeline, job) {
                Some(job) => {
                    self.failures.extend(failure::brief(job));
                    if !self.works() {
                        return false;
                    }
                    std::mem::take(&mut self.failures)
                }
                None => return false,
            },
            EventKind::JobStarted { .. } if !self.failures.is_empty() => {
                std::mem::take(&mut self.failures)
            }
            EventKind::CancelBegun { reason } => vec![notes::cancel(reason)],
            _ => return false,
        };
        self.announce(&lines);
        true
    }

    /// Whether a job is at work. If none is, the summary may follow at once.
    fn works(&self) -> bool {
        self.view.jobs.iter().any(|job| job.state.is_at_work())
    }

    fn repaint(&mut self, now: Duration) {
        self.painted = Some(now);
        self.print_above();
        let size = self.terminal.size();
        if now < APPEARS || size.width < NARROWEST || self.level == OutputLevel::Quiet {
            return;
        }
        let lines = frame(&self.view, size.width.into(), size.height.into(), now);
        let painted: Vec<String> = lines.iter().map(|line| line.paint(self.paint)).collect();
        self.shown = true;
        self.bar.set_message(painted.join("\n"));
    }

    fn repaint_if_due(&mut self, now: Duration) {
        let due = self.painted.is_none_or(|last| now >= last + INTERVAL);
        if due && !self.finished {
            self.repaint(now);
        }
    }

    fn print_above(&mut self) {
        if self.above.is_empty() {
            return;
        }
        let above = std::mem::take(&mut self.above);
        if !self.shown {
            // Without a board below, the cursor goes to a line of its own.
            return self.terminal.print(above);
        }
        let text = above.join("\n");
        // Errors are noted in the terminal's health.
        let _ = self.screen.println(text);
    }

    /// The lines that take the board's place.
    fn last_words(&self) -> Vec<String> {
        let width = usize::from(self.terminal.size().width);
        let mut lines = Vec::new();
        if self.level > OutputLevel::Quiet
            && let Some(head) = &self.view.head
        {
            let head = header::about(head, Some(width.saturating_sub(1)));
            lines.push(Line::new());
            lines.extend(head.into_iter().map(|line| line.indented(1)));
            lines.push(Line::new());
        }
        lines.extend(summary::lines(&self.view, self.level, Some(width)));
        lines.iter().map(|line| line.paint(self.paint)).collect()
    }
}

impl Reporter for Board {
    fn on_event(&mut self, event: &Event) {
        self.view.apply(event);
        if let Some(logs) = &mut self.logs {
            let above = &mut self.above;
            logs.on_event(event, |line| above.push(line.to_owned()));
        }
        if self.note(event) || self.above.len() >= HELD_BACK {
            self.repaint(event.elapsed);
        } else {
            self.repaint_if_due(event.elapsed);
        }
    }

    fn tick(&mut self, elapsed: Duration) {
        self.repaint_if_due(elapsed);
    }

    fn finish(&mut self) {
        if std::mem::replace(&mut self.finished, true) {
            return;
        }
        self.bar.finish_and_clear();
        self.print_above();
        self.terminal.print(self.last_words());
    }
}

impl Drop for Board {
    /// A run that broke off leaves the cursor on a line of its own.
    fn drop(&mut self) {
        if !self.finished {
            self.bar.finish_and_clear();
            self.terminal.print([]);
        }
    }
}
