//! Environments that come up before their jobs' turn.

use crate::exec::Cancel;
use crate::types::KeepWhen;

use super::ended::Ended;
use super::story::{Story, job};

fn calls(ended: &Ended) -> Vec<&str> {
    ended.asked.calls.iter().map(String::as_str).collect()
}

fn place(ended: &Ended, call: &str) -> usize {
    let at = calls(ended).iter().position(|other| *other == call);
    at.unwrap_or_else(|| panic!("{call} was not asked for: {:?}", calls(ended)))
}

#[tokio::test(start_paused = true)]
async fn the_next_environment_is_there_when_its_job_begins() {
    let ended = Story::new([
        job("a", 0, "sleep 60000").keeping("out", KeepWhen::OnSuccess),
        job("b", 1, "say hi")
            .image("slow-b")
            .ahead()
            .with(|job| job.artifacts_from = vec![0]),
    ])
    .run()
    .await;
    assert_eq!(ended.end(), ("success", 0));
    assert_eq!(ended.log("b"), ["hi"]);
    let took = |name: &str| {
        let job = ended.job(name);
        job.finished
            .expect("ended")
            .saturating_sub(job.started.expect("begun"))
    };
    assert_eq!(took("b").as_secs(), 0, "it did not wait ten seconds");
    assert!(place(&ended, "open b 1") < place(&ended, "collect a 1"));
    assert!(place(&ended, "start b 1") < place(&ended, "collect a 1"));
    assert!(place(&ended, "collect a 1") < place(&ended, "add 1 b 1"));
    assert!(place(&ended, "add 1 b 1") < place(&ended, "run b 1"));
}

#[tokio::test(start_paused = true)]
async fn one_that_nobody_uses_is_taken_away() {
    for (row, script, interrupt) in [
        ("failure", "say a\nsleep 1000\nexit 1", false),
        ("failure before it is up", "say a\nexit 1", false),
        ("cancellation", "sleep 60000", true),
    ] {
        let mut story = Story::new([
            job("a", 0, script),
            job("b", 1, "say never").image("slow-b").ahead(),
            job("c", 2, "say never").ahead(),
        ]);
        if interrupt {
            story = story.interrupted(30_000, Cancel::Graceful);
        }
        let ended = story.run().await;
        assert_eq!(ended.asked.open, 0, "{row}: {:?}", calls(&ended));
        assert!(calls(&ended).contains(&"open b 1"), "{row}");
        assert!(!calls(&ended).contains(&"run b 1"), "{row}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_needed_now_comes_up_first() {
    for (row, script) in [
        ("it speaks", "say a\nsleep 1000"),
        ("it is silent", "sleep 5000"),
    ] {
        let ended = Story::new([
            job("a", 0, script).image("slow-a"),
            job("b", 1, "say b").ahead(),
        ])
        .run()
        .await;
        assert!(
            place(&ended, "run a 1") < place(&ended, "open b 1"),
            "{row}"
        );
        assert!(
            place(&ended, "open b 1") < place(&ended, "close a 1"),
            "{row}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn never_more_than_there_are_slots() {
    let first = (0..3).map(|at| job(&format!("a{at}"), 0, "say a\nsleep 1000"));
    let then = (0..8).map(|at| job(&format!("b{at}"), 1, "sleep 1000").ahead());
    let story = Story::new(first.chain(then)).with(|spec| spec.settings.slots = 5);
    let ended = story.run().await;
    assert_eq!(ended.end(), ("success", 0));
    let begun = place(&ended, "close a0 1");
    let before = &ended.asked.calls[..begun];
    let ahead = before
        .iter()
        .filter(|call| call.starts_with("open b"))
        .count();
    assert!((2..=5).contains(&ahead), "{ahead}");
    assert!(
        ended.asked.most_open <= 5 + 3,
        "those that are closing count too"
    );
}

#[tokio::test(start_paused = true)]
async fn one_that_fails_is_made_anew() {
    let ended = Story::new([
        job("a", 0, "say a\nsleep 1000"),
        job("b", 1, "say hi").image("twice-b").ahead(),
        job("c", 2, "").image("user-c").ahead(),
    ])
    .run()
    .await;
    assert_eq!(ended.log("b"), ["hi"]);
    assert_eq!(ended.job("b").status.as_str(), "success");
    assert_eq!(ended.job("c").reason.as_deref(), Some("script_failure"));
    assert_eq!(ended.asked.open, 0);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_stopped_while_one_comes_up_ends() {
    let ended = Story::new([
        job("a", 0, ""),
        job("b", 1, "say never").image("slow-b").ahead(),
    ])
    .interrupted(3000, Cancel::Graceful)
    .run()
    .await;
    assert_eq!(ended.end(), ("canceled", 130));
    assert_eq!(ended.asked.open, 0);
}
