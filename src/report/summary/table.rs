//! The table of every job.

use crate::report::line::{Line, Tone};
use crate::report::look::{self, WORD_WIDTH};
use crate::report::model::{JobView, State, View};
use crate::report::{text, words};

/// Most columns of a stage's and of a job's name; a longer name moves its own row only.
const STAGE_LIMIT: usize = 16;
const NAME_LIMIT: usize = 48;
/// Columns of a time.
const TIME: usize = 7;
/// Columns between two columns.
const GAP: usize = 2;

/// One row for each job in pipeline order: status, name, stage, time, and why.
pub(super) fn lines(view: &View, width: Option<usize>) -> Vec<Line> {
    let table = Table::new(view, width);
    view.stages
        .iter()
        .flat_map(|stage| view.stage_jobs(stage).map(move |job| (stage, job)))
        .flat_map(|(stage, job)| table.rows(&stage.label, job))
        .collect()
}

/// Widths of the columns.
struct Table {
    name: usize,
    stage: usize,
    width: Option<usize>,
}

impl Table {
    fn new(view: &View, width: Option<usize>) -> Self {
        let names = view.jobs.iter().map(|job| text::width(&job.label));
        let stages = view.stages.iter().map(|stage| text::width(&stage.label));
        let stage = stages.max().unwrap_or_default().min(STAGE_LIMIT);
        let fixed = 1 + 2 + WORD_WIDTH + GAP + GAP + stage + GAP + TIME + 1;
        let room = width.map_or(NAME_LIMIT, |width| width.saturating_sub(fixed).max(8));
        Self {
            name: names.max().unwrap_or_default().min(NAME_LIMIT).min(room),
            stage,
            width,
        }
    }

    fn rows(&self, stage: &str, job: &JobView) -> Vec<Line> {
        let time = job.duration.map(words::duration).unwrap_or_default();
        let line = look::of(&job.state).columns(Line::new().gap(1)).gap(GAP);
        let line = padded(line, Tone::Plain, &job.label, self.name).gap(GAP);
        let line = padded(line, Tone::Dim, stage, self.stage).gap(GAP);
        let line = line
            .gap(TIME.saturating_sub(text::width(&time)))
            .put(Tone::Dim, time);
        let reason = reason(job);
        if reason.is_empty() {
            return vec![line];
        }
        let beside = line.clone().gap(GAP).put(Tone::Dim, &reason);
        if self.width.is_none_or(|width| beside.width() <= width) {
            return vec![beside];
        }
        let below = Line::new()
            .gap(1 + 2 + WORD_WIDTH + GAP)
            .put(Tone::Dim, reason);
        vec![line, below]
    }
}

/// A column that a longer text overflows: the name of a job is never cut here.
fn padded(line: Line, tone: Tone, content: &str, columns: usize) -> Line {
    let fill = columns.saturating_sub(text::width(content));
    line.put(tone, content).gap(fill)
}

fn reason(job: &JobView) -> String {
    let reason = look::reason(job, std::time::Duration::ZERO);
    match (&job.state, job.attempt) {
        (State::Success, attempt @ 2..) => format!("in attempt {attempt}"),
        _ => text::single_line(&reason),
    }
}
