//! What happens around the script: hooks, refusals, dotenv reports.

use crate::event::EventKind;
use crate::exec::{Cancel, EnvVariable};
use crate::run::Refusal;
use crate::types::{FailureReason, KeepWhen};

use super::ended::Ended;
use super::story::{Job, Story, job};

#[tokio::test(start_paused = true)]
async fn a_hook_runs_before_the_script() {
    let hooked = job("a", 0, "say script").with(|job| job.hook = Some("say hook".to_owned()));
    let ended = Story::new([hooked]).run().await;
    assert_eq!(ended.log("a"), ["hook", "script"]);
    assert_eq!(ended.jobs(), ["a success"]);
}

#[tokio::test(start_paused = true)]
async fn a_hook_that_fails_leaves_only_uploads() {
    let hooked = job("a", 0, "say script")
        .after("say after")
        .keeping("out", KeepWhen::OnFailure)
        .with(|job| job.hook = Some("exit 3".to_owned()));
    let ended = Story::new([hooked]).run().await;
    assert_eq!(ended.jobs(), ["a failed: script_failure"]);
    assert_eq!(ended.result.jobs[0].exit_code, Some(3));
    let log = ended.log("a");
    assert!(log[0].contains("in the job's image"), "{log:?}");
    assert_eq!(
        log[1],
        "out: found 1 matching artifact files and directories"
    );
    assert_eq!(log.len(), 2, "{log:?}");
}

#[tokio::test(start_paused = true)]
async fn a_cancellation_during_a_hook_ends_the_job() {
    let hooked = job("a", 0, "say script")
        .after("say after")
        .with(|job| job.hook = Some("sleep 5000".to_owned()));
    let ended = Story::new([hooked])
        .interrupted(10, Cancel::Graceful)
        .run()
        .await;
    assert!(ended.log("a").is_empty());
    assert!(
        ended.jobs()[0].starts_with("a canceled"),
        "{:?}",
        ended.jobs()
    );
}

#[tokio::test(start_paused = true)]
async fn a_refused_attempt_opens_nothing() {
    let refused = job("a", 0, "say script").with(|job| {
        job.refusal = Some(Refusal {
            reason: FailureReason::ScriptFailure,
            message: "ERROR: `PATH`".to_owned(),
            exit_code: Some(127),
        });
    });
    let ended = Story::new([refused]).run().await;
    assert_eq!(ended.jobs(), ["a failed: script_failure"]);
    assert_eq!(ended.result.jobs[0].exit_code, Some(127));
    assert!(ended.asked.opened.is_empty());
    assert_eq!(ended.log("a"), ["ERROR: `PATH`"]);
}

#[tokio::test(start_paused = true)]
async fn what_is_missing_is_not_tried_again() {
    let refused = job("a", 0, "say script").with(|job| {
        job.sched.retry.max = Some(2);
        job.refusal = Some(Refusal {
            reason: FailureReason::MissingDependencyFailure,
            message: "ERROR: artifacts of `rel`".to_owned(),
            exit_code: None,
        });
    });
    let ended = Story::new([refused]).run().await;
    assert_eq!(ended.jobs(), ["a failed: missing_dependency_failure"]);
    assert_eq!(ended.job("a").attempts, 1);
}

/// A run whose artifacts have a folder.
async fn run(jobs: impl IntoIterator<Item = Job>) -> Ended {
    let folder = tempfile::tempdir().expect("a folder");
    let place = folder.path().to_owned();
    let story = Story::new(jobs).with(|spec| {
        spec.settings.artifacts =
            Box::new(move |_, job, attempt| place.join(format!("{job}.{attempt}.tar")));
    });
    let ended = story.run().await;
    let left = std::fs::read_dir(folder.path()).expect("it is there");
    let left = left
        .flatten()
        .filter(|entry| entry.path().to_string_lossy().contains(".dotenv"));
    assert_eq!(left.count(), 0, "reports leave no file");
    ended
}

