//! Reports of files: what is kept of them, what is told of tests.

use std::path::Path;

use super::ended::Ended;
use super::story::{Job, Story, job};
use crate::run::{EarlierSuccess, ReportFiles};
use crate::types::KeepWhen;

/// What a file of the pretended executor holds is its own name.
const TESTS: &str = "<testsuite><testcase name='adds'/><testcase name='divides' classname='Sum'><failure/></testcase></testsuite>";

fn reporting(name: &str, script: &str, reports: &[(&str, &str)]) -> Job {
    job(name, 0, script).with(|job| {
        job.reports = (reports.iter())
            .map(|(kind, path)| ReportFiles {
                kind: (*kind).to_owned(),
                paths: vec![(*path).into()],
            })
            .collect();
    })
}

/// A run whose artifacts go to `folder`.
async fn run(folder: &Path, jobs: impl IntoIterator<Item = Job>) -> Ended {
    let place = folder.to_owned();
    let story = Story::new(jobs).with(|spec| {
        spec.settings.artifacts =
            Box::new(move |_, job, attempt| place.join(format!("{job}.{attempt}.tar")));
    });
    story.run().await
}

/// `type of file` for each report of the first result.
fn kept(ended: &Ended) -> Vec<String> {
    let reports = ended.results[0].reports.iter();
    reports
        .map(|report| {
            let name = report.file.file_name().expect("a name");
            assert!(report.file.is_file(), "{name:?}");
            format!("{} in {}", report.kind, name.display())
        })
        .collect()
}

fn files_in(folder: &Path) -> Vec<String> {
    let entries = folder.read_dir().expect("a folder");
    entries
        .map(|entry| entry.expect("an entry").file_name().display().to_string())
        .collect()
}

#[tokio::test(start_paused = true)]
async fn reports_are_kept_whatever_the_result() {
    for (script, status) in [("", "success"), ("exit 1", "failed: script_failure")] {
        let folder = tempfile::tempdir().expect("a folder");
        let reports = [("junit", TESTS), ("cobertura", "c.xml"), ("sast", "none")];
        let job = reporting("a", script, &reports).keeping("out", KeepWhen::OnFailure);
        let ended = run(folder.path(), [job]).await;
        assert_eq!(ended.jobs(), [format!("a {status}")]);
        let files = ["junit in a.1.junit.tar", "cobertura in a.1.cobertura.tar"];
        assert_eq!(kept(&ended), files);
        assert!(!folder.path().join("a.1.sast.tar").exists());
        let log = ended.log("a");
        assert!(log.contains(&"c.xml: found 1 matching artifact files and directories"));
        assert_eq!(log.last(), Some(&"ERROR: No files to upload"));
        assert_eq!(ended.results[0].artifacts.is_some(), status != "success");
    }
}

#[tokio::test(start_paused = true)]
async fn tests_of_a_junit_report_are_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let job = reporting("a", "", &[("junit", TESTS)]).with(|job| {
        job.secrets = vec!["divides".to_owned()];
    });
    let ended = run(folder.path(), [job]).await;
    let told = ended.told();
    let at = |line: &str| told.iter().position(|told| told == line);
    let tests = at("a has 2 tests, failed: [MASKED] (Sum)").expect("told");
    assert!(at("a.1 success").expect("the end") > tests, "{told:?}");
    let summary = ended.job("a").tests.as_ref().expect("tests");
    assert_eq!((summary.total, summary.failed), (2, 1));
    assert_eq!(ended.results[0].tests.as_ref(), Some(summary));
}

#[tokio::test(start_paused = true)]
async fn a_junit_report_that_makes_no_sense_is_told_once_and_fails_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let ended = run(
        folder.path(),
        [reporting("a", "", &[("junit", "<testsuite>")])],
    )
    .await;
    assert_eq!(ended.jobs(), ["a success"]);
    assert_eq!(kept(&ended), ["junit in a.1.junit.tar"]);
    let told = ended.told();
    let notices = told.iter().filter(|line| line.starts_with("notice: "));
    assert_eq!(
        notices.collect::<Vec<_>>(),
        [
            "notice: the junit report of job `a` can't be read, so that no tests are shown, as on GitLab: `paths`: it ends in the middle"
        ]
    );
    assert_eq!(ended.job("a").tests, None);
}

