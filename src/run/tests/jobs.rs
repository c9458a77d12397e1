//! Which jobs run, in which order, and how the run ends.

use std::time::Duration;

use crate::event::HeldJob;
use crate::run::EarlyFailure;
use crate::types::{AllowFailure, FailureReason, When};

use super::story::{Story, job};

#[tokio::test(start_paused = true)]
async fn two_stages() {
    let ended = Story::new([job("a", 0, "say hello\nsleep 10"), job("b", 1, "say bye")])
        .with(|spec| spec.pipeline.notices.push("two jobs".to_owned()))
        .run()
        .await;
    let want = [
        "begin",
        "notice: two jobs",
        "a.1 starts",
        "a.1| hello",
        "a.1 success",
        "b.1 starts",
        "b.1| bye",
        "b.1 success",
        "end success 0",
    ];
    assert_eq!(ended.told(), want);
    assert_eq!(ended.job("a").attempts, 1);
    assert_eq!(ended.job("a").exit_code, Some(0));
    assert_eq!(ended.asked.open, 0, "everything was closed");
}

#[tokio::test(start_paused = true)]
async fn a_failure_stops_later_stages() {
    let ended = Story::new([
        job("bad", 0, "exit 3"),
        job("later", 1, ""),
        job("rescue", 1, "").with(|job| job.sched.when = When::OnFailure),
        job("needing", 2, "").needing(&[1]),
    ])
    .run()
    .await;
    let want = [
        "begin",
        "bad.1 starts",
        "bad.1 failed: script_failure: exit code 3",
        "later skipped: stage one failed",
        "needing skipped: needs skipped job later",
        "rescue.1 starts",
        "rescue.1 success",
        "end failed 1",
    ];
    assert_eq!(ended.told(), want);
    assert_eq!(ended.job("bad").exit_code, Some(3));
    assert_eq!(ended.job("bad").reason.as_deref(), Some("script_failure"));
    assert_eq!(ended.job("later").attempts, 0);
}

#[tokio::test(start_paused = true)]
async fn a_job_that_fails_as_the_pipeline_is_made() {
    let ended = Story::new([
        job("build", 0, "say hello"),
        job("review", 1, "say never").with(|job| {
            job.image = Some("gone".to_owned());
            job.sched.retry.max = Some(2);
            job.fails_at_once = Some(EarlyFailure {
                reason: FailureReason::EnvironmentCreationFailure,
                message: "the name of its environment is empty".to_owned(),
            });
        }),
        job("later", 2, ""),
        job("cleanup", 2, "").with(|job| job.sched.when = When::OnFailure),
    ])
    .run()
    .await;
    let want = [
        "begin",
        "review.1 failed: environment_creation_failure: the name of its environment is empty",
        "build.1 starts",
        "build.1| hello",
        "build.1 success",
        "later skipped: stage two failed",
        "cleanup.1 starts",
        "cleanup.1 success",
        "end failed 1",
    ];
    assert_eq!(ended.told(), want);
    let review = ended.job("review");
    assert_eq!(
        review.reason.as_deref(),
        Some("environment_creation_failure")
    );
    assert_eq!((review.attempts, review.started), (0, None));
    let calls = &ended.asked.calls;
    assert!(
        !calls
            .iter()
            .any(|call| call.contains("gone") || call.contains("review"))
    );
}

#[tokio::test(start_paused = true)]
async fn a_failed_attempt_is_followed_by_another() {
    let ended = Story::new([job("flaky", 0, "say one\nexit 1").with(|job| {
        job.scripts.push("say two".to_owned());
        job.sched.retry.max = Some(2);
    })])
    .run()
    .await;
    let want = [
        "begin",
        "flaky.1 starts",
        "flaky.1| one",
        "flaky.1 failed: script_failure: exit code 1",
        "flaky.1 is retried: script_failure",
        "flaky.2 starts",
        "flaky.2| two",
        "flaky.2 success",
        "end success 0",
    ];
    assert_eq!(ended.told(), want);
    assert_eq!(ended.job("flaky").attempts, 2);
    assert_eq!(ended.job("flaky").exit_code, Some(0));
}

#[tokio::test(start_paused = true)]
async fn exit_codes_that_are_allowed() {
    let ended = Story::new([
        job("bad", 0, "exit 42")
            .with(|job| job.sched.allow_failure = AllowFailure::ExitCodes(vec![42])),
        job("next", 1, ""),
    ])
    .run()
    .await;
    assert_eq!(
        ended.told()[2],
        "bad.1 failed (allowed): script_failure: exit code 42"
    );
    assert_eq!(ended.jobs(), ["bad failed: script_failure", "next success"]);
    assert!(ended.job("bad").allow_failure);
    assert_eq!(ended.end(), ("success", 0));
}

#[tokio::test(start_paused = true)]
async fn manual_and_held_jobs() {
    let why = || HeldJob {
        name: "ship".to_owned(),
        why: "deploys to staging".to_owned(),
        release: "--deploy=staging".to_owned(),
    };
    let manual = |job: &mut super::story::Job| job.sched.when = When::Manual;
    let ended = Story::new([
        job("ship", 0, "").with(|job| job.held = Some(why())),
        job("check", 0, "").needing(&[0]),
        job("gate", 1, "").with(manual),
        job("last", 2, ""),
    ])
    .run()
    .await;
    let want = [
        "begin",
        "ship waits",
        "check skipped: needs held job ship",
        "gate waits",
        "last skipped: waits for gate",
        "end manual 7",
    ];
    assert_eq!(ended.told(), want);
    assert_eq!(ended.result.held, [why()]);
    assert!(!ended.result.complete);
    assert_eq!(
        ended.jobs(),
        [
            "ship manual",
            "check skipped: needs held job ship",
            "gate manual",
            "last skipped: waits for gate"
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn only_held_jobs_are_no_failure() {
    let ended = Story::new([job("ship", 0, "").held()]).run().await;
    assert_eq!(ended.end(), ("skipped", 0));
    assert!(!ended.result.complete);
}

#[tokio::test(start_paused = true)]
async fn delays() {
    let delayed = || {
        job("later", 0, "").with(|job| {
            job.sched.when = When::Delayed;
            job.sched.start_in = Duration::from_secs(90);
        })
    };
    let ended = Story::new([delayed()]).run().await;
    assert_eq!(ended.told()[1], "later in 90s");
    assert_eq!(ended.started("later"), 90_000);

    let ended = Story::new([delayed()])
        .with(|spec| spec.settings.no_delay = true)
        .run()
        .await;
    assert_eq!(ended.told()[1], "later.1 starts");
    assert_eq!(ended.started("later"), 0);
}

#[tokio::test(start_paused = true)]
async fn a_failure_beside_a_blocking_manual_job() {
    let ended = Story::new([
        job("gate", 0, "").with(|job| job.sched.when = When::Manual),
        job("bad", 0, "exit 1"),
    ])
    .run()
    .await;
    assert_eq!(ended.end(), ("manual", 1));
}

#[tokio::test(start_paused = true)]
async fn no_jobs() {
    let ended = Story::new([]).run().await;
    assert_eq!(ended.told(), ["begin", "end success 0"]);
}
