//! Jobs that are ready and wait for a slot. PURE.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::time::Duration;

use crate::sched::JobIndex;

use super::message::AttemptId;

/// The longest remaining path goes first, then the order of the pipeline.
#[derive(Debug)]
pub(super) struct Queue {
    paths: Vec<Duration>,
    ready: BTreeSet<(Reverse<Duration>, JobIndex, u32)>,
}

impl Queue {
    /// `paths`: for each job the time from its start to the end of all that waits for it.
    pub(super) fn new(paths: Vec<Duration>) -> Self {
        Self {
            paths,
            ready: BTreeSet::new(),
        }
    }

    pub(super) fn push(&mut self, AttemptId { job, attempt }: AttemptId) {
        let path = self.paths.get(job.0).copied().unwrap_or_default();
        self.ready.insert((Reverse(path), job, attempt));
    }

    pub(super) fn pop(&mut self) -> Option<AttemptId> {
        let (_, job, attempt) = self.ready.pop_first()?;
        Some(AttemptId { job, attempt })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.ready.is_empty()
    }

    pub(super) fn remove(&mut self, job: JobIndex) {
        self.ready.retain(|(_, other, _)| *other != job);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn longest_path_first() {
        let mut queue = Queue::new([1, 5, 5, 9].map(Duration::from_secs).to_vec());
        let id = |job| AttemptId {
            job: JobIndex(job),
            attempt: 1,
        };
        for job in [0, 2, 3, 1, 7] {
            queue.push(id(job));
        }
        queue.remove(JobIndex(7));
        let order: Vec<_> = std::iter::from_fn(|| queue.pop())
            .map(|id| id.job.0)
            .collect();
        assert_eq!(order, [3, 1, 2, 0]);
    }
}
