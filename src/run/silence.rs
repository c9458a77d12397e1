//! Executors that have fallen silent: told once for each silence, so that nobody waits without
//! knowing what for.

use std::sync::Arc;
use std::time::Duration;

use crate::event::EventKind;
use crate::exec::Executor;

use super::runner::Runner;

/// So long an answer may take before it is worth a word.
const NOTICED: Duration = Duration::from_secs(20);

/// What is known of the executors of a run.
pub(super) struct Silences(Vec<(Arc<dyn Executor>, Told)>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    No,
    Yes,
}

impl Silences {
    /// Those of the executors of the runners.
    pub(super) fn of(runners: &[Runner]) -> Self {
        let mut executors: Vec<(Arc<dyn Executor>, Told)> = Vec::new();
        for Runner { executor, .. } in runners {
            // Runners may share one.
            if !executors
                .iter()
                .any(|(known, _)| Arc::ptr_eq(known, executor))
            {
                executors.push((Arc::clone(executor), Told::No));
            }
        }
        Self(executors)
    }

    /// What there is to say now.
    pub(super) fn notices(&mut self) -> Vec<EventKind> {
        let mut notices = Vec::new();
        for (executor, told) in &mut self.0 {
            let silent = executor.silent_for().filter(|owed| *owed >= NOTICED);
            if silent.is_some() && *told == Told::No {
                let text = format!(
                    "{} has not answered for {} s",
                    capitalized(executor.name()),
                    NOTICED.as_secs()
                );
                notices.push(EventKind::Notice { text });
            }
            *told = if silent.is_some() {
                Told::Yes
            } else {
                Told::No
            };
        }
        notices
    }
}

fn capitalized(name: &str) -> String {
    let mut name = name.to_owned();
    if let Some(first) = name.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    name
}
