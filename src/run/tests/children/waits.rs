//! Child pipelines: what they wait for, and what they share with their parent.

use std::time::Duration;

use crate::run::TriggerContext;
use crate::types::When;

use super::super::story::{Job, Story, job, pipeline};
use super::{child, told, trigger, waiting};

#[tokio::test(start_paused = true)]
async fn two_children_run_side_by_side_under_one_limit() {
    let jobs = || {
        [
            job("a", 0, "sleep 1000"),
            job("b", 0, "sleep 1000"),
            job("c", 0, "sleep 1000"),
        ]
    };
    let ended = Story::new([waiting("left", jobs), waiting("right", jobs)])
        .with(|spec| spec.settings.slots = 3)
        .run()
        .await;
    assert_eq!(ended.end(), ("success", 0));
    // Whichever is made first takes all slots.
    let mut ends = ["left", "right"].map(|name| ended.job(name).finished.map(|end| end.as_secs()));
    ends.sort_unstable();
    assert_eq!(ends, [Some(1), Some(2)]);
    let slot =
        |spec: &crate::exec::EnvSpec| spec.variables[1].value.parse::<usize>().expect("a number");
    assert!(ended.asked.opened.iter().all(|spec| slot(spec) < 3));
}

#[tokio::test(start_paused = true)]
async fn a_child_that_waits_for_a_person_makes_the_run_wait() {
    let ended = Story::new([
        waiting("go", || {
            [
                job("gate", 0, "").with(|job| job.sched.when = When::Manual),
                job("a", 1, ""),
            ]
        }),
        job("after", 1, "").ahead(),
    ])
    .run()
    .await;
    assert_eq!(ended.end(), ("manual", 7));
    assert_eq!(ended.jobs(), ["go manual", "after skipped: waits for go"]);
    assert!(told(&ended).contains(&"go waits".into()));
    assert_eq!(ended.asked.open, 0, "what came up ahead is gone");
}

#[tokio::test(start_paused = true)]
async fn parent_and_child_share_a_resource_group() {
    let in_group = |name: &str| {
        job(name, 0, "sleep 1000").with(|job| job.sched.resource_group = Some("prod".to_owned()))
    };
    let make = move |_: &TriggerContext| Ok(pipeline([in_group("b")]));
    let ended = Story::new([in_group("a"), trigger("go", 0, true, make)])
        .run()
        .await;
    assert_eq!(ended.end(), ("success", 0));
    let end = |name: &str| ended.job(name).finished.expect("it ended").as_secs();
    assert_eq!((end("a"), end("go")), (1, 2));
}

#[tokio::test(start_paused = true)]
async fn a_child_that_needs_what_its_trigger_job_has_fails_instead_of_waiting_for_ever() {
    let in_group = |job: &mut Job| job.sched.resource_group = Some("prod".to_owned());
    let make = move |_: &TriggerContext| Ok(pipeline([job("a", 0, "").with(in_group)]));
    let ended = Story::new([trigger("go", 0, true, make).with(in_group)])
        .run()
        .await;
    assert_eq!(ended.end(), ("failed", 1));
    let go = child(&ended.result.pipelines, "go");
    assert_eq!(
        go.jobs[0].reason.as_deref(),
        Some("stuck_or_timeout_failure")
    );
}

#[tokio::test(start_paused = true)]
async fn delays_in_parent_and_child_run_side_by_side() {
    let delayed = |seconds: u64| {
        move |job: &mut Job| {
            job.sched.when = When::Delayed;
            job.sched.start_in = Duration::from_secs(seconds);
        }
    };
    let make = move |_: &TriggerContext| Ok(pipeline([job("a", 0, "").with(delayed(20))]));
    let ended = Story::new([
        trigger("go", 0, true, make),
        job("b", 0, "").with(delayed(10)),
    ])
    .run()
    .await;
    assert_eq!(ended.end(), ("success", 0));
    assert_eq!(ended.started("b"), 10_000);
    assert_eq!(ended.job("go").finished.map(|end| end.as_secs()), Some(20));
}