#[tokio::test(start_paused = true)]
async fn what_pipe_alone_does_not_read_is_not_said_of_gitlab() {
    let folder = tempfile::tempdir().expect("a folder");
    let deep = "<testsuite>".repeat(300);
    let ended = run(folder.path(), [reporting("a", "", &[("junit", &deep)])]).await;
    assert_eq!(ended.jobs(), ["a success"]);
    let told = ended.told();
    assert!(told.contains(&"notice: the junit report of job `a` can't be read, so that no tests are shown: `paths`: more than 200 elements lie in each other".to_owned()), "{told:?}");
}

#[tokio::test(start_paused = true)]
async fn reports_are_what_the_runner_sends() {
    for (kind, path, refused) in [
        ("junit", "two", None),
        ("junit", "folder", Some("`folder` is no regular file")),
        ("junit", "link file", Some("`link` is no regular file")),
        ("dotenv", "folder", Some("`folder` is no regular file")),
        ("codequality", "file", None),
        (
            "terraform",
            "two",
            Some("only one file can be sent as it is, and `another` is another"),
        ),
        ("sast", "folder", Some("`folder` is a folder")),
        ("codequality", "link file", None),
        ("codequality", "link ./d/../file", None),
        ("codequality", "link link file", None),
        ("codequality", "link folder", Some("`folder` is a folder")),
        ("codequality", "link none", Some("`link` leads to no file")),
        (
            "codequality",
            "link ../file",
            Some("`link` leads out of the project directory"),
        ),
        (
            "codequality",
            "link link link link link link link link link",
            Some("its links lead on and on"),
        ),
        ("lsif", "folder", None),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let job = if kind == "dotenv" {
            job("a", 0, "").with(|job| job.dotenv = vec![path.into()])
        } else {
            reporting("a", "", &[(kind, path)])
        };
        let ended = run(folder.path(), [job]).await;
        let Some(why) = refused else {
            assert_eq!(ended.jobs(), ["a success"], "{kind} {path}");
            assert_eq!(
                kept(&ended),
                [format!("{kind} in a.1.{kind}.tar")],
                "{path}"
            );
            continue;
        };
        assert_eq!(ended.jobs(), ["a failed: script_failure"], "{kind} {path}");
        assert_eq!(ended.job("a").exit_code, Some(1), "{kind} {path}");
        assert_eq!(kept(&ended), [""; 0], "{kind} {path}");
        let log = ended.log("a");
        let error = log.iter().find(|line| line.starts_with("ERROR: "));
        let error = error.unwrap_or_else(|| panic!("{kind} {path}: {log:?}"));
        assert!(error.contains("report is refused, as "), "{error}");
        assert!(error.ends_with(&format!(": {why}")), "{error}");
        assert_eq!(files_in(folder.path()), [""; 0], "{kind} {path}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_report_that_cannot_be_read_does_not_stay() {
    let folder = tempfile::tempdir().expect("a folder");
    let ended = run(folder.path(), [reporting("a", "", &[("junit", "broken")])]).await;
    assert_eq!(ended.jobs(), ["a failed: runner_system_failure"]);
    assert_eq!(kept(&ended), [""; 0]);
    let log = ended.log("a");
    let error = log.last().expect("a line");
    assert!(
        error.starts_with(
            "ERROR: the junit report was not kept: the report's archive can't be read: "
        ),
        "{error}"
    );
    assert_eq!(files_in(folder.path()), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn reports_of_an_earlier_success_count_again() {
    let (old, new) = (tempfile::tempdir(), tempfile::tempdir());
    let (old, new) = (old.expect("a folder"), new.expect("a folder"));
    let reports = [("junit", TESTS)];
    let mut first = run(old.path(), [reporting("a", "", &reports)])
        .await
        .results;
    let first = first.remove(0);
    let again = reporting("a", "", &reports).with(|job| {
        job.earlier = Some(EarlierSuccess {
            run: "old".to_owned(),
            executor: first.executor,
            digest: first.digest.expect("a digest"),
            artifacts: None,
            dotenv: Vec::new(),
            reports: first.reports,
            tests: first.tests,
        });
    });
    let ended = run(new.path(), [again]).await;
    assert!(ended.asked.opened.is_empty());
    assert_eq!(kept(&ended), ["junit in a.1.junit.tar"]);
    assert!(ended.results[0].reports[0].file.starts_with(new.path()));
    assert!(
        ended
            .told()
            .contains(&"a has 2 tests, failed: divides (Sum)".to_owned())
    );
}
