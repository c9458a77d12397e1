//! The delays of `when: delayed`.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::future::pending;

use tokio::time::{Instant, sleep_until};

use super::ids::AttemptId;

/// Delays that run. One whose job went another way is told all the same; the scheduler knows
/// what still counts.
#[derive(Debug, Default)]
pub(super) struct Timers {
    due: BinaryHeap<Reverse<(Instant, AttemptId)>>,
}

impl Timers {
    pub(super) fn add(&mut self, at: Instant, id: AttemptId) {
        self.due.push(Reverse((at, id)));
    }

    /// Whether no delay runs.
    pub(super) fn is_empty(&self) -> bool {
        self.due.is_empty()
    }

    /// Waits for the next delay to be over; for ever when there is none. Losing the future loses
    /// no delay.
    pub(super) async fn next(&mut self) -> AttemptId {
        let Some(Reverse((at, id))) = self.due.peek().copied() else {
            return pending().await;
        };
        sleep_until(at).await;
        self.due.pop();
        id
    }
}
