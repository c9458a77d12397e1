//! Time-outs, machinery that fails, our own errors.

use std::time::Duration;

use crate::exec::Cancel;
use crate::run::RunError;
use crate::types::{KeepWhen, Sources};

use super::story::{Job, Story, job};

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[tokio::test(start_paused = true)]
async fn the_job_timeout_ends_everything() {
    let ended = Story::new([job("a", 0, "say on\nsleep 9000000")
        .after("say never")
        .keeping("out", KeepWhen::Always)
        .with(|job| job.timeout = seconds(60))])
    .run()
    .await;
    let want = [
        "begin",
        "a.1 starts",
        "a.1| on",
        "a.1 failed: job_execution_timeout: the job took longer than its timeout of 1m",
        "end failed 1",
    ];
    assert_eq!(ended.told(), want);
    assert_eq!(ended.asked.open, 0);
}

#[tokio::test(start_paused = true)]
async fn the_clock_of_a_job_runs_while_it_is_prepared() {
    let ended = Story::new([job("a", 0, "")
        .image("slow-start")
        .with(|job| job.timeout = seconds(5))])
    .run()
    .await;
    assert_eq!(ended.jobs(), ["a failed: job_execution_timeout"]);
}

#[tokio::test(start_paused = true)]
async fn the_script_timeout_lets_the_rest_run() {
    let ended = Story::new([job("a", 0, "sleep 9000000")
        .after("say after")
        .keeping("out", KeepWhen::OnFailure)
        .with(|job| job.settings.script_timeout = Some("30s".to_owned()))])
    .run()
    .await;
    let want = [
        "WARNING: step_script could not run to completion because the timeout was exceeded",
        "timedout",
        "after",
        "out: found 1 matching artifact files and directories",
    ];
    assert_eq!(ended.log("a"), want);
    assert_eq!(ended.jobs(), ["a failed: job_execution_timeout"]);
    assert_eq!(ended.job("a").finished.map(|end| end.as_secs()), Some(30));
}

#[tokio::test(start_paused = true)]
async fn senseless_limits_are_ignored() {
    let ended = Story::new([job("a", 0, "sleep 50000").with(|job| {
        job.settings.script_timeout = Some("soon".to_owned());
    })])
    .run()
    .await;
    assert_eq!(ended.end(), ("success", 0));
    assert!(ended.log("a")[0].starts_with("WARNING: ignoring RUNNER_SCRIPT_TIMEOUT"));
}

#[tokio::test(start_paused = true)]
async fn what_after_script_does_to_the_result() {
    let can_fail = |job: &mut Job| job.settings.after_script_can_fail = true;
    let rows: [(&str, Job, &str, &str); 5] = [
        (
            "ignored",
            job("a", 0, "").after("exit 4"),
            "a success",
            "WARNING: after_script failed, but job will continue unaffected: exit code 4",
        ),
        (
            "counts",
            job("a", 0, "").after("exit 4").with(can_fail),
            "a failed: script_failure",
            "success",
        ),
        (
            "first failure counts",
            job("a", 0, "exit 2").after("fail gone").with(can_fail),
            "a failed: script_failure",
            "WARNING: after_script failed, but job will continue unaffected: gone",
        ),
        (
            "five minutes",
            job("a", 0, "").after("sleep 9000000"),
            "a success",
            "WARNING: after_script failed, but job will continue unaffected: it took longer than its timeout",
        ),
        (
            "own limit",
            job("a", 0, "").after("sleep 2000").with(|job| {
                job.settings.after_script_timeout = Some("1s".to_owned());
            }),
            "a success",
            "WARNING: after_script failed, but job will continue unaffected: it took longer than its timeout",
        ),
    ];
    // The exit code is that of the script that decided.
    let ended = Story::new([job("a", 0, "").after("exit 4").with(can_fail)])
        .run()
        .await;
    assert_eq!(ended.job("a").exit_code, Some(4));
    for (row, job, result, last_line) in rows {
        let ended = Story::new([job]).run().await;
        assert_eq!(ended.jobs(), [result], "{row}");
        assert_eq!(ended.log("a").last(), Some(&last_line), "{row}");
    }
}

#[tokio::test(start_paused = true)]
async fn environments_that_do_not_open() {
    let rows = [
        ("user-error", "script_failure", 1, ""),
        ("lasting-error", "runner_system_failure", 1, ""),
        (
            "system-error",
            "runner_system_failure",
            3,
            "WARNING: daemon is gone; trying again in 3 s",
        ),
    ];
    for (image, reason, tries, line) in rows {
        let ended = Story::new([job("a", 0, "").image(image).after("say never")])
            .run()
            .await;
        assert_eq!(ended.jobs(), [format!("a failed: {reason}")], "{image}");
        let opens = ended
            .asked
            .calls
            .iter()
            .filter(|call| *call == "open a 1")
            .count();
        assert_eq!(opens, tries, "{image}");
        assert_eq!(
            ended.log("a").first().copied().unwrap_or_default(),
            line,
            "{image}"
        );
    }
    let ended = Story::new([job("a", 0, "").image("twice-busy")])
        .run()
        .await;
    assert_eq!(ended.jobs(), ["a success"]);
}

