//! Resource groups: only one job of a group is under way at a time (runtime reference 6.7).
//!
//! PURE. They are one for all pipelines of a run. Whoever asks first gets the resource first, which is GitLab's `unordered` on one machine.

use std::collections::{HashMap, VecDeque};

use super::ids::AttemptId;

/// Who has each resource of a run, and who waits for it.
#[derive(Debug, Default)]
pub(super) struct Resources(HashMap<String, Queue>);

#[derive(Debug, Default)]
struct Queue {
    holder: Option<AttemptId>,
    waiting: VecDeque<AttemptId>,
}

impl Resources {
    /// Asks for the resource. Whether the attempt has it now; if not, it will be the answer of a
    /// later [`release`](Self::release).
    pub(super) fn acquire(&mut self, group: &str, id: AttemptId) -> bool {
        let queue = self.0.entry(group.to_owned()).or_default();
        if queue.holder.is_none() {
            queue.holder = Some(id);
            return true;
        }
        queue.waiting.push_back(id);
        false
    }

    /// Gives the resource back, or stops waiting for it. The attempt that has it now, if it has
    /// passed on.
    pub(super) fn release(&mut self, group: &str, id: AttemptId) -> Option<AttemptId> {
        let queue = self.0.get_mut(group)?;
        queue.waiting.retain(|other| *other != id);
        if queue.holder != Some(id) {
            return None;
        }
        queue.holder = queue.waiting.pop_front();
        queue.holder
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::message::tests::id;

    #[test]
    fn the_first_who_asks_is_the_first_who_gets_it() {
        let mut resources = Resources::default();
        assert!(resources.acquire("prod", id(1)));
        assert!(!resources.acquire("prod", id(2)));
        assert!(!resources.acquire("prod", id(3)));
        assert!(resources.acquire("qa", id(4)), "groups are apart");
        assert_eq!(resources.release("prod", id(1)), Some(id(2)));
        assert_eq!(resources.release("prod", id(1)), None, "only once");
        assert_eq!(resources.release("prod", id(2)), Some(id(3)));
        assert_eq!(resources.release("prod", id(3)), None);
        assert!(resources.acquire("prod", id(1)), "free again");
    }

    #[test]
    fn who_waits_no_more_is_passed_over() {
        let mut resources = Resources::default();
        resources.acquire("prod", id(1));
        resources.acquire("prod", id(2));
        resources.acquire("prod", id(3));
        assert_eq!(resources.release("prod", id(2)), None);
        assert_eq!(resources.release("prod", id(1)), Some(id(3)));
    }
}
