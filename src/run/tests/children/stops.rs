//! Child pipelines: what stops them, and what they stop.

use std::time::Duration;

use crate::event::{EventKind, JobOutcome};
use crate::exec::Cancel;
use crate::run::TriggerContext;
use crate::sched::Options;
use crate::types::When;

use super::super::story::{Story, job, pipeline};
use super::{child, detached, statuses, told, trigger, waiting};

#[tokio::test(start_paused = true)]
async fn an_interrupt_stops_children_too() {
    let ended = Story::new([
        waiting("go", || {
            [
                job("a", 0, "sleep 60000").after("say after"),
                job("b", 1, ""),
                waiting("deeper", || [job("c", 0, "sleep 60000")]),
            ]
        }),
        detached("free", || [job("d", 0, "sleep 60000")]),
        job("later", 1, ""),
    ])
    .interrupted(1000, Cancel::Graceful)
    .run()
    .await;
    assert_eq!(ended.end(), ("canceled", 130));
    assert_eq!(
        ended.jobs(),
        [
            "go canceled: interrupted",
            "free success",
            "later canceled: interrupted"
        ]
    );
    let go = child(&ended.result.pipelines, "go");
    assert_eq!(
        statuses(go),
        ["a canceled", "b canceled", "deeper canceled"]
    );
    assert_eq!(statuses(child(&go.pipelines, "deeper")), ["c canceled"]);
    assert_eq!(
        statuses(child(&ended.result.pipelines, "free")),
        ["d canceled"]
    );
    assert!(told(&ended).contains(&"go: a.1| after".into()));
    assert_eq!(ended.asked.open, 0);
}

#[tokio::test(start_paused = true)]
async fn a_kill_gives_children_up_too() {
    let ended = Story::new([waiting("go", || [job("a", 0, "deaf")])])
        .interrupted(1000, Cancel::Graceful)
        .interrupted(2000, Cancel::Force)
        .run()
        .await;
    assert_eq!(ended.end(), ("canceled", 130));
    let go = child(&ended.result.pipelines, "go");
    assert_eq!(statuses(go), ["a canceled"]);
}

#[tokio::test(start_paused = true)]
async fn a_trigger_job_that_is_stopped_while_it_makes_its_child_ends() {
    let make = |_: &TriggerContext| {
        std::thread::sleep(Duration::from_millis(50));
        Ok(pipeline([job("a", 0, "")]))
    };
    let ended = Story::new([trigger("go", 0, true, make)])
        .interrupted(0, Cancel::Graceful)
        .try_run()
        .await;
    // The signal may even come before the first job.
    if let Ok(ended) = ended {
        assert_eq!(ended.jobs(), ["go canceled: interrupted"]);
    }
}

#[tokio::test(start_paused = true)]
async fn auto_cancel_takes_children_along() {
    let ended = Story::new([
        waiting("go", || [job("a", 0, "sleep 60000")]),
        detached("free", || [job("b", 0, "sleep 60000")]),
        job("bad", 0, "sleep 100\nexit 1"),
    ])
    .with(|spec| {
        spec.pipeline.options = Options {
            auto_cancel_on_job_failure: true,
            keep_going: false,
        };
    })
    .run()
    .await;
    assert_eq!(ended.end(), ("failed", 1));
    for name in ["go", "free"] {
        let made = child(&ended.result.pipelines, name);
        assert_eq!(made.status.as_str(), "canceled", "{name}");
    }
    assert_eq!(ended.job("go").status.as_str(), "canceled");
}

#[tokio::test(start_paused = true)]
async fn a_child_cancels_itself_and_not_its_parent() {
    let make = |_: &TriggerContext| {
        let mut child = pipeline([job("bad", 0, "exit 1"), job("a", 0, "sleep 60000")]);
        child.options.auto_cancel_on_job_failure = true;
        Ok(child)
    };
    let ended = Story::new([trigger("go", 0, true, make), job("beside", 0, "sleep 1000")])
        .run()
        .await;
    assert_eq!(
        ended.jobs(),
        ["go failed: unknown_failure", "beside success"]
    );
    assert!(
        told(&ended).contains(&"go: cancel: job bad failed (auto_cancel:on_job_failure)".into())
    );
}

#[tokio::test(start_paused = true)]
async fn keep_going_is_each_pipelines_own() {
    let make = |_: &TriggerContext| {
        let mut child = pipeline([job("bad", 0, "exit 1"), job("next", 1, "")]);
        child.options.keep_going = true;
        Ok(child)
    };
    let ended = Story::new([trigger("go", 0, true, make), job("after", 1, "")])
        .with(|spec| spec.pipeline.options.keep_going = true)
        .run()
        .await;
    assert_eq!(ended.end(), ("failed", 1));
    assert_eq!(
        ended.jobs(),
        ["go failed: unknown_failure", "after success"]
    );
    let go = child(&ended.result.pipelines, "go");
    assert_eq!(statuses(go), ["bad failed", "next success"]);
}

#[tokio::test(start_paused = true)]
async fn a_stop_ends_a_child_that_waits_for_a_person() {
    let ended = Story::new([
        waiting("go", || {
            [job("gate", 0, "").with(|job| job.sched.when = When::Manual)]
        }),
        job("beside", 0, "sleep 60000"),
    ])
    .interrupted(1000, Cancel::Graceful)
    .run()
    .await;
    assert_eq!(ended.jobs()[0], "go canceled: interrupted");
    assert_eq!(ended.end().1, 130);
}

#[tokio::test(start_paused = true)]
async fn an_end_that_was_canceled_says_so_in_its_pipeline() {
    let ended = Story::new([waiting("go", || [job("a", 0, "sleep 60000")])])
        .interrupted(500, Cancel::Graceful)
        .run()
        .await;
    let of_child = ended.events.iter().find_map(|event| match &event.kind {
        EventKind::JobFinished { job, outcome, .. } if job == "a" => {
            Some((event.pipeline.clone(), outcome.clone()))
        }
        _ => None,
    });
    let canceled = JobOutcome::Canceled {
        reason: "interrupted".to_owned(),
    };
    assert_eq!(of_child, Some((vec!["go".to_owned()], canceled)));
}
