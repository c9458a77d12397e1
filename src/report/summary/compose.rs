//! The parts of the summary in their order: what is read first stands last, next to the prompt.

use crate::report::line::Line;
use crate::report::model::{State, View};
use crate::report::{OutputLevel, failure, notes};
use crate::types::Status;

use super::{table, verdict};

/// The summary of a run that is over; empty while it goes on. `width` is that of the terminal,
/// if it goes to one.
pub fn lines(view: &View, level: OutputLevel, width: Option<usize>) -> Vec<Line> {
    let Some(result) = &view.result else {
        return Vec::new();
    };
    if level == OutputLevel::Quiet {
        if result.status == Status::Success {
            return Vec::new();
        }
        // All other levels told it when it happened.
        let mut lines: Vec<Line> = (view.failed_pulls.iter())
            .map(|message| notes::not_pulled(message))
            .collect();
        lines.extend(failures(view));
        lines.extend(verdict::lines(view, result));
        return lines;
    }
    let mut lines = table::lines(view, width);
    lines.push(Line::new());
    lines.extend(failures(view));
    lines.extend(verdict::remarks(view, result));
    lines.push(verdict::totals(view));
    lines.extend(verdict::lines(view, result));
    lines
}

/// Each failed job, forgiven ones first, with a blank line behind it.
fn failures(view: &View) -> Vec<Line> {
    let of = |wanted: fn(&State) -> bool| view.jobs.iter().filter(move |job| wanted(&job.state));
    of(|state| matches!(state, State::Warned(_)))
        .chain(of(|state| matches!(state, State::Failed(_))))
        .flat_map(|job| {
            let mut lines = failure::full(job);
            lines.push(Line::new());
            lines
        })
        .collect()
}
