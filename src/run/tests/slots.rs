//! How much goes on at once, and what goes first.

use std::time::Duration;

use crate::types::Sources;

use super::story::{Story, job};

#[tokio::test(start_paused = true)]
async fn no_more_jobs_than_slots() {
    let jobs = (0..10).map(|at| job(&format!("j{at}"), 0, "sleep 1000"));
    let ended = Story::new(jobs)
        .with(|spec| spec.settings.slots = 3)
        .run()
        .await;
    assert_eq!(ended.end(), ("success", 0));
    let starts: Vec<u128> = (0..10)
        .map(|at| ended.started(&format!("j{at}")) / 1000)
        .collect();
    assert_eq!(starts, [0, 0, 0, 1, 1, 1, 2, 2, 2, 3]);
    let slot =
        |spec: &crate::exec::EnvSpec| spec.variables[1].value.parse::<usize>().expect("a number");
    assert!(
        ended.asked.opened.iter().all(|spec| slot(spec) < 3),
        "the lowest free slot"
    );
}

#[tokio::test(start_paused = true)]
async fn no_slots_are_one() {
    let ended = Story::new([job("a", 0, ""), job("b", 0, "")])
        .with(|spec| spec.settings.slots = 0)
        .run()
        .await;
    assert_eq!(ended.end(), ("success", 0));
}

#[tokio::test(start_paused = true)]
async fn one_job_of_a_resource_group_at_a_time() {
    let in_group = |name: &str, script: &str, group: &str| {
        let mut job = job(name, 0, script);
        job.sched.resource_group = Some(group.to_owned());
        job
    };
    let ended = Story::new([
        in_group("a", "sleep 1000", "prod"),
        in_group("b", "sleep 1000\nexit 1", "prod"),
        in_group("c", "sleep 1000", "prod"),
        in_group("d", "sleep 1000", "qa"),
        job("e", 0, "sleep 1000"),
    ])
    .run()
    .await;
    assert_eq!(ended.end(), ("failed", 1));
    let starts = ["a", "b", "c", "d", "e"].map(|name| ended.started(name) / 1000);
    assert_eq!(starts, [0, 1, 2, 0, 0]);
}

#[tokio::test(start_paused = true)]
async fn longest_path_first() {
    let ended = Story::new([
        job("short", 0, "sleep 10"),
        job("long", 0, "sleep 10"),
        job("behind", 1, "sleep 10").needing(&[1]),
    ])
    .with(|spec| {
        spec.settings.slots = 1;
        spec.pipeline.durations = vec![Some(Duration::from_secs(1)); 3];
    })
    .run()
    .await;
    assert!(ended.started("long") < ended.started("short"));
}

#[tokio::test(start_paused = true)]
async fn no_more_environments_come_up_at_once_than_the_executor_wants() {
    let with_image = |at| job(&format!("j{at}"), 0, "").image("slow-start");
    let ended = Story::new((0..12).map(with_image)).run().await;
    assert_eq!(ended.asked.most_starting, 4);
}

#[tokio::test(start_paused = true)]
async fn an_image_is_pulled_once() {
    let ended = Story::new([
        job("a", 0, "").image("ruby"),
        job("b", 0, "").image("ruby"),
        job("c", 1, "").image("alpine"),
    ])
    .lacking("ruby")
    .run()
    .await;
    let pulls: Vec<_> = ended
        .asked
        .calls
        .iter()
        .filter(|call| call.starts_with("pull"))
        .collect();
    assert_eq!(pulls, ["pull ruby"]);
    let told: Vec<String> = ended
        .told()
        .into_iter()
        .filter(|line| line.starts_with("pull"))
        .collect();
    assert_eq!(told, ["pull ruby ...", "pull ruby done"]);
}

#[tokio::test(start_paused = true)]
async fn images_of_later_stages_are_pulled_before_the_first_job() {
    let ended = Story::new([job("a", 0, "sleep 5000"), job("b", 1, "").image("ruby")])
        .lacking("ruby")
        .run()
        .await;
    let told = ended.told();
    let place = |text: &str| told.iter().position(|line| line.contains(text));
    assert!(place("pull ruby done") < place("a.1 starts"));
    assert_eq!(ended.started("b"), 6001);
}

#[tokio::test(start_paused = true)]
async fn the_tree_is_published_once_for_each_runner() {
    let ended = Story::new([job("a", 0, ""), job("b", 0, "")])
        .with(|spec| {
            spec.pipeline.trees.push((
                Sources::default(),
                crate::exec::TreeSpec {
                    id: "t1".to_owned(),
                    layers: Vec::new(),
                },
            ));
        })
        .run()
        .await;
    let published = ended
        .asked
        .calls
        .iter()
        .filter(|call| *call == "publish t1");
    assert_eq!(published.count(), 1);
    assert!(
        ended
            .asked
            .opened
            .iter()
            .all(|spec| spec.workspace.tree.is_some())
    );
}
