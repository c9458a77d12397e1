//! The delays of `when: delayed`.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::future::pending;

use tokio::time::{Instant, sleep_until};

use crate::sched::JobIndex;

use super::message::AttemptId;

/// Delays that run. One whose job went another way is told all the same; the scheduler knows
/// what still counts.
#[derive(Debug, Default)]
pub(super) struct Timers {
    due: BinaryHeap<Reverse<(Instant, JobIndex, u32)>>,
}

impl Timers {
    pub(super) fn add(&mut self, at: Instant, AttemptId { job, attempt }: AttemptId) {
        self.due.push(Reverse((at, job, attempt)));
    }

    /// Waits for the next delay to be over; for ever when there is none. Losing the future loses
    /// no delay.
    pub(super) async fn next(&mut self) -> AttemptId {
        let Some(Reverse((at, job, attempt))) = self.due.peek().copied() else {
            return pending().await;
        };
        sleep_until(at).await;
        self.due.pop();
        AttemptId { job, attempt }
    }
}
