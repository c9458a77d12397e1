//! Stopping a run.

use crate::exec::Cancel;
use crate::sched::Options;
use crate::types::KeepWhen;
use crate::types::When;

use super::story::{Story, job};

#[tokio::test(start_paused = true)]
async fn once_lets_after_script_run() {
    let ended = Story::new([
        job("a", 0, "say on\nsleep 60000")
            .after("sleep 500\nsay after")
            .keeping("out", KeepWhen::OnFailure),
        job("b", 1, ""),
        job("m", 0, "").with(|job| {
            job.sched.when = When::Manual;
            job.sched.allow_failure = crate::types::AllowFailure::Yes;
        }),
    ])
    .interrupted(1000, Cancel::Graceful)
    .run()
    .await;
    let want = [
        "begin",
        "m waits",
        "a.1 starts",
        "a.1| on",
        "cancel: interrupted",
        "b.1 canceled: interrupted",
        "a.1| WARNING: script canceled",
        "a.1| canceled",
        "a.1| after",
        "a.1| out: found 1 matching artifact files and directories",
        "a.1 canceled: interrupted",
        "end canceled 130",
    ];
    assert_eq!(ended.told(), want);
    assert_eq!(
        ended.jobs(),
        [
            "a canceled: interrupted",
            "b canceled: interrupted",
            "m manual"
        ]
    );
    assert_eq!(ended.asked.open, 0);
}

#[tokio::test(start_paused = true)]
async fn once_while_the_environment_opens() {
    let ended = Story::new([job("a", 0, "say never")
        .image("slow-start")
        .after("say never")])
    .interrupted(1000, Cancel::Graceful)
    .run()
    .await;
    assert_eq!(ended.jobs(), ["a canceled: interrupted"]);
    assert!(ended.log("a").is_empty());
    assert_eq!(ended.job("a").finished.map(|end| end.as_secs()), Some(1));
}

#[tokio::test(start_paused = true)]
async fn once_while_an_image_is_pulled() {
    let ended = Story::new([job("a", 0, "say never").image("ruby")])
        .lacking("ruby")
        .interrupted(500, Cancel::Graceful)
        .run()
        .await;
    let want = [
        "begin",
        "pull ruby ...",
        "cancel: interrupted",
        "a.1 canceled: interrupted",
        "not pulled: image `ruby` was not pulled: the run was stopped",
        "end canceled 130",
    ];
    assert_eq!(ended.told(), want);
    let end = ended.events.last().map(|event| event.elapsed.as_millis());
    assert_eq!(end, Some(500));
}

#[tokio::test(start_paused = true)]
async fn an_environment_that_opens_all_the_same_is_closed() {
    let ended = Story::new([job("a", 0, "say never").image("calm-start")])
        .interrupted(1000, Cancel::Graceful)
        .run()
        .await;
    assert_eq!(ended.jobs(), ["a canceled: interrupted"]);
    assert_eq!(ended.asked.calls, ["open a 1", "close a 1"]);
}

#[tokio::test(start_paused = true)]
async fn once_and_the_script_does_not_stop() {
    let ended = Story::new([job("a", 0, "stubborn\nsleep 9000000").after("say after")])
        .interrupted(1000, Cancel::Graceful)
        .run()
        .await;
    assert_eq!(ended.jobs(), ["a canceled: interrupted"]);
    assert_eq!(
        ended.log("a").last(),
        Some(&"after"),
        "killed after a grace"
    );
}

#[tokio::test(start_paused = true)]
async fn twice_kills() {
    let ended = Story::new([job("a", 0, "sleep 60000").after("stubborn\nsleep 60000\nsay never")])
        .interrupted(1000, Cancel::Graceful)
        .interrupted(2000, Cancel::Force)
        .run()
        .await;
    assert_eq!(ended.end(), ("canceled", 130));
    assert!(!ended.log("a").contains(&"never"));
    assert_eq!(ended.job("a").finished.map(|end| end.as_secs()), Some(2));
    assert_eq!(ended.asked.open, 0, "cleaned up all the same");
}