#[tokio::test(start_paused = true)]
async fn scripts_that_the_machinery_ends() {
    let rows = [
        ("fail daemon is gone", "daemon is gone"),
        ("stop", "the script was stopped from outside"),
    ];
    for (script, message) in rows {
        let ended = Story::new([job("a", 0, script)]).run().await;
        let want = format!("a.1 failed: runner_system_failure: {message}");
        assert_eq!(ended.told()[2], want);
        assert_eq!(ended.job("a").exit_code, None);
    }
}

#[tokio::test(start_paused = true)]
async fn an_error_of_ours_fails_one_job() {
    let ended = Story::new([job("a", 0, "say before\npanic"), job("b", 0, "sleep 5000")])
        .run()
        .await;
    assert_eq!(
        ended.jobs(),
        ["a failed: runner_system_failure", "b success"]
    );
    let told = ended.told();
    let place = |text: &str| told.iter().position(|line| line.starts_with(text));
    assert!(place("a.1| before") < place("a.1 failed: runner_system_failure: internal error"));
    assert_eq!(ended.end(), ("failed", 1));
}

#[tokio::test(start_paused = true)]
async fn runs_that_do_not_begin() {
    let jobs = || {
        [
            job("a", 0, "").image("ruby"),
            job("b", 1, "").image("node"),
            job("c", 1, "").image("ruby"),
        ]
    };
    let offline = Story::new(jobs())
        .lacking("ruby")
        .lacking("node")
        .with(|spec| spec.settings.offline = true);
    let error = offline.try_run().await.err().expect("images are missing");
    assert_eq!(
        error.to_string(),
        "2 images are not on this machine: `ruby`, `node`"
    );

    let bad_tree = Story::new(jobs()).with(|spec| {
        spec.pipeline.trees.push((
            Sources::default(),
            crate::exec::TreeSpec {
                id: "bad".to_owned(),
                layers: Vec::new(),
            },
        ));
    });
    let error = bad_tree.try_run().await.err().expect("no tree");
    assert_eq!(error.to_string(), "disk is full");

    let error = Story::new([job("a", 9, "")])
        .try_run()
        .await
        .err()
        .expect("no stage");
    assert!(error.to_string().contains("stage number 9"));
}

#[tokio::test(start_paused = true)]
async fn a_signal_before_the_first_job() {
    let story = Story::new([job("a", 0, "")])
        .interrupted(500, Cancel::Graceful)
        .with(|spec| {
            spec.pipeline.trees.push((
                Sources::default(),
                crate::exec::TreeSpec {
                    id: "slow".to_owned(),
                    layers: Vec::new(),
                },
            ));
        });
    let error = story.try_run().await.err().expect("it does not begin");
    assert!(matches!(error, RunError::Interrupted(2)), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_record_that_breaks_off_is_told_at_once() {
    let ended = Story::new([job("a", 0, "say one\nsay two")])
        .with_full_disk_at("a.1| one")
        .run()
        .await;
    let want = [
        "begin",
        "a.1 starts",
        "a.1| one",
        "record: disk is full",
        "a.1| two",
        "a.1 success",
        "end success 4",
    ];
    assert_eq!(ended.told(), want);
    assert!(!ended.result.complete);
}

#[tokio::test(start_paused = true)]
async fn an_executor_that_falls_silent_is_told_once_each_time() {
    let ended = Story::new([job("a", 0, "mute 19000\nmute 50000\nmute 30000")])
        .run()
        .await;
    let notice = "notice: Fake has not answered for 20 s";
    let told = ended.told();
    assert_eq!(told.iter().filter(|line| *line == notice).count(), 2);
    assert_eq!(ended.end(), ("success", 0));
}

#[tokio::test(start_paused = true)]
async fn a_job_that_silence_ends_is_the_machines_fault() {
    let ended = Story::new([job("a", 0, "silent")]).run().await;
    assert_eq!(ended.jobs(), ["a failed: runner_system_failure"]);
    assert_eq!(ended.end(), ("failed", 4));
    let ended = Story::new([job("a", 0, "fail as ever")]).run().await;
    assert_eq!(ended.end(), ("failed", 1));
}

#[tokio::test(start_paused = true)]
async fn what_is_left_behind_is_told() {
    let ended = Story::new([job("a", 0, "").image("lost-daemon")])
        .run()
        .await;
    let notice = "notice: cleaning up after job `a` failed, the next run does it: daemon is gone";
    assert!(
        ended.told().contains(&notice.to_owned()),
        "{:?}",
        ended.told()
    );
    assert_eq!(ended.end(), ("success", 0));
}
