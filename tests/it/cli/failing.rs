//! Jobs that GitLab fails before their scripts, as the commands tell of them.

use serde_json::Value;

use super::Project;
use crate::golden::golden;

const ODD_BRANCH: &[&str] = &["--branch", "bug-fix!+1"];

/// The `run-finished` line of a run in the shell executor, and the exit code.
fn result(project: &Project, arguments: &[&str]) -> (Value, Option<i32>) {
    let run = ["run", "--executor", "shell", "--format", "json"];
    let mut command = project.command();
    let output = command.args([&run, arguments].concat()).output();
    let output = output.expect("pipe can be started");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let last = text.lines().last().unwrap_or_default();
    let last = serde_json::from_str(last).unwrap_or_else(|_| panic!("{output:?}"));
    (last, output.status.code())
}

/// `name status reason attempts` of each job.
fn jobs(result: &Value) -> Vec<String> {
    let jobs = result["jobs"].as_array().expect("jobs");
    let told = |job: &Value| {
        let reason = job["reason"].as_str().unwrap_or("-");
        let text = |key: &str| job[key].as_str().expect("a text").to_owned();
        format!(
            "{} {} {reason} {}",
            text("name"),
            text("status"),
            job["attempts"]
        )
    };
    jobs.iter().map(told).collect()
}

#[test]
fn an_environment_that_can_not_be_made() {
    let project = Project::new(
        r#"
build:
  stage: build
  script: "true"

review:
  stage: test
  script: "true"
  retry: 2
  environment:
    name: review/$CI_COMMIT_REF_NAME

later:
  stage: deploy
  script: "true"
"#,
    );
    golden!(
        "list_environment_invalid",
        &project.pipe(&[&["list"], ODD_BRANCH].concat()),
    );
    let (end, exit) = result(&project, ODD_BRANCH);
    assert_eq!(exit, Some(1));
    let expected = [
        "build success - 1",
        "review failed environment_creation_failure 0",
        "later skipped stage test failed 0",
    ];
    assert_eq!(jobs(&end), expected);
    assert_eq!(
        end["held"].as_array().map(Vec::len),
        Some(0),
        "it is not held"
    );

    let shown = project.pipe(
        &[
            &["run", "--executor", "shell", "--format", "plain"],
            ODD_BRANCH,
        ]
        .concat(),
    );
    let told = "review failed: the name of its environment is `review/bug-fix!+1` and holds `!`";
    assert!(shown.contains(told), "{shown}");
    assert!(!shown.contains("whole log"), "{shown}");

    // On a branch with a usual name it would deploy, and so is held.
    let (end, exit) = result(&project, &["--branch", "bug-fix"]);
    assert_eq!(exit, Some(0));
    assert_eq!(end["held"][0]["name"], "review");
}

#[test]
fn needs_on_another_pipeline() {
    let project = Project::new(
        r#"
build:
  stage: build
  script: "true"

deploy:
  stage: deploy
  script: "true"
  retry: 2
  needs:
    - build
    - project: my/other
      job: rel
      ref: master
      artifacts: true

checked:
  stage: deploy
  script: "true"
  needs:
    - pipeline: "123"
      job: o
      artifacts: false
"#,
    );
    golden!("list_need_elsewhere", &project.pipe(&["list"]));
    let (end, exit) = result(&project, &[]);
    assert_eq!(exit, Some(1));
    let expected = [
        "build success - 1",
        "deploy failed missing_dependency_failure 1",
        "checked success - 1",
    ];
    assert_eq!(jobs(&end), expected);
    assert_eq!(end["complete"], false);

    let (end, exit) = result(&project, &["deploy", "--no-needs"]);
    assert_eq!((exit, &end["complete"]), (Some(0), &Value::from(false)));
    assert_eq!(jobs(&end), ["deploy success - 1"]);

    let (end, exit) = result(&project, &["build", "checked"]);
    assert_eq!(exit, Some(0), "{end}");
}