fn reporting(name: &str, script: &str, lines: &[&str]) -> Job {
    job(name, 0, script)
        .with(|job| job.dotenv = lines.iter().map(|&line| line.to_owned()).collect())
}

fn received(ended: &Ended, name: &str) -> Vec<(String, String)> {
    let spec = ended.asked.opened.iter().rfind(|spec| spec.job == name);
    let variables = spec.expect("an environment").variables[2..].iter();
    let pair = |variable: &EnvVariable| (variable.name.clone(), variable.value.clone());
    variables.map(pair).collect()
}

#[tokio::test(start_paused = true)]
async fn dotenv_variables_go_where_artifacts_go() {
    let ended = run([
        reporting("a", "", &["X=1", "Y=1"]),
        reporting("b", "", &["X=2"]),
        job("c", 1, "").with(|job| job.artifacts_from = vec![0, 1]),
        job("d", 1, ""),
    ])
    .await;
    let owned = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(
        received(&ended, "c"),
        [owned("X", "1"), owned("Y", "1"), owned("X", "2")]
    );
    assert!(received(&ended, "d").is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_environment_knows_which_variables_are_secret() {
    let ended = run([
        reporting("a", "", &["X=hidden12", "Y=1"]),
        job("b", 1, "").with(|job| {
            job.artifacts_from = vec![0];
            job.secrets.push("hidden12".to_owned());
        }),
    ])
    .await;
    let spec = ended.asked.opened.iter().rfind(|spec| spec.job == "b");
    let variables = &spec.expect("an environment").variables;
    let secret = variables.iter().filter(|variable| variable.secret);
    let names: Vec<_> = secret.map(|variable| variable.name.as_str()).collect();
    assert_eq!(names, ["X"]);
}

#[tokio::test(start_paused = true)]
async fn a_bad_dotenv_report_fails_a_job_that_was_well() {
    let refused =
        "a.1 failed: script_failure: the dotenv report is refused, as on GitLab: line 1: ";
    let rows = [
        ("", Some(1), refused),
        ("exit 3", Some(3), "a.1 failed: script_failure: exit code 3"),
    ];
    for (script, exit_code, told) in rows {
        let ended = run([
            reporting("a", script, &["A-B=1"]),
            job("b", 1, "").with(|job| job.sched.when = crate::types::When::Always),
        ])
        .await;
        assert_eq!(ended.jobs(), ["a failed: script_failure", "b success"]);
        assert_eq!(ended.result.jobs[0].exit_code, exit_code, "{script}");
        let log = ended.log("a");
        assert!(
            log[1].starts_with("ERROR: the dotenv report is refused"),
            "{log:?}"
        );
        let mut lines = ended.told().into_iter();
        assert!(lines.any(|line| line.starts_with(told)), "{told}");
    }
}

#[tokio::test(start_paused = true)]
async fn paths_know_what_the_script_exported() {
    let ended = run([job("a", 0, "").keeping("x/$FROM_ENV", KeepWhen::Always)]).await;
    let found = "x/out: found 1 matching artifact files and directories";
    assert_eq!(ended.log("a"), [found]);
}

#[tokio::test(start_paused = true)]
async fn untracked_without_git_finds_nothing() {
    let keeping = job("a", 0, "")
        .keeping("out", KeepWhen::Always)
        .with(|job| {
            if let Some(artifacts) = &mut job.artifacts {
                artifacts.untracked = true;
            }
        });
    let ended = run([keeping]).await;
    assert!(
        ended.log("a")[0].contains("no git index"),
        "{:?}",
        ended.log("a")
    );
    assert_eq!(ended.jobs(), ["a success"]);
}

#[tokio::test(start_paused = true)]
async fn an_after_script_that_fails_is_told_and_changes_nothing() {
    let ended = Story::new([job("a", 0, "say script").after("exit 3")])
        .run()
        .await;
    assert_eq!(ended.jobs(), ["a success"]);
    let told = ended.events.iter().any(|event| {
        matches!(&event.kind, EventKind::AfterScriptFailed { message, .. } if message == "exit code 3")
    });
    assert!(told, "{:?}", ended.events);
}
