//! One stage: its jobs counted by status, and what its jobs wait for.

use std::sync::Arc;

use crate::types::Status;

use super::JobIndex;
use super::composite::{MAPPED, Mapped, StatusSet, composite};

#[derive(Debug, Clone)]
pub(super) struct Stage {
    pub(super) name: Arc<str>,
    /// In the order of examination.
    pub(super) jobs: Arc<[JobIndex]>,
    /// The stored status, which `created` never overwrites (runtime reference 6.3).
    pub(super) status: Status,
    /// The statuses of all jobs of all earlier stages.
    pub(super) before: StatusSet,
    /// The final composite of `before` that the stage's jobs were last told to look at.
    pub(super) told: Option<Status>,
    /// The statuses of its jobs.
    set: StatusSet,
    /// How many jobs stand behind each status of `set`.
    tally: [usize; MAPPED],
}

impl Stage {
    pub(super) fn new(name: String, jobs: Arc<[JobIndex]>) -> Self {
        Self {
            name: name.into(),
            jobs,
            status: Status::Created,
            before: StatusSet::EMPTY,
            told: None,
            set: StatusSet::EMPTY,
            tally: [0; MAPPED],
        }
    }

    pub(super) fn set(&self) -> StatusSet {
        self.set
    }

    pub(super) fn add(&mut self, mapped: Mapped) {
        self.tally[mapped.index()] += 1;
        self.set = self.set.with_mapped(mapped);
    }

    /// Moves one job; tells whether the set of statuses changed.
    pub(super) fn replace(&mut self, old: Mapped, new: Mapped) -> bool {
        let before = self.set;
        self.tally[old.index()] = self.tally[old.index()].saturating_sub(1);
        if self.tally[old.index()] == 0 {
            self.set = self.counted();
        }
        self.add(new);
        self.set != before
    }

    fn counted(&self) -> StatusSet {
        let occurring = (0..MAPPED).filter(|index| self.tally[*index] > 0);
        occurring.fold(StatusSet::EMPTY, StatusSet::with_index)
    }

    /// Takes over the composite status of its jobs. A stage without jobs stays `created`.
    pub(super) fn store_status(&mut self) {
        if self.jobs.is_empty() {
            return;
        }
        match composite(self.set, false) {
            Status::Created => {}
            status => self.status = status,
        }
    }
}
