//! `pipe list` for people.

use std::path::Path;

use super::Project;
use crate::golden::golden;
use crate::pty::Pty;

#[test]
fn the_sample_ref_by_ref() {
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/samples/autocv");
    let project = Project::copied(&sample);
    for arguments in [
        &[
            "remote",
            "add",
            "origin",
            "git@gitlab.autocv.example:autocv/autocv.git",
        ][..],
        &["update-ref", "refs/remotes/origin/master", "HEAD"],
        &[
            "symbolic-ref",
            "refs/remotes/origin/HEAD",
            "refs/remotes/origin/master",
        ],
    ] {
        project.git(arguments);
    }
    for (name, arguments) in [
        ("list_issue", &["--branch", "issue-12"][..]),
        ("list_release", &["--branch", "release-1.0"]),
        ("list_master", &["--branch", "master"]),
        ("list_tag", &["--tag", "v1.0"]),
        (
            "list_request",
            &["--merge-request", "--target-branch", "master"],
        ),
        (
            "list_schedule",
            &["--branch", "master", "--source", "schedule"],
        ),
    ] {
        golden!(name, &project.pipe(&[&["list"], arguments].concat()));
    }
}

#[test]
fn long_and_wide_names() {
    let project = Project::new(
        r#"
stages: [build, "a stage whose name goes on and on"]

日本語のビルド:
  stage: build
  script: make
  allow_failure:
    exit_codes: [3, 42]

"test: every combination of everything there is to test, on all systems":
  stage: build
  script: make test
  parallel:
    matrix:
      - SYSTEM: [debian, alpine]
        RUBY: ["3.1", "3.3"]

wait:
  stage: a stage whose name goes on and on
  script: make wait
  when: delayed
  start_in: 10 minutes
  tags: [fast, "$SPEED"]
  allow_failure: true

deploy 🚀:
  stage: a stage whose name goes on and on
  script: make deploy
  when: manual
  allow_failure: false
  needs: [日本語のビルド, {job: wait, optional: true}]
  environment: review/$CI_COMMIT_REF_SLUG

never:
  script: make
  stage: build
  rules:
    - if: $CI_COMMIT_TAG =~ /^v/
    - if: $CI_PIPELINE_SOURCE == "schedule"
"#,
    );
    golden!("list_wide", &project.pipe(&["list"]));
    golden!(
        "list_colors",
        &project
            .pipe(&["list", "--color", "always"])
            .replace('\u{1b}', "␛"),
    );
}

#[test]
fn a_push_with_given_changes_has_something_to_compare_with() {
    let zeros = "0".repeat(40);
    let project = Project::new(&format!(
        "j: {{script: x, rules: [{{if: '$CI_COMMIT_BEFORE_SHA != \"{zeros}\"', changes: [src/a]}}]}}\nz: {{script: x}}\n"
    ));
    let has_job = |arguments: &[&str]| project.pipe(arguments).contains("2 jobs");
    assert!(has_job(&["list", "--changed", "src/a"]), "a first commit");
    assert!(!has_job(&["list", "--changed", "src/b"]));
    assert!(!has_job(&["list"]), "a first push has nothing");
    project.commit();
    assert!(has_job(&["list", "--changed", "src/a"]), "a second commit");
}

#[test]
fn edits_are_looked_for_where_patterns_lead() {
    let patterns: Vec<String> = (0..50).map(|n| format!("src/{n}/*")).collect();
    let project = Project::new(&format!(
        "j: {{script: x, rules: [{{changes: [{}]}}]}}\nz: {{script: x}}\n",
        patterns.join(", ")
    ));
    project.git(&["update-ref", "refs/remotes/origin/main", "HEAD"]);
    project.commit();
    // Of so many paths GitLab says without a look that they match.
    for n in 0..1001 {
        project.write(&format!("docs/{n}"), "");
    }
    let has_job = |arguments: &[&str]| project.pipe(arguments).contains("2 jobs");
    assert!(!has_job(&["list"]), "nothing leads to `docs`");
    project.write("src/1/a", "");
    assert!(has_job(&["list"]), "an untracked file");
    std::fs::remove_dir_all(project.root().join("src")).expect("a folder");
    project.git(&["add", "."]);
    assert!(!has_job(&["list"]), "nothing is committed");
    project.commit();
    assert!(has_job(&["list"]), "commits count everywhere");
}

#[test]
fn changes_that_nobody_knows_are_told_once() {
    let project = Project::new(
        "a: {script: x, rules: [{changes: [src/a]}]}\nb: {script: x, rules: [{changes: [src/b]}]}\nc: {script: x, only: {changes: [src/c]}}\n",
    );
    golden!("changes_unknown", &project.pipe(&["list"]));
    golden!("changes_of_a_tag", &project.pipe(&["list", "--tag", "v1"]));
    golden!(
        "changes_of_a_schedule",
        &project.pipe(&["list", "--source", "schedule"]),
    );
    let given = project.pipe(&["list", "--changed", "src/a"]);
    assert!(!given.contains("changes-unknown"), "{given}");
    let run = project.pipe(&["run", "--executor", "shell", "--format", "plain", "b"]);
    assert_eq!(run.matches("changes-unknown").count(), 1, "{run}");
}

/// A pipeline with large matrices, long names and descriptions.
const WIDE: &str = r#"
stages: [build, "a rather long stage"]
variables:
  TARGET: {value: staging, description: "where to deploy", options: [staging, production]}
  NOTE: {description: "said in the chat\nand more"}
lal:
  stage: build
  script: x
  rules: [{if: $NEVER}]
  parallel: &matrix
    matrix: [{A: [one, two, three, four, five], B: ["1", "2", "3", "4", "5"]}]
# @Description Builds all there is
lel: {stage: build, script: x, parallel: *matrix}
"a name of a job that goes on and on and on and on":
  stage: a rather long stage
  needs: [lel]
  script: x
some:
  stage: a rather long stage
  needs: [{job: gone, optional: true}, {job: lel, parallel: {matrix: [{A: [one], B: ["1", "2"]}]}}]
  script: x
gone:
  stage: build
  script: x
  rules: [{if: '$CI_COMMIT_BRANCH == "main" && $CI_PIPELINE_SOURCE == "push"', when: never}]
"#;

#[test]
fn a_wide_pipeline_on_a_narrow_terminal() {
    let project = Project::new(WIDE);
    golden!("list_wide_pipe", &project.pipe(&["list"]));
    let sha = regex::Regex::new(r"\b[0-9a-f]{8}\b").expect("the pattern is right");
    for (name, columns) in [("list_wide_80", 80), ("list_wide_50", 50)] {
        let mut session = Pty::new(columns, 90)
            .cwd(project.root())
            .env("HOME", &project.home().display().to_string())
            .spawn(env!("CARGO_BIN_EXE_pipe"), &["list"]);
        assert_eq!(session.wait(), 0);
        let screen = session.screen();
        golden!(name, &sha.replace(&screen, "[sha8..]"));
    }
}
