//! What jobs keep and who gets it.

use crate::types::AllowFailure;
use crate::types::KeepWhen;

use super::ended::Ended;
use super::story::{Job, Story, job};

/// The tar files that the last opened environment of a job was given.
fn given(ended: &Ended, name: &str) -> Vec<String> {
    let spec = ended.asked.opened.iter().rfind(|spec| spec.job == name);
    let artifacts = &spec.expect("an environment").workspace.artifacts;
    artifacts
        .iter()
        .map(|kept| kept.tar.display().to_string())
        .collect()
}

#[tokio::test(start_paused = true)]
async fn they_are_laid_over_in_the_order_given() {
    let ended = Story::new([
        job("a", 0, "").keeping("out", KeepWhen::OnSuccess),
        job("b", 0, "sleep 5").keeping("out", KeepWhen::OnSuccess),
        job("none", 0, "").keeping("none", KeepWhen::OnSuccess),
        job("c", 1, "").with(|job| job.artifacts_from = vec![1, 2, 0, 99]),
    ])
    .run()
    .await;
    assert_eq!(
        given(&ended, "c"),
        ["/artifacts/b.1.tar", "/artifacts/a.1.tar"]
    );
    assert_eq!(
        ended.log("a"),
        ["out: found 1 matching artifact files and directories"]
    );
    let none = [
        "none: found 1 matching artifact files and directories",
        "ERROR: No files to upload",
    ];
    assert_eq!(ended.log("none"), none);
}

#[tokio::test(start_paused = true)]
async fn kept_after_which_result() {
    use KeepWhen::{Always, OnFailure, OnSuccess};
    let rows = [
        ("success", "", OnSuccess, true),
        ("success", "", OnFailure, false),
        ("success", "", Always, true),
        ("failure", "exit 1", OnSuccess, false),
        ("failure", "exit 1", OnFailure, true),
        ("failure", "exit 1", Always, true),
    ];
    for (row, script, when, kept) in rows {
        let allowed = |job: &mut super::story::Job| job.sched.allow_failure = AllowFailure::Yes;
        let ended = Story::new([
            job("a", 0, script).keeping("out", when).with(allowed),
            job("b", 1, "").with(|job| job.artifacts_from = vec![0]),
        ])
        .run()
        .await;
        assert_eq!(
            given(&ended, "b").len(),
            usize::from(kept),
            "{row} {when:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn only_the_newest_attempt_counts() {
    let ended = Story::new([
        job("a", 0, "exit 1")
            .keeping("out", KeepWhen::Always)
            .with(|job| {
                job.scripts.push(String::new());
                job.sched.retry.max = Some(1);
            }),
        job("b", 1, "").with(|job| job.artifacts_from = vec![0]),
    ])
    .run()
    .await;
    assert_eq!(given(&ended, "b"), ["/artifacts/a.2.tar"]);
}

#[tokio::test(start_paused = true)]
async fn an_attempt_under_way_has_kept_nothing_yet() {
    let ended = Story::new([
        job("a", 0, "exit 1")
            .keeping("out", KeepWhen::Always)
            .with(|job| {
                job.scripts.push("sleep 5000".to_owned());
                job.sched.retry.max = Some(1);
            }),
        job("b", 1, "").needing(&[]).with(|job| {
            job.artifacts_from = vec![0];
            job.sched.when = crate::types::When::Delayed;
            job.sched.start_in = std::time::Duration::from_secs(1);
        }),
    ])
    .run()
    .await;
    assert!(given(&ended, "b").is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_failure_to_keep_them_fails_the_job() {
    let ended = Story::new([job("a", 0, "")
        .image("full-disk")
        .keeping("out", KeepWhen::OnSuccess)])
    .run()
    .await;
    assert_eq!(ended.jobs(), ["a failed: runner_system_failure"]);
    assert_eq!(
        ended.log("a"),
        ["ERROR: artifacts were not kept: disk is full"]
    );

    let ended = Story::new([job("a", 0, "exit 2")
        .image("full-disk")
        .keeping("out", KeepWhen::Always)])
    .run()
    .await;
    assert_eq!(
        ended.jobs(),
        ["a failed: script_failure"],
        "the first failure counts"
    );
}

/// What a job keeps is never less because a file of ours or of the daemon can't be reached.
#[tokio::test(start_paused = true)]
async fn what_can_not_be_found_out_fails_the_job() {
    let untracked = |job: Job| {
        job.keeping("out", KeepWhen::Always).with(|job| {
            if let Some(artifacts) = &mut job.artifacts {
                artifacts.untracked = true;
            }
        })
    };
    let rows = [
        // The run's own folder of this story does not exist.
        (
            untracked(job("a", 0, "").image("indexed-1")),
            "can't write to `/artifacts`: ",
        ),
        (
            untracked(job("a", 0, "").image("unread-1")),
            "the daemon is gone",
        ),
        (
            job("a", 0, "")
                .image("unread-1")
                .keeping("$X", KeepWhen::Always),
            "the daemon is gone",
        ),
    ];
    for (job, why) in rows {
        let ended = Story::new([job]).run().await;
        assert_eq!(ended.jobs(), ["a failed: runner_system_failure"], "{why}");
        let told = format!("ERROR: artifacts were not kept: {why}");
        assert!(ended.log("a")[0].starts_with(&told), "{:?}", ended.log("a"));
    }
}
