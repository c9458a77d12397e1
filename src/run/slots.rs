//! The slots of the runners, and the jobs that wait for one. PURE.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::time::Duration;

use super::ids::AttemptId;
use super::runner::RunnerIndex;

/// Slots of all runners under the limit of the run.
#[derive(Debug)]
pub(super) struct Slots {
    limit: usize,
    runners: Vec<RunnerSlots>,
}

/// A slot that an attempt has. Its number is `CI_CONCURRENT_ID`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Slot {
    pub(super) runner: RunnerIndex,
    pub(super) number: usize,
}

/// One runner's slots and queue.
#[derive(Debug, Default)]
struct RunnerSlots {
    limit: usize,
    taken: BTreeSet<usize>,
    ready: BTreeSet<Ready>,
}

/// A job that is ready. The longest remaining path goes first, then the order of the pipeline.
type Ready = (Reverse<Duration>, AttemptId);

impl Slots {
    /// `limits` are those of the runners, `limit` that of the run; at least one job runs.
    pub(super) fn new(limit: usize, limits: impl IntoIterator<Item = Option<usize>>) -> Self {
        let limit = limit.max(1);
        let runner = |own: Option<usize>| RunnerSlots {
            limit: own.unwrap_or(limit).max(1),
            ..RunnerSlots::default()
        };
        Self {
            limit,
            runners: limits.into_iter().map(runner).collect(),
        }
    }

    /// The attempt waits for a slot. `path`: the time from its start to the end of all that waits
    /// for it.
    pub(super) fn wait(&mut self, runner: RunnerIndex, id: AttemptId, path: Duration) {
        self.runners[runner.0].ready.insert((Reverse(path), id));
    }

    /// The job waits no more.
    pub(super) fn forget(&mut self, gone: AttemptId) {
        for runner in &mut self.runners {
            runner.ready.retain(|(_, id)| !id.is_same_job(gone));
        }
    }

    /// Gives a slot to the attempt whose turn it is.
    pub(super) fn take_next(&mut self) -> Option<(AttemptId, Slot)> {
        if self.taken() >= self.limit {
            return None;
        }
        let (at, runner) = (self.runners.iter_mut().enumerate())
            .filter(|(_, runner)| runner.taken.len() < runner.limit && !runner.ready.is_empty())
            .min_by_key(|(_, runner)| runner.ready.first().copied())?;
        let (_, id) = runner.ready.pop_first()?;
        let number = runner.lowest_free();
        runner.taken.insert(number);
        let runner = RunnerIndex(at);
        Some((id, Slot { runner, number }))
    }

    /// The attempt that had the slot has ended.
    pub(super) fn free(&mut self, slot: Slot) {
        self.runners[slot.runner.0].taken.remove(&slot.number);
    }

    /// Whether a job waits for a slot.
    pub(super) fn are_short(&self) -> bool {
        self.runners.iter().any(|runner| !runner.ready.is_empty())
    }

    /// The lowest free slot of the runner.
    pub(super) fn lowest_free(&self, runner: RunnerIndex) -> usize {
        self.runners[runner.0].lowest_free()
    }

    /// How many more of its jobs could run now.
    pub(super) fn free_of(&self, runner: RunnerIndex) -> usize {
        let own = &self.runners[runner.0];
        let free = own.limit.saturating_sub(own.taken.len());
        free.min(self.free_of_all())
    }

    /// How many more jobs could run now.
    pub(super) fn free_of_all(&self) -> usize {
        self.limit.saturating_sub(self.taken())
    }

    fn taken(&self) -> usize {
        self.runners.iter().map(|runner| runner.taken.len()).sum()
    }
}

impl RunnerSlots {
    fn lowest_free(&self) -> usize {
        let next = (0..).zip(&self.taken).find(|(at, taken)| at != *taken);
        next.map_or(self.taken.len(), |(at, _)| at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::message::tests::id;

    const ONE: RunnerIndex = RunnerIndex(0);
    const OTHER: RunnerIndex = RunnerIndex(1);

    fn taken(slots: &mut Slots) -> Vec<(usize, usize, usize)> {
        std::iter::from_fn(|| slots.take_next())
            .map(|(id, slot)| (id.job.0, slot.runner.0, slot.number))
            .collect()
    }

    #[test]
    fn longest_path_first_then_the_order_of_the_pipeline() {
        let mut slots = Slots::new(9, [None]);
        for (job, path) in [(0, 1), (2, 5), (3, 9), (1, 5), (7, 3)] {
            slots.wait(ONE, id(job), Duration::from_secs(path));
        }
        slots.forget(id(7));
        assert!(slots.are_short());
        let order: Vec<usize> = taken(&mut slots).iter().map(|(job, ..)| *job).collect();
        assert_eq!(order, [3, 1, 2, 0]);
        assert!(!slots.are_short());
    }

    #[test]
    fn each_runner_counts_its_own_slots_under_one_limit() {
        let mut slots = Slots::new(3, [Some(1), None]);
        for job in 0..6 {
            let runner = if job < 2 { ONE } else { OTHER };
            slots.wait(runner, id(job), Duration::ZERO);
        }
        assert_eq!(taken(&mut slots), [(0, 0, 0), (2, 1, 0), (3, 1, 1)]);
        assert_eq!((slots.free_of(ONE), slots.free_of_all()), (0, 0));
        slots.free(Slot {
            runner: OTHER,
            number: 0,
        });
        assert_eq!((slots.free_of(ONE), slots.free_of(OTHER)), (0, 1));
        assert_eq!(taken(&mut slots), [(4, 1, 0)], "the lowest free slot");
        slots.free(Slot {
            runner: ONE,
            number: 0,
        });
        assert_eq!(taken(&mut slots), [(1, 0, 0)]);
    }

    #[test]
    fn no_slots_are_one() {
        let mut slots = Slots::new(0, [Some(0)]);
        slots.wait(ONE, id(0), Duration::ZERO);
        assert_eq!(taken(&mut slots), [(0, 0, 0)]);
    }
}
