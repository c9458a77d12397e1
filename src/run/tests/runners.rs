//! Several runners in one run: each has its own queue, slots, images and files.

use std::sync::Arc;

use crate::exec::{EnvSpec, TreeSpec};
use crate::run::{Runner, RunnerIndex};
use crate::types::Sources;

use super::story::{Story, job};
use crate::exec::fake::FakeExecutor;

/// A second runner, and what it was asked.
fn second(story: &mut Story, limit: Option<usize>) -> FakeExecutor {
    let executor = FakeExecutor::default();
    story.spec.settings.runners.push(Runner {
        limit,
        ..Runner::untagged("two", Arc::new(executor.clone()))
    });
    executor
}

fn on_second(job: &mut super::story::Job) {
    job.runner = RunnerIndex(1);
}

fn slots(opened: &[EnvSpec]) -> Vec<&str> {
    let mut slots: Vec<&str> = opened
        .iter()
        .map(|spec| &*spec.variables[1].value)
        .collect();
    slots.sort_unstable();
    slots
}

#[tokio::test(start_paused = true)]
async fn each_runner_counts_its_own_slots() {
    let mut story = Story::new([
        job("a", 0, "sleep 1000"),
        job("b", 0, "sleep 1000"),
        job("c", 0, "sleep 1000").with(on_second),
        job("d", 0, "sleep 1000").with(on_second),
    ]);
    let other = second(&mut story, Some(1));
    let ended = story.run().await;
    assert_eq!(ended.end(), ("success", 0));
    assert_eq!(slots(&ended.asked.opened), ["0", "1"]);
    assert_eq!(slots(&other.asked().opened), ["0", "0"], "one at a time");
    let starts = ["a", "b", "c", "d"].map(|name| ended.started(name) / 1000);
    assert_eq!(starts, [0, 0, 0, 1]);
}

#[tokio::test(start_paused = true)]
async fn each_runner_brings_images_and_files_of_its_own() {
    let mut story = Story::new([
        job("a", 0, "").image("ruby"),
        job("b", 0, "").image("ruby").with(on_second),
    ])
    .with(|spec| {
        let tree = TreeSpec {
            id: "t1".to_owned(),
            layers: Vec::new(),
        };
        spec.pipeline.trees.push((Sources::default(), tree));
    })
    .lacking("ruby");
    let other = second(&mut story, None);
    other.lacking().push("ruby".to_owned());
    let ended = story.run().await;
    assert_eq!(ended.end(), ("success", 0));
    for asked in [&ended.asked, &*other.asked()] {
        for call in ["publish t1", "pull ruby"] {
            let count = asked.calls.iter().filter(|other| *other == call).count();
            assert_eq!(count, 1, "{call}");
        }
    }
}
