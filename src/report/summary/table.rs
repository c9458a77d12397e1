//! The table of every job, in the columns that the board has.

use crate::report::line::{Line, Tone};
use crate::report::look::{self, WORD_WIDTH};
use crate::report::model::{JobView, StageView, State, View};
use crate::report::{text, words};

/// Below this width a stage has a row of its own.
const NARROW: usize = 64;
/// Most columns of a stage's and of a job's name; a longer name moves its own row only.
const STAGE_LIMIT: usize = 16;
const NAME_LIMIT: usize = 32;
/// Names that a remark lists before it counts.
const NAMES: usize = 3;
/// Columns of a time.
const TIME: usize = 7;
/// Columns between two columns.
const GAP: usize = 2;
/// Symbol, blank, word.
const LOOK: usize = 2 + WORD_WIDTH;

/// One row for each job in pipeline order: stage, status, name, time, and why.
pub(super) fn lines(view: &View, width: Option<usize>) -> Vec<Line> {
    let table = Table::new(view, width);
    let stages = view.stages.iter().filter(|stage| !stage.jobs.is_empty());
    stages.flat_map(|stage| table.stage(view, stage)).collect()
}

/// Widths of the columns.
struct Table {
    /// `None` where each stage has a row of its own.
    stage: Option<usize>,
    name: usize,
    width: Option<usize>,
}

impl Table {
    fn new(view: &View, width: Option<usize>) -> Self {
        let names = || view.jobs.iter().map(|job| text::width(&job.label));
        let stages = view.stages.iter().map(|stage| text::width(&stage.label));
        let wide = width.is_none_or(|width| width >= NARROW);
        let stage = wide.then(|| stages.max().unwrap_or_default().min(STAGE_LIMIT));
        let mut table = Self {
            stage,
            name: 0,
            width,
        };
        let fixed = table.before_name() + GAP + TIME + 1;
        let room = width.map_or(NAME_LIMIT, |width| width.saturating_sub(fixed).max(8));
        let limit = NAME_LIMIT.min(room);
        // A name too long for the column does not make it wider for the others.
        let fitting = names().filter(|width| *width <= limit).max();
        table.name = fitting.unwrap_or(limit);
        table
    }

    fn indent(&self) -> usize {
        self.stage.map_or(GAP, |stage| 1 + stage + GAP)
    }

    fn before_name(&self) -> usize {
        self.indent() + LOOK + GAP
    }

    fn stage(&self, view: &View, stage: &StageView) -> Vec<Line> {
        let heading = Line::new().gap(1).put(Tone::Strong, &stage.label);
        let mut lines: Vec<Line> = self
            .stage
            .is_none()
            .then_some(heading)
            .into_iter()
            .collect();
        for (nth, job) in view.stage_jobs(stage).enumerate() {
            let label = if nth == 0 { stage.label.as_str() } else { "" };
            lines.extend(self.job(label, job));
        }
        lines
    }

    fn job(&self, stage: &str, job: &JobView) -> Vec<Line> {
        let time = job.duration.map(words::duration).unwrap_or_default();
        let line = match self.stage {
            Some(columns) => padded(Line::new().gap(1), Tone::Strong, stage, columns).gap(GAP),
            None => Line::new().gap(GAP),
        };
        let line = look::of(&job.state).columns(line).gap(GAP);
        let line = padded(line, Tone::Plain, &job.label, self.name).gap(GAP);
        let fill = TIME.saturating_sub(text::width(&time));
        // A long name takes the blanks in front of the time first.
        let fits = |room| line.width() + TIME <= room;
        let fill = if self.width.is_none_or(fits) { fill } else { 0 };
        let line = line.gap(fill).put(Tone::Dim, time);
        let remarks = remarks(job);
        if remarks.is_empty() {
            return vec![line];
        }
        let beside = line.clone().gap(GAP).put(Tone::Dim, remarks.join("; "));
        if self.width.is_none_or(|width| beside.width() <= width) {
            return vec![beside];
        }
        let below = |remark| Line::new().gap(self.before_name()).put(Tone::Dim, remark);
        let remarks = remarks.into_iter().map(below);
        std::iter::once(line).chain(remarks).collect()
    }
}

/// A column that a longer text overflows: no name is ever cut here.
fn padded(line: Line, tone: Tone, content: &str, columns: usize) -> Line {
    let fill = columns.saturating_sub(text::width(content));
    line.put(tone, content).gap(fill)
}

/// Why it ended so, and what came to light. Failures and held jobs have a paragraph of their own
/// below, which says it once.
fn remarks(job: &JobView) -> Vec<String> {
    let reason = match (&job.state, job.attempt) {
        (State::Success, attempt @ 2..) => format!("in attempt {attempt}"),
        (State::Failed(_) | State::Warned(_) | State::Held { .. }, _) => String::new(),
        _ => look::reason(job, std::time::Duration::ZERO),
    };
    let reason = (!reason.is_empty()).then_some(reason);
    reason
        .into_iter()
        .chain(job.facts.iter().cloned())
        .chain(tests(job))
        .collect()
}

/// The tests of a job without such a paragraph.
fn tests(job: &JobView) -> Option<String> {
    if matches!(job.state, State::Failed(_) | State::Warned(_)) {
        return None;
    }
    let tests = job.tests.as_ref()?;
    let counts = words::tests(tests);
    if tests.failures.is_empty() {
        return Some(counts);
    }
    let names: Vec<String> = (tests.failures.iter())
        .map(|name| text::single_line(name))
        .collect();
    Some(format!("{counts}: {}", words::names(&names, NAMES)))
}
