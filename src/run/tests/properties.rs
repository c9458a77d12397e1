//! What holds for every run, whatever its jobs do and whoever interrupts it.

use std::collections::HashMap;
use std::time::Duration;

use proptest::prelude::*;

use crate::event::{Event, EventKind};
use crate::exec::Cancel;

use super::ended::Ended;
use super::story::{Job, Story, job};

/// What a script may do.
const SCRIPTS: &[&str] = &[
    "",
    "say a\nsay b",
    "exit 1",
    "raw no end\nsleep 4000\nexit 2",
    "sleep 90000",
    "stubborn\nsleep 90000",
    "fail daemon is gone",
    "stop",
    "deaf",
    "panic",
];

const IMAGES: &[&str] = &[
    "plain",
    "slow-start",
    "user-error",
    "system-error",
    "lost-daemon",
    "full-disk",
];

fn any_job() -> impl Strategy<Value = Job> {
    let choice = (0..SCRIPTS.len(), 0..SCRIPTS.len(), 0..IMAGES.len());
    (choice, 0..3usize, 0..2u32, any::<bool>()).prop_map(
        |((script, after, image), stage, max, keeps)| {
            let made = job("", stage, SCRIPTS[script])
                .after(SCRIPTS[after])
                .image(IMAGES[image]);
            let made = made.with(|job| {
                job.sched.retry.max = Some(max);
                job.timeout = Duration::from_secs(60);
            });
            if keeps {
                made.keeping("out", crate::types::KeepWhen::Always)
            } else {
                made
            }
        },
    )
}

/// A run of those jobs, interrupted at those times: first asked to stop, then killed.
fn story(mut jobs: Vec<Job>, mut interrupts: Vec<u64>, slots: usize) -> Story {
    jobs.sort_by_key(|job| job.sched.stage);
    let named = jobs
        .into_iter()
        .enumerate()
        .map(|(at, made)| made.with(|job| job.sched.name = format!("j{at}")));
    let mut story = Story::new(named).with(|spec| spec.settings.slots = slots);
    interrupts.sort_unstable();
    for (at, level) in interrupts
        .into_iter()
        .zip([Cancel::Graceful, Cancel::Force])
    {
        story = story.interrupted(at, level);
    }
    story
}

/// Each attempt: started, then its phases and lines, then ended, once.
fn check_order(events: &[Event]) {
    let mut ended: HashMap<(String, u32), bool> = HashMap::new();
    for event in events {
        let Some((job, attempt)) = event.kind.job().zip(event.kind.attempt()) else {
            continue;
        };
        let id = (job.to_owned(), attempt);
        match &event.kind {
            EventKind::JobStarted { .. } => assert_eq!(ended.insert(id, false), None),
            EventKind::JobFinished { .. } => assert_ne!(ended.insert(id, true), Some(true)),
            EventKind::JobRetry { .. } => assert_eq!(ended.get(&id), Some(&true)),
            _ => assert_eq!(ended.get(&id), Some(&false), "{:?}", event.kind),
        }
    }
    assert!(ended.values().all(|ended| *ended), "every attempt ends");
}

fn check(run: &Ended) {
    check_order(&run.events);
    let is_end = |event: &Event| matches!(event.kind, EventKind::RunFinished(_));
    let ends: Vec<usize> = (0..run.events.len())
        .filter(|at| is_end(&run.events[*at]))
        .collect();
    assert_eq!(ends, [run.events.len() - 1], "one end, and it comes last");
    let interrupted = run
        .events
        .iter()
        .any(|event| matches!(event.kind, EventKind::CancelBegun { .. }));
    assert_eq!(run.result.exit == 130, interrupted);
    let completed = run.result.jobs.iter().all(|job| job.status.is_completed());
    assert!(completed, "{:?}", run.jobs());
    // Only what even killing does not end is left for the next start to remove.
    assert!(run.asked.open <= run.abandoned(), "{:?}", run.asked.calls);
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 300,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]
    #[test]
    fn every_run(
        jobs in prop::collection::vec(any_job(), 1..6),
        interrupts in prop::collection::vec(0..70_000u64, 0..3),
        slots in 1..4usize,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .expect("a runtime");
        let run = runtime.block_on(async {
            // In paused time a run that hangs ends here at once.
            let story = story(jobs, interrupts, slots);
            tokio::time::timeout(Duration::from_secs(86_400), story.run()).await
        });
        check(&run.expect("it ends"));
    }
}
