//! The whole board as lines.
//!
//! PURE.

use std::time::Duration;

use crate::report::line::{Line, Tone};
use crate::report::model::{Counts, Pull, View};
use crate::report::{header, text, words};

use super::fit::{Block, fit};
use super::row::Columns;

/// Images on their way that are shown at most.
const PULLS: usize = 3;
/// Columns of the bar at least and at most.
const BAR: std::ops::RangeInclusive<usize> = 8..=32;
/// Rows from which the board can afford a header and blank lines.
const ROOMY: usize = 10;

/// The board for a terminal of that size, `now` being the time since the run began: never wider
/// than `width`, and one row less than `height`, so that the line above it stays in sight.
pub fn frame(view: &View, width: usize, height: usize, now: Duration) -> Vec<Line> {
    let rows = height.saturating_sub(1);
    let roomy = rows >= ROOMY;
    // A blank line parts the board from what stands above it.
    let mut lines = vec![Line::new(); usize::from(roomy)];
    if roomy && let Some(head) = &view.head {
        let header = header::lines(head, Some(width.saturating_sub(1))).into_iter();
        // The board stands one column away from the edge.
        lines.extend(header.map(|line| line.indented(1)));
        lines.push(Line::new());
    }
    let pulls = pulls(&view.pulls);
    let blanks = usize::from(roomy);
    let taken = lines.len() + pulls.len() + blanks + 1;
    if rows > taken {
        lines.extend(stages(view, width, rows - taken, now));
    }
    lines.extend(std::iter::repeat_n(Line::new(), blanks));
    lines.extend(pulls);
    lines.push(footer(view, width, now));
    // The footer says the most in one row; it is the last to go.
    let excess = lines.len().saturating_sub(rows.max(1));
    let shown = lines.split_off(excess).into_iter();
    shown.map(|line| line.cut(width)).collect()
}

fn stages(view: &View, width: usize, budget: usize, now: Duration) -> Vec<Line> {
    let columns = Columns::new(view, width, now);
    let blocks = fit(view, &columns, budget);
    let mut lines: Vec<Line> = blocks
        .iter()
        .flat_map(|block| block_lines(view, &columns, block))
        .collect();
    lines.truncate(budget);
    lines
}

fn block_lines(view: &View, columns: &Columns, block: &Block) -> Vec<Line> {
    match block {
        Block::Folded(stage) => columns.folded(view, &view.stages[*stage]),
        Block::Earlier(number) => vec![omitted(*number, "earlier stage")],
        Block::Later(number) => vec![omitted(*number, "later stage")],
        Block::Open {
            stage,
            jobs,
            others,
        } => {
            let stage = &view.stages[*stage];
            let mut lines: Vec<Line> = columns.heading(stage).into_iter().collect();
            for (nth, job) in jobs.iter().enumerate() {
                lines.extend(columns.job(stage, &view.jobs[*job], nth == 0));
            }
            if *others != Counts::default() {
                lines.push(columns.others(*others));
            }
            lines
        }
    }
}

fn omitted(number: usize, what: &str) -> Line {
    let text = format!("… {}", words::count(number, what));
    Line::new().gap(1).put(Tone::Dim, text)
}

fn pulls(pulls: &[Pull]) -> Vec<Line> {
    let shown = pulls.iter().take(PULLS).map(|pull| {
        let progress = match pull.progress {
            Some((done, total)) if total > 0 => {
                format!("{} of {}", words::size(done), words::size(total))
            }
            Some((done, _)) => words::size(done),
            None => String::new(),
        };
        Line::new()
            .gap(1)
            .put(Tone::Active, "↓")
            .gap(1)
            .put(Tone::Plain, format!("pulling {}", pull.image))
            .gap(2)
            .put(Tone::Dim, progress)
    });
    let more = pulls.len().saturating_sub(PULLS);
    let rest = (more > 0).then(|| {
        let text = format!("and {}", words::count(more, "more image"));
        Line::new().gap(3).put(Tone::Dim, text)
    });
    shown.chain(rest).collect()
}

/// Bar, numbers, time: as many of the numbers as there is room for.
fn footer(view: &View, width: usize, now: Duration) -> Line {
    let counts = view.counts();
    let time = format!(" · {}", words::duration(now));
    let room = width.saturating_sub(text::width(&time) + 1);
    let mut line = bar(Line::new().gap(1), counts, width)
        .gap(2)
        .put(
            Tone::Strong,
            format!("{}/{}", counts.done(), counts.total()),
        )
        .put(Tone::Plain, " jobs");
    if let Some(reason) = &view.cancel {
        line = line.put(Tone::Warn, format!(" · stopping: {reason}"));
    }
    let noted = [
        (counts.running, "running", Tone::Active),
        (counts.failed, "failed", Tone::Bad),
        (counts.warned, "warned", Tone::Warn),
    ];
    for (number, word, tone) in noted {
        let longer = line
            .clone()
            .put(Tone::Dim, " · ")
            .put(tone, format!("{number} {word}"));
        if number > 0 && longer.width() <= room {
            line = longer;
        }
    }
    line.put(Tone::Dim, time)
}

fn bar(line: Line, counts: Counts, width: usize) -> Line {
    let columns = (width / 4).clamp(*BAR.start(), *BAR.end());
    let filled = match counts.total() {
        0 => 0,
        total => columns * counts.done() / total,
    };
    let tone = if counts.failed > 0 {
        Tone::Bad
    } else {
        Tone::Good
    };
    line.put(tone, "━".repeat(filled))
        .put(Tone::Dim, "─".repeat(columns - filled))
}
