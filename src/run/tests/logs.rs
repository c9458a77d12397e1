//! What the log of a job says.

use super::story::{Story, job};
use crate::event::EventKind;

#[tokio::test(start_paused = true)]
async fn lines_are_whole_masked_and_before_the_end() {
    let script = "raw half\nraw  a line, sec\nraw ret12\nsay \nsay second\nraw no end";
    let ended = Story::new([job("a", 0, script)
        .after("say after")
        .with(|job| job.secrets.push("secret12".to_owned()))])
    .run()
    .await;
    let want = [
        "half a line, [MASKED]",
        "second",
        "no end",
        "success",
        "after",
    ];
    assert_eq!(ended.log("a"), want);
    let place = |text: &str| ended.told().iter().position(|line| line.contains(text));
    assert!(place("a.1| after") < place("a.1 success"));
}

#[tokio::test(start_paused = true)]
async fn a_flood_is_neither_lost_nor_shuffled() {
    use std::fmt::Write as _;
    let script = (0..5000).fold(String::new(), |mut script, line| {
        let _ = writeln!(script, "say {line}");
        script
    });
    let ended = Story::new([job("a", 0, &script), job("b", 0, &script)])
        .run()
        .await;
    let want: Vec<String> = (0..5000).map(|line| line.to_string()).collect();
    assert_eq!(ended.log("a"), want);
    assert_eq!(ended.log("b"), want);
}

#[tokio::test(start_paused = true)]
async fn messages_are_masked_too() {
    let ended = Story::new([job("a", 0, "")
        .image("user-secret12")
        .with(|job| job.secrets.push("secret12".to_owned()))])
    .run()
    .await;
    let want = "a.1 failed: script_failure: no such image: user-[MASKED]";
    assert_eq!(ended.told()[2], want);
}

#[tokio::test(start_paused = true)]
async fn phases_in_their_order() {
    let ended = Story::new([job("a", 0, "")
        .after("")
        .keeping("out", crate::types::KeepWhen::Always)])
    .run()
    .await;
    let phases: Vec<String> = ended
        .events
        .iter()
        .filter_map(|event| match event.kind {
            EventKind::JobPhase { phase, .. } => Some(format!("{phase:?}")),
            _ => None,
        })
        .collect();
    assert_eq!(
        phases,
        ["Prepare", "Script", "AfterScript", "UploadArtifacts"]
    );
}
