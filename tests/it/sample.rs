//! The samples have the pipelines that their `.gitlab-ci.yml` promise, ref by ref.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::env::TestEnv;
use crate::result;

/// A name, the arguments that choose the ref, and its jobs as `name` or `name:when`, in order.
type Row = (
    &'static str,
    &'static [&'static str],
    &'static [&'static str],
);

const ROWS: [Row; 10] = [
    ("issue", &[], &["build", "test1", "test2"]),
    (
        "develop",
        &["--branch", "develop"],
        &["build", "test1", "test2"],
    ),
    (
        "release",
        &["--branch", "release-1.0"],
        &["build", "test1", "test2", "staging"],
    ),
    (
        "master",
        &["--branch", "master"],
        &["build", "test1", "test2", "production:manual"],
    ),
    ("version", &["--tag", "v1.0"], &["build", "publish"]),
    (
        "tag like a release",
        &["--tag", "release-1.0"],
        &["build", "publish"],
    ),
    (
        "merge request into develop",
        &["--merge-request", "--target-branch", "develop"],
        &["build", "test1", "test2"],
    ),
    (
        "merge request into master",
        &["--merge-request", "--target-branch", "master"],
        &["build"],
    ),
    ("other branch", &["--branch", "docs"], &[]),
    (
        "schedule",
        &["--branch", "master", "--source", "schedule"],
        &[],
    ),
];

#[test]
fn each_ref_has_its_jobs() {
    let env = checkout();
    for (name, arguments, expected) in ROWS {
        let list = list(&env, arguments);
        assert_eq!(list["valid"], true, "{name}: {list:#}");
        let jobs: Vec<String> = (list["jobs"].as_array().into_iter().flatten())
            .map(job)
            .collect();
        // An empty pipeline is none at all.
        assert_eq!(list["pipeline"]["created"], !expected.is_empty(), "{name}");
        assert_eq!(jobs, expected, "{name}");
    }
}

#[test]
fn rules_give_a_version_its_variables() {
    let env = checkout();
    for (tag, latest) in [("v1.0", "yes"), ("v1.1-rc1", "no")] {
        let list = list(&env, &["--tag", tag]);
        let jobs = list["jobs"].as_array().expect("a list");
        let publish = jobs.iter().find(|job| job["name"] == "publish");
        let variables = &publish.expect("a tag is published")["variables"];
        assert_eq!(variables["LATEST"], latest, "{tag}: {variables}");
    }
}

/// The unit tests of the sample are real: the pipeline passes, and fails once the service answers
/// with the wrong page.
#[test]
fn a_broken_service_fails_its_pipeline_in_docker() {
    let env = checkout();
    assert_eq!(statuses(&env), (0, row("success", "success", "success")));

    let service = env.project().join("autocv/service.py");
    let text = fs::read_to_string(&service).expect("the service");
    let broken = text.replace("b\"ok\\n\"", "b\"no\\n\"");
    assert_ne!(broken, text, "the service answers");
    fs::write(&service, broken).expect("the service can be edited");
    assert_eq!(statuses(&env), (1, row("success", "failed", "success")));
}

/// The first sample needs no image: the sandbox runs it, and a link that leads nowhere fails it.
#[test]
#[cfg(target_os = "linux")]
fn a_link_that_leads_nowhere_fails_the_first_sample() {
    let env = checkout_of("pages");
    let no_docker = &["--executor", "sandbox"];
    assert_eq!(
        statuses_of(&env, no_docker),
        (0, row("success", "success", "success"))
    );
    let note = env.project().join("notes/tea.txt");
    fs::write(&note, "Tea\n-> coffee\n").expect("the note can be edited");
    assert_eq!(
        statuses_of(&env, no_docker),
        (1, row("success", "failed", "success"))
    );
}

fn row(build: &str, test1: &str, test2: &str) -> Vec<String> {
    [("build", build), ("test1", test1), ("test2", test2)]
        .map(|(job, status)| format!("{job} {status}"))
        .to_vec()
}

/// The exit code of a run in containers, and each job with its status.
fn statuses(env: &TestEnv) -> (i32, Vec<String>) {
    statuses_of(env, &["--executor", "docker"])
}

fn statuses_of(env: &TestEnv, arguments: &[&str]) -> (i32, Vec<String>) {
    let output = env.output(&[&["run", "--format", "json"], arguments].concat());
    let text = String::from_utf8_lossy(&output.stdout);
    let last: Value = text
        .lines()
        .last()
        .and_then(|line| serde_json::from_str(line).ok())
        .unwrap_or_else(|| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    (output.status.code().unwrap_or(-1), result::jobs(&last))
}

fn job(job: &Value) -> String {
    let word = |key: &str| job[key].as_str().unwrap_or_default().to_owned();
    match word("when").as_str() {
        "on_success" => word("name"),
        when => format!("{}:{when}", word("name")),
    }
}

fn list(env: &TestEnv, arguments: &[&str]) -> Value {
    let command = ["list", "--format", "json"];
    let output = env.output(&[&command, arguments].concat());
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
        panic!(
            "{arguments:?}: {error}\n{}",
            String::from_utf8_lossy(&output.stderr)
        )
    })
}

/// A checkout of the sample in images on the branch `issue-12`.
fn checkout() -> TestEnv {
    checkout_of("autocv")
}

fn checkout_of(name: &str) -> TestEnv {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/samples");
    let env = TestEnv::copied(&samples.join(name));
    for arguments in [
        "checkout -q -b issue-12",
        "branch -q -D main",
        "remote add origin git@gitlab.autocv.example:autocv/autocv.git",
        "update-ref refs/remotes/origin/master HEAD",
        "update-ref refs/remotes/origin/develop HEAD",
        "symbolic-ref refs/remotes/origin/HEAD refs/remotes/origin/master",
    ] {
        env.git(&arguments.split(' ').collect::<Vec<_>>());
    }
    env
}