#[tokio::test(start_paused = true)]
async fn twice_while_artifacts_are_looked_for_and_kept() {
    for image in ["slowread-files", "slowkeep-files"] {
        let ended = Story::new([job("a", 0, "")
            .image(image)
            .keeping("$OUT", KeepWhen::Always)])
        .interrupted(1000, Cancel::Graceful)
        .interrupted(2000, Cancel::Force)
        .run()
        .await;
        assert_eq!(ended.jobs(), ["a canceled: interrupted"], "{image}");
        let end = ended.job("a").finished.map(|end| end.as_secs());
        assert_eq!(end, Some(2), "{image}");
    }
}

#[tokio::test(start_paused = true)]
async fn twice_and_the_executor_hangs() {
    let ended = Story::new([job("a", 0, "deaf")])
        .interrupted(1000, Cancel::Graceful)
        .interrupted(2000, Cancel::Force)
        .run()
        .await;
    assert_eq!(ended.jobs(), ["a canceled: interrupted"]);
    let end = ended.job("a").finished.expect("an end").as_secs();
    assert!(end < 30, "{end} s");
}

#[tokio::test(start_paused = true)]
async fn twice_and_the_environment_stays() {
    let ended = Story::new([job("a", 0, "sleep 60000").image("stuck-close")])
        .interrupted(1000, Cancel::Graceful)
        .interrupted(2000, Cancel::Force)
        .run()
        .await;
    let notice =
        "notice: the environment of job `a` was not taken away in time: the next run removes it";
    let told = ended.told();
    assert!(told.iter().any(|line| line == notice), "{told:?}");
    assert_eq!(ended.end(), ("canceled", 130));
}

#[tokio::test(start_paused = true)]
async fn once_stops_delays_and_the_queue() {
    let ended = Story::new([
        job("a", 0, "sleep 60000"),
        job("queued", 0, ""),
        job("delayed", 0, "").with(|job| {
            job.sched.when = When::Delayed;
            job.sched.start_in = std::time::Duration::from_secs(9000);
        }),
    ])
    .with(|spec| spec.settings.slots = 1)
    .interrupted(1000, Cancel::Graceful)
    .run()
    .await;
    let canceled = ["a", "queued", "delayed"].map(|name| format!("{name} canceled: interrupted"));
    assert_eq!(ended.jobs(), canceled);
    assert_eq!(ended.job("queued").attempts, 0);
    assert!(ended.events.last().expect("an end").elapsed.as_secs() < 5);
}

#[tokio::test(start_paused = true)]
async fn a_canceled_job_is_not_retried() {
    let ended = Story::new([job("a", 0, "sleep 60000").with(|job| job.sched.retry.max = Some(2))])
        .interrupted(1000, Cancel::Graceful)
        .run()
        .await;
    assert_eq!(ended.job("a").attempts, 1);
}

#[tokio::test(start_paused = true)]
async fn a_failure_that_cancels_the_rest() {
    let options = Options {
        auto_cancel_on_job_failure: true,
        ..Options::default()
    };
    let ended = Story::new([
        job("bad", 0, "sleep 1000\nexit 1"),
        job("other", 0, "sleep 60000").after("say after"),
        job("later", 1, ""),
    ])
    .with(|spec| spec.pipeline.options = options)
    .run()
    .await;
    let why = "job bad failed (auto_cancel:on_job_failure)";
    let want = [
        "begin".to_owned(),
        "bad.1 starts".to_owned(),
        "other.1 starts".to_owned(),
        "bad.1 failed: script_failure: exit code 1".to_owned(),
        format!("cancel: {why}"),
        format!("later.1 canceled: {why}"),
        "other.1| WARNING: script canceled".to_owned(),
        "other.1| canceled".to_owned(),
        "other.1| after".to_owned(),
        format!("other.1 canceled: {why}"),
        "end failed 1".to_owned(),
    ];
    assert_eq!(ended.told(), want);
}
