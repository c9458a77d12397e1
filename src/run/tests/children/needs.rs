//! What a child is told of jobs of its parent, and what its jobs receive of them.

use std::sync::{Arc, Mutex};

use super::super::ended::Ended;
use super::super::story::{Job, Story, job, pipeline};
use super::{trigger, waiting};
use crate::exec::{ArtifactRef, EnvVariable};
use crate::run::{Received, Succeeded, TriggerContext};
use crate::sched::JobIndex;
use crate::types::{AllowFailure, KeepWhen};

/// A run whose artifacts go to a folder that exists.
async fn run<const N: usize>(jobs: [Job; N]) -> Ended {
    let folder = tempfile::tempdir().expect("a folder");
    let place = folder.path().to_owned();
    let story = Story::new(jobs).with(|spec| {
        spec.settings.artifacts = Box::new(move |_, job, _| place.join(format!("{job}.tar")));
    });
    story.run().await
}

fn reporting(name: &str, script: &str, line: &str) -> Job {
    job(name, 0, script).with(|job| job.dotenv.push(line.to_owned()))
}

fn owned(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

#[tokio::test(start_paused = true)]
async fn a_trigger_job_knows_which_jobs_have_succeeded() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&told);
    let make = move |facts: &TriggerContext| {
        noted.lock().expect("a list").clone_from(&facts.succeeded);
        Ok(pipeline([job("a", 0, "")]))
    };
    let may_fail = |job: &mut Job| job.sched.allow_failure = AllowFailure::Yes;
    run([
        job("keeps", 0, "").keeping("out", KeepWhen::Always),
        reporting("reports", "", "X=1"),
        job("plain", 0, ""),
        reporting("fails", "exit 1", "X=2")
            .keeping("out", KeepWhen::Always)
            .with(may_fail),
        waiting("other", || [job("a", 0, "")]),
        // It is of the same stage and receives nothing.
        trigger("go", 0, true, make).needing(&[0, 1, 2, 3, 4]),
        job("later", 1, ""),
    ])
    .await;
    let told = told.lock().expect("a list");
    let line = |one: &Succeeded| {
        let name = |kept: &ArtifactRef| {
            let name = kept.tar.file_name().expect("a name");
            name.display().to_string()
        };
        (
            one.job,
            one.artifacts.as_ref().map(name),
            one.dotenv.clone(),
        )
    };
    let wanted = [
        (JobIndex(0), Some("keeps.tar".to_owned()), vec![]),
        (JobIndex(1), None, vec![owned("X", "1")]),
        (JobIndex(2), None, vec![]),
    ];
    assert_eq!(told.iter().map(line).collect::<Vec<_>>(), wanted);
}

#[tokio::test(start_paused = true)]
async fn variables_of_other_pipelines_are_under_those_of_its_own() {
    let ended = run([
        reporting("own", "", "X=own"),
        job("take", 1, "").with(|job| {
            job.artifacts_from = vec![0];
            job.received = Received {
                dotenv: vec![owned("X", "other"), owned("Y", "other")],
                ..Received::default()
            };
        }),
    ])
    .await;
    let mut opened = ended.asked.opened.iter();
    let take = opened.find(|spec| spec.job == "take").expect("it ran");
    let pair = |variable: &EnvVariable| (variable.name.clone(), variable.value.clone());
    // In front of them are those that every job has.
    let received: Vec<_> = take.variables[2..].iter().map(pair).collect();
    let wanted = [owned("X", "other"), owned("Y", "other"), owned("X", "own")];
    assert_eq!(received, wanted);
}
