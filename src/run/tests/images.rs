//! Images that are missing: when they are pulled, and what fails where they can't be.

use crate::types::{AllowFailure, PullPolicy, When};

use super::story::{Job, Story, job};

#[tokio::test(start_paused = true)]
async fn images_that_can_not_be_pulled_fail_their_jobs() {
    let ended = Story::new([
        job("a", 0, "").image("gone"),
        job("b", 0, ""),
        job("c", 0, "").image("gone"),
    ])
    .lacking("gone")
    .run()
    .await;
    assert_eq!(
        ended.jobs(),
        [
            "a failed: script_failure",
            "b success",
            "c failed: script_failure"
        ]
    );
    let of_images = |line: &String| line.contains("image") || line.contains("pull");
    let told: Vec<String> = ended.told().into_iter().filter(of_images).collect();
    assert_eq!(
        told,
        [
            "pull gone ...",
            "not pulled: image `gone` is not found",
            "a.1 failed: script_failure: image `gone` was not pulled",
            "c.1 failed: script_failure: image `gone` was not pulled",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_registry_that_is_out_of_reach_keeps_all_jobs_from_beginning() {
    let ended = Story::new([
        job("a", 0, "").image("gone-network"),
        job("b", 0, ""),
        job("c", 1, "").image("gone"),
    ])
    .lacking("gone-network")
    .lacking("gone")
    .run()
    .await;
    assert_eq!(
        ended.jobs(),
        [
            "a skipped: image `gone-network` was not pulled",
            "b skipped: job `a` can't begin, so none does: image `gone-network` was not pulled",
            "c skipped: image `gone` was not pulled",
        ]
    );
    assert_eq!(ended.end(), ("failed", 4));
    assert_eq!(ended.asked.calls, ["pull gone-network", "pull gone"]);
}

#[tokio::test(start_paused = true)]
async fn an_image_that_is_here_is_used_where_it_can_not_be_pulled_anew() {
    let always = |job: &mut Job| job.pull = vec![PullPolicy::Always];
    let ended = Story::new([job("a", 0, "say on").image("gone-network").with(always)])
        .run()
        .await;
    assert_eq!(ended.end(), ("success", 0));
    let want = [
        "begin",
        "pull gone-network ...",
        "not pulled: no such host",
        "notice: image `gone-network` is used as it is on this machine",
        "a.1 starts",
        "a.1| on",
        "a.1 success",
        "end success 0",
    ];
    assert_eq!(ended.told(), want);
}

#[tokio::test(start_paused = true)]
async fn pull_policies() {
    use PullPolicy::{Always, IfNotPresent, Never};
    for (image, here, policies, pulls, result) in [
        ("ruby", true, &[Always][..], 1, "a success"),
        ("ruby", true, &[IfNotPresent], 0, "a success"),
        ("ruby", true, &[Never], 0, "a success"),
        ("ruby", false, &[IfNotPresent], 1, "a success"),
        (
            "ruby",
            false,
            &[Never],
            0,
            "a failed: runner_system_failure",
        ),
        ("ruby", false, &[Never, IfNotPresent], 1, "a success"),
        ("gone", true, &[Always], 1, "a failed: script_failure"),
        ("gone", true, &[Always, IfNotPresent], 1, "a success"),
        (
            "gone",
            false,
            &[Always, Always],
            2,
            "a failed: script_failure",
        ),
    ] {
        let row = format!("{image} {here} {policies:?}");
        let mut story = Story::new([job("a", 0, "").image(image).with(|job| {
            job.pull = policies.to_vec();
        })]);
        if !here {
            story = story.lacking(image);
        }
        let ended = story.run().await;
        assert_eq!(ended.jobs(), [result], "{row}");
        let calls = ended.asked.calls.iter();
        assert_eq!(
            calls.filter(|call| call.starts_with("pull")).count(),
            pulls,
            "{row}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn an_image_that_nobody_uses_may_be_missing() {
    let manual = job("a", 0, "").image("ruby").with(|job| {
        job.sched.when = When::Manual;
        job.sched.allow_failure = AllowFailure::Yes;
    });
    let ended = Story::new([manual, job("b", 1, "").image("node")])
        .lacking("ruby")
        .with(|spec| spec.settings.offline = true)
        .run()
        .await;
    assert_eq!(ended.jobs(), ["a manual", "b success"]);
}
