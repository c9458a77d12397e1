//! `pipe list --refs`: jobs × kinds of ref.

use std::path::Path;

use super::Project;
use crate::golden::golden;

const PIPELINE: &str = r#"
stages: [build, test, deploy]
build: {stage: build, script: x}
test:
  stage: test
  script: x
  parallel:
    matrix: [{DB: [pg, sqlite]}]
  rules:
    - if: $CI_COMMIT_TAG && $DB == "sqlite"
      when: never
    - when: on_success
"deploy | it":
  stage: deploy
  script: x
  rules:
    - if: $CI_COMMIT_TAG
    - if: $CI_COMMIT_BRANCH =~ /^release-/
      when: manual
nightly:
  stage: test
  script: x
  rules:
    - if: $CI_PIPELINE_SOURCE == "schedule"
"#;

#[test]
fn jobs_by_kind_of_ref() {
    let project = Project::new(PIPELINE);
    golden!("refs_table", &project.pipe(&["list", "--refs"]));
    for (name, format) in [
        ("refs_json", "json"),
        ("refs_markdown", "markdown"),
        ("refs_csv", "csv"),
    ] {
        let shown = project.pipe(&["list", "--refs", "--format", format]);
        golden!(name, &shown.replace('\r', "␍"));
    }
}

#[test]
fn the_newest_branch_and_tag_stand_for_their_kind() {
    let project = Project::new(PIPELINE);
    for (branch, date) in [
        ("issue-7", "2026-03-01T00:00:00Z"),
        ("issue-12", "2026-04-01T00:00:00Z"),
        ("issue-3", "2026-02-01T00:00:00Z"),
        ("spike", "2026-02-01T00:00:00Z"),
    ] {
        project.git(&["checkout", "-q", "-b", branch, "main"]);
        let dated = [
            "commit",
            "-q",
            "--allow-empty",
            "-m",
            "work",
            "--date",
            date,
        ];
        let output = std::process::Command::new("git")
            .current_dir(project.root())
            .args(["-c", "user.name=a", "-c", "user.email=a@b"])
            .args(dated)
            .env("GIT_COMMITTER_DATE", date)
            .output()
            .expect("git can be started");
        assert!(output.status.success(), "{output:?}");
        project.git(&["tag", &format!("v-{branch}")]);
    }
    project.git(&["checkout", "-q", "main"]);
    let shown = project.pipe(&["list", "--refs"]);
    for expected in [
        "branch issue-12",
        "branch spike",
        "tag v-issue-12",
        "merge request of issue-12 into main",
    ] {
        assert!(shown.contains(expected), "{expected}\n{shown}");
    }
}

#[test]
fn a_kind_without_a_pipeline_says_why() {
    let project = Project::new(
        "workflow: {rules: [{if: $CI_COMMIT_TAG, when: never}, {when: always}]}\na: {script: x, needs: [{job: b}]}\nb: {script: x, rules: [{if: '$CI_PIPELINE_SOURCE == \"push\"'}]}\n",
    );
    golden!("refs_without", &project.pipe(&["list", "--refs"]));
}

#[test]
fn the_sample_by_kind_of_ref() {
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/samples/autocv");
    let project = Project::copied(&sample);
    golden!("refs_sample", &project.pipe(&["list", "--refs"]));
}

#[test]
fn a_list_as_markdown_and_csv() {
    let project = Project::new(PIPELINE);
    golden!(
        "list_markdown",
        &project.pipe(&["list", "--format", "markdown"]),
    );
    let csv = project.pipe(&["list", "--format", "csv", "--tag", "v1"]);
    golden!("list_csv", &csv.replace('\r', "␍"));
}
