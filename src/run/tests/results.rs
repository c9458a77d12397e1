//! What a record is given of each attempt.

use std::collections::BTreeSet;
use std::ffi::OsString;

use crate::event::{KeptArtifacts, KeptReport, ReportedVariable};
use crate::types::KeepWhen;
use crate::types::{Retry, Status};

use crate::run::EarlierSuccess;

use super::story::{Story, job};

#[tokio::test(start_paused = true)]
async fn every_attempt_has_a_result() {
    let again = job("again", 0, "exit 3").with(|job| {
        job.scripts.push(String::new());
        job.sched.retry = Retry {
            max: Some(1),
            ..Retry::default()
        };
    });
    let ended = Story::new([again, job("never", 1, "")])
        .with(|spec| spec.pipeline.first_job_id = 41)
        .run()
        .await;
    let told: Vec<_> = (ended.results.iter())
        .map(|it| {
            (
                it.job.as_str(),
                it.attempt,
                it.job_id,
                it.status,
                it.exit_code,
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("again", 1, 41, Status::Failed, Some(3)),
            ("again", 2, 42, Status::Success, Some(0)),
            ("never", 1, 43, Status::Success, Some(0)),
        ]
    );
    let failed = &ended.results[0];
    assert_eq!(failed.reason.as_deref(), Some("script_failure"));
    assert_eq!(failed.message.as_deref(), Some("exit code 3"));
    assert!(failed.started <= failed.finished && failed.finished.is_some());
}

#[tokio::test(start_paused = true)]
async fn a_job_that_did_not_begin_has_no_result() {
    let ended = Story::new([job("first", 0, "exit 1"), job("then", 1, "")])
        .run()
        .await;
    let jobs: Vec<_> = ended.results.iter().map(|it| it.job.as_str()).collect();
    assert_eq!(jobs, ["first"]);
}

#[tokio::test(start_paused = true)]
async fn a_result_says_what_was_kept_and_what_it_depended_on() {
    let run = async |script: &str, path: &str| {
        let taker = job("take", 1, "").with(|job| job.artifacts_from = vec![0]);
        let maker = job("make", 0, script).keeping(path, KeepWhen::OnSuccess);
        Story::new([maker, taker]).run().await.results
    };
    let [make, take] = &run("", "out").await[..] else {
        panic!("two results");
    };
    let kept = KeptArtifacts {
        file: "/artifacts/make.1.tar".into(),
        digest: Some("out".to_owned()),
    };
    assert_eq!(make.artifacts, Some(kept));
    assert_eq!(take.artifacts, None);
    assert!(make.digest.is_some() && take.digest.is_some());
    for (row, script, path, same_make, same_take) in [
        ("again", "", "out", true, true),
        ("other script", "sleep 1", "out", false, true),
        ("other artifacts", "", "other", true, false),
    ] {
        let results = run(script, path).await;
        assert_eq!(results[0].digest == make.digest, same_make, "{row}");
        assert_eq!(results[1].digest == take.digest, same_take, "{row}");
    }
}

#[tokio::test(start_paused = true)]
async fn secret_values_of_a_dotenv_report_are_not_handed_on() {
    for (row, of_job, of_run, value) in [
        ("a secret of the job", "hidden", "", None),
        ("a secret of the run", "", "hidden", None),
        ("no secret", "", "", Some("hidden")),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let place = folder.path().to_owned();
        let reporting = job("report", 0, "").with(|job| {
            job.dotenv = vec!["A=hidden".to_owned()];
            job.secrets = vec![of_job.to_owned()];
        });
        let ended = Story::new([reporting])
            .with(|spec| {
                spec.pipeline.secrets = vec![of_run.to_owned()];
                spec.settings.artifacts =
                    Box::new(move |_, job, _| place.join(format!("{job}.tar")));
            })
            .run()
            .await;
        assert_eq!(ended.results[0].dotenv, [reported("A", value)], "{row}");
    }
}

fn reported(name: &str, value: Option<&str>) -> ReportedVariable {
    ReportedVariable {
        name: name.to_owned(),
        value: value.map(str::to_owned),
    }
}

#[tokio::test(start_paused = true)]
async fn a_success_of_an_earlier_run_counts_where_the_job_would_do_the_same() {
    let first = Story::new([job("make", 0, "say made")]).run().await;
    assert_eq!(first.results[0].executor.as_deref(), Some("fake"));
    let digest = first.results[0].digest.as_deref().expect("a digest");
    let differs = "Runs again: its scripts, variables, image, files or what it receives are not those of run old";
    let elsewhere = "Runs again: run old had it on the executor `shell`, now it is on `fake`";
    let secret = "Runs again: the value of `KEY` in its dotenv report was secret in run old, and no record \
                  keeps such a value";
    for (row, script, executor, digest, value, told) in [
        (
            "same",
            "say made",
            Some("fake"),
            digest,
            Some("value"),
            None,
        ),
        (
            "same of an older record",
            "say made",
            None,
            digest,
            Some("value"),
            None,
        ),
        (
            "other",
            "say new",
            Some("fake"),
            digest,
            Some("value"),
            Some(differs),
        ),
        (
            "elsewhere",
            "say made",
            Some("shell"),
            "other",
            Some("value"),
            Some(elsewhere),
        ),
        (
            "a secret",
            "say made",
            Some("fake"),
            digest,
            None,
            Some(secret),
        ),
    ] {
        let again = job("make", 0, script).with(|job| {
            job.earlier = Some(EarlierSuccess {
                run: "old".to_owned(),
                executor: executor.map(str::to_owned),
                digest: digest.to_owned(),
                artifacts: None,
                dotenv: vec![reported("KEY", value)],
                reports: Vec::new(),
                tests: None,
            });
        });
        let take = job("take", 1, "").with(|job| job.artifacts_from = vec![0]);
        let ended = Story::new([again, take]).run().await;
        let [made, taken] = &ended.results[..] else {
            panic!("two results: {row}");
        };
        assert_eq!(made.status, Status::Success, "{row}");
        assert_eq!(taken.status, Status::Success, "{row}");
        let opened: Vec<&str> = (ended.asked.opened.iter())
            .map(|spec| spec.job.as_str())
            .collect();
        let reported: Vec<&str> = (made.dotenv.iter())
            .map(|variable| variable.name.as_str())
            .collect();
        let log = ended.log("make");
        let why = log.iter().find(|line| line.starts_with("Runs again"));
        assert_eq!(why.copied(), told, "{row}: {log:?}");
        if told.is_none() {
            assert_eq!((&opened[..], &reported[..]), (&["take"][..], &["KEY"][..]));
            assert_eq!(made.digest.as_deref(), Some(digest));
        } else {
            assert_eq!(
                (&opened[..], &reported[..]),
                (&["make", "take"][..], &[][..])
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_an_earlier_success_kept_counts_as_a_whole_or_not_at_all() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    for name in ["old.tar", "old.cobertura.tar"] {
        std::fs::write(at(name), name).expect("written");
    }
    let first = Story::new([job("make", 0, "say made")]).run().await;
    let report = |kind: &str| KeptReport {
        kind: kind.to_owned(),
        file: at(&format!("old.{kind}.tar")),
    };
    let again = job("make", 0, "say made").with(|job| {
        job.earlier = Some(EarlierSuccess {
            run: "old".to_owned(),
            executor: None,
            digest: first.results[0].digest.clone().expect("a digest"),
            artifacts: Some(KeptArtifacts {
                file: at("old.tar"),
                digest: None,
            }),
            dotenv: Vec::new(),
            reports: vec![report("cobertura"), report("sast")],
            tests: None,
        });
    });
    let place = folder.path().to_owned();
    let story = Story::new([again]).with(|spec| {
        spec.settings.artifacts =
            Box::new(move |_, job, attempt| place.join(format!("{job}.{attempt}.tar")));
    });
    let ended = story.run().await;
    let told = "Runs again: what it kept in run old can't be read: no such file or directory";
    assert!(ended.log("make").contains(&told), "{:?}", ended.log("make"));
    let left = std::fs::read_dir(folder.path()).expect("a folder");
    let left = left.map(|entry| entry.expect("an entry").file_name());
    let left: BTreeSet<_> = left.collect();
    assert_eq!(
        left,
        ["old.tar", "old.cobertura.tar"].map(OsString::from).into()
    );
}
