//! One row of the board.
//!
//! PURE.

use std::time::Duration;

use crate::report::line::{Line, Tone};
use crate::report::look::{self, Look, WORD_WIDTH};
use crate::report::model::{Counts, JobView, StageView, State, View, count};
use crate::report::{text, words};

use super::fit::Rows;

/// Below this width a job's detail stands under its name instead of beside it.
const NARROW: usize = 64;
/// Most columns of a stage's name.
const STAGE_LIMIT: usize = 16;
/// Columns that a long name may always take.
const NAME_ROOM: usize = 24;
/// Columns of a time: `12m 05s`.
const TIME: usize = 7;
/// Columns between two columns.
const GAP: usize = 2;
/// Columns that the words of a folded stage want: `100 jobs`.
const FOLDED: usize = 8;
/// Symbol, blank, word.
const LOOK: usize = 2 + WORD_WIDTH;

/// The columns of a board of a certain width. They depend on the names of all jobs, not on those
/// in sight, so that they stay where they are while jobs come and go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Columns {
    /// Stage and job stand on one row.
    wide: bool,
    stage: usize,
    name: usize,
    now: Duration,
}

impl Columns {
    pub(super) fn new(view: &View, width: usize, now: Duration) -> Self {
        let widest = |labels: &mut dyn Iterator<Item = &str>| {
            labels.map(text::width).max().unwrap_or_default()
        };
        let wide = width >= NARROW;
        let stage = widest(&mut view.stages.iter().map(|stage| stage.label.as_str()));
        let folded = if wide { FOLDED } else { stage + 2 + FOLDED };
        let stage = if wide { stage.min(STAGE_LIMIT) } else { 0 };
        let name = widest(&mut view.jobs.iter().map(|job| job.label.as_str()));
        let mut columns = Self {
            wide,
            stage,
            name: 0,
            now,
        };
        let room = width.saturating_sub(columns.before_name() + GAP + TIME + 1);
        // Where a detail stands beside it, a long name leaves it most of the room: one such name
        // must not part all the others from their times.
        let most = if wide {
            (room * 2 / 5).max(NAME_ROOM).min(room)
        } else {
            room
        };
        columns.name = name.max(folded).min(most);
        columns
    }

    fn before_name(&self) -> usize {
        self.indent() + LOOK + GAP
    }

    fn indent(&self) -> usize {
        if self.wide { 1 + self.stage + GAP } else { GAP }
    }

    /// The rows of a job; `first` when it is the first of its stage.
    pub(super) fn job(&self, stage: &StageView, job: &JobView, first: bool) -> Vec<Line> {
        let label = if first { stage.label.as_str() } else { "" };
        let time = job.elapsed(self.now).map(words::duration);
        let (detail, tone) = detail(job, self.now);
        let look = look::of(&job.state);
        let tone_of_name = match job.state {
            State::Waiting | State::Skipped(_) => Tone::Dim,
            _ => Tone::Plain,
        };
        self.rows(
            label,
            look,
            (&job.label, tone_of_name),
            (&detail, tone),
            time,
        )
    }

    /// The row of a folded stage.
    pub(super) fn folded(&self, view: &View, stage: &StageView) -> Vec<Line> {
        let counts = count(view.stage_jobs(stage));
        let jobs = words::count(stage.jobs.len(), "job");
        let several = counts.words().count() > 1;
        let detail = if several {
            counts_text(counts)
        } else {
            String::new()
        };
        let time = view.stage_elapsed(stage, self.now).map(words::duration);
        let look = look_of_stage(view, stage);
        let jobs = if self.wide {
            jobs
        } else {
            format!("{}: {jobs}", stage.label)
        };
        let mut rows = self.rows(
            &stage.label,
            look,
            (&jobs, Tone::Dim),
            (&detail, Tone::Dim),
            time,
        );
        rows.truncate(1);
        rows
    }

    /// The row that stands for the jobs of an open stage that are out of sight.
    pub(super) fn others(&self, others: Counts) -> Line {
        let number: usize = others.words().map(|(number, _)| number).sum();
        let text = format!("and {number} more: {}", counts_text(others));
        let indent = if self.wide {
            self.before_name()
        } else {
            GAP + 2
        };
        Line::new().gap(indent).put(Tone::Dim, text)
    }

    /// The row that names a stage where jobs have no room for it.
    pub(super) fn heading(&self, stage: &StageView) -> Option<Line> {
        (!self.wide).then(|| Line::new().gap(1).put(Tone::Strong, &stage.label))
    }

    fn rows(
        &self,
        stage: &str,
        look: Look,
        name: (&str, Tone),
        detail: (&str, Tone),
        time: Option<String>,
    ) -> Vec<Line> {
        let line = if self.wide {
            let stage = Line::new().gap(1).column(Tone::Strong, stage, self.stage);
            stage.gap(GAP)
        } else {
            Line::new().gap(GAP)
        };
        let line = look
            .columns(line)
            .gap(GAP)
            .column(name.1, name.0, self.name);
        let line = match time {
            Some(time) => {
                let edge = line.width() + GAP + TIME;
                line.right(Tone::Dim, &time, edge)
            }
            // Details stand below each other, whether there is a time or not.
            None if self.wide && !detail.0.is_empty() => line.gap(GAP + TIME),
            None => line,
        };
        if detail.0.is_empty() {
            return vec![line];
        }
        if self.wide {
            return vec![line.gap(GAP).put(detail.1, detail.0)];
        }
        let below = Line::new().gap(self.before_name()).put(detail.1, detail.0);
        vec![line, below]
    }
}

impl Rows for Columns {
    fn job(&self, job: &JobView) -> usize {
        let detailed = !self.wide && !detail(job, self.now).0.is_empty();
        1 + usize::from(detailed)
    }

    fn heading(&self) -> usize {
        usize::from(!self.wide)
    }
}

/// What stands beside a job: the last line of its log while it runs, else why it stands there.
fn detail(job: &JobView, now: Duration) -> (String, Tone) {
    if job.state != State::Running {
        let tone = match job.state {
            State::Failed(_) | State::Warned(_) => Tone::Plain,
            _ => Tone::Dim,
        };
        return (look::reason(job, now), tone);
    }
    let attempt = (job.attempt > 1).then(|| format!("attempt {}", job.attempt));
    let phase = job.phase.map(words::phase).unwrap_or_default();
    // Before the script the log holds the runner's own words; the phase says the same shorter.
    let line = match phase {
        "" | "after_script" => job.last_line(),
        _ => String::new(),
    };
    let parts = [attempt.unwrap_or_default(), phase.to_owned(), line];
    let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    (parts.join(" · "), Tone::Dim)
}

/// `3 running, 2 failed`.
pub(super) fn counts_text(counts: Counts) -> String {
    let words: Vec<String> = counts
        .words()
        .map(|(number, word)| format!("{number} {word}"))
        .collect();
    words.join(", ")
}

/// The look of a stage: that of the job that matters most in it.
fn look_of_stage(view: &View, stage: &StageView) -> Look {
    let weight = |state: &State| match state {
        State::Running | State::Retrying(_) => 0,
        State::Failed(_) => 1,
        State::Canceled(_) => 2,
        State::Waiting | State::Delayed(_) => 3,
        State::Warned(_) => 4,
        State::Success => 5,
        State::Manual => 6,
        State::Held { .. } => 7,
        State::Skipped(_) => 8,
    };
    let states = view.stage_jobs(stage).map(|job| &job.state);
    look::of(
        states
            .min_by_key(|state| weight(state))
            .unwrap_or(&State::Waiting),
    )
}
