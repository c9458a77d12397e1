//! Which stages and jobs the board shows when not all of them fit.
//!
//! PURE. What goes on and what went wrong stays in sight the longest; what ended well folds
//! first, then what is far ahead.

use crate::report::model::{Counts, JobView, StageView, State, View, count};

/// Fewest rows of a stage in which something goes on: a job and the row that counts the others.
const FEWEST_ROWS: usize = 2;

/// One stage on the board, or several left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Block {
    /// The stage on one row.
    Folded(usize),
    /// The stage with jobs.
    Open {
        /// Index of the stage.
        stage: usize,
        /// Indices of the jobs that are shown, in pipeline order.
        jobs: Vec<usize>,
        /// Where the others stand.
        others: Counts,
    },
    /// So many stages before, for which not even a row is left.
    Earlier(usize),
    /// So many stages behind.
    Later(usize),
}

/// How much of a stage's work is before us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Course {
    /// Over, and nothing went wrong.
    Well,
    /// Nothing has begun.
    Ahead,
    /// Over, and something went wrong or waits for a person.
    Noted,
    /// Under way.
    Active,
}

/// Rows that jobs and stages take.
pub(super) trait Rows {
    /// Rows of one job.
    fn job(&self, job: &JobView) -> usize;
    /// Rows of an open stage before its jobs.
    fn heading(&self) -> usize;
}

/// The blocks for a board of at most `budget` rows between header and footer.
pub(super) fn fit(view: &View, rows: &impl Rows, budget: usize) -> Vec<Block> {
    let mut open: Vec<bool> = vec![true; view.stages.len()];
    for stage in fold_order(view) {
        if height(view, rows, &open) <= budget {
            break;
        }
        open[stage] = open_height(view, rows, &view.stages[stage]) <= 1;
    }
    let share = share_of_active(view, rows, &open, budget);
    let blocks = (0..view.stages.len())
        .filter(|stage| !view.stages[*stage].jobs.is_empty())
        .map(|stage| {
            if open[stage] {
                open_block(view, rows, stage, share)
            } else {
                Block::Folded(stage)
            }
        })
        .collect();
    omit(view, rows, blocks, budget)
}

/// The stages that may fold, in that order.
fn fold_order(view: &View) -> Vec<usize> {
    let of =
        |wanted: Course| (0..view.stages.len()).filter(move |stage| course(view, *stage) == wanted);
    of(Course::Well)
        .chain(of(Course::Ahead).rev())
        .chain(of(Course::Noted))
        .collect()
}

fn course(view: &View, stage: usize) -> Course {
    let counts = count(view.stage_jobs(&view.stages[stage]));
    if counts.running > 0 || (counts.waiting > 0 && counts.done() > 0) {
        Course::Active
    } else if counts.waiting > 0 {
        Course::Ahead
    } else if counts.failed + counts.warned + counts.canceled + counts.manual + counts.held > 0 {
        Course::Noted
    } else {
        Course::Well
    }
}

fn open_height(view: &View, rows: &impl Rows, stage: &StageView) -> usize {
    let jobs: usize = view.stage_jobs(stage).map(|job| rows.job(job)).sum();
    rows.heading() + jobs
}

fn height(view: &View, rows: &impl Rows, open: &[bool]) -> usize {
    view.stages
        .iter()
        .zip(open)
        .filter(|(stage, _)| !stage.jobs.is_empty())
        .map(|(stage, open)| {
            if *open {
                open_height(view, rows, stage)
            } else {
                1
            }
        })
        .sum()
}

/// Rows for each open stage when they don't all fit; small stages leave theirs to the others.
fn share_of_active(view: &View, rows: &impl Rows, open: &[bool], budget: usize) -> usize {
    let folded = open.iter().filter(|open| !**open).count();
    let mut left = budget.saturating_sub(folded);
    let mut heights: Vec<usize> = view
        .stages
        .iter()
        .zip(open)
        .filter(|(_, open)| **open)
        .map(|(stage, _)| open_height(view, rows, stage))
        .collect();
    heights.sort_unstable();
    let mut stages = heights.len();
    for height in heights {
        if height * stages > left {
            return (left / stages).max(FEWEST_ROWS);
        }
        left -= height;
        stages -= 1;
    }
    usize::MAX
}

fn open_block(view: &View, rows: &impl Rows, index: usize, share: usize) -> Block {
    let stage = &view.stages[index];
    if open_height(view, rows, stage) <= share {
        return Block::Open {
            stage: index,
            jobs: stage.jobs.clone(),
            others: Counts::default(),
        };
    }
    // One row counts those that are left out.
    let mut left = share.saturating_sub(rows.heading() + 1);
    let mut by_rank = stage.jobs.clone();
    by_rank.sort_by_key(|job| (rank(&view.jobs[*job].state), *job));
    let mut jobs: Vec<usize> = by_rank
        .into_iter()
        .take_while(|job| {
            let needed = rows.job(&view.jobs[*job]);
            let fits = needed <= left;
            left = left.saturating_sub(needed);
            fits
        })
        .collect();
    jobs.sort_unstable();
    let hidden = stage.jobs.iter().filter(|job| !jobs.contains(job));
    Block::Open {
        stage: index,
        others: count(hidden.map(|job| &view.jobs[*job])),
        jobs,
    }
}

/// What a person wants to see first.
fn rank(state: &State) -> u8 {
    match state {
        State::Running => 0,
        State::Failed(_) => 1,
        State::Retrying(_) => 2,
        State::Warned(_) => 3,
        State::Canceled(_) | State::Manual | State::Held { .. } => 4,
        State::Delayed(_) => 5,
        State::Waiting => 6,
        State::Skipped(_) => 7,
        State::Success => 8,
    }
}

/// Leaves whole stages out until the rest fits: those farthest from what goes on.
fn omit(view: &View, rows: &impl Rows, mut blocks: Vec<Block>, budget: usize) -> Vec<Block> {
    let (mut earlier, mut later) = (0, 0);
    let idle = |block: &&Block| match block {
        Block::Folded(stage) | Block::Open { stage, .. } => course(view, *stage) != Course::Active,
        Block::Earlier(_) | Block::Later(_) => true,
    };
    let markers = |earlier, later| usize::from(earlier > 0) + usize::from(later > 0);
    while blocks.len() > 1 && blocks_height(view, rows, &blocks) + markers(earlier, later) > budget
    {
        let before = blocks.iter().take_while(idle).count();
        let after = blocks.iter().rev().take_while(idle).count();
        if before > after {
            blocks.remove(0);
            earlier += 1;
        } else {
            blocks.pop();
            later += 1;
        }
    }
    if earlier > 0 {
        blocks.insert(0, Block::Earlier(earlier));
    }
    if later > 0 {
        blocks.push(Block::Later(later));
    }
    blocks
}

fn blocks_height(view: &View, rows: &impl Rows, blocks: &[Block]) -> usize {
    let height = |block: &Block| match block {
        Block::Folded(_) | Block::Earlier(_) | Block::Later(_) => 1,
        Block::Open { jobs, others, .. } => {
            let shown: usize = jobs.iter().map(|job| rows.job(&view.jobs[*job])).sum();
            rows.heading() + shown + usize::from(*others != Counts::default())
        }
    };
    blocks.iter().map(height).sum()
}
