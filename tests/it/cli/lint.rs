//! `pipe lint`: formats, doubts, children.

use super::Project;
use crate::golden::golden;

/// A mistake, a warning, and a file with a name that has a meaning in XML and URIs.
fn broken() -> Project {
    let project = Project::empty();
    project.write(
        ".gitlab-ci.yml",
        "include: 'ci/a & b.yml'\n\ntest:\n  extends: .base\n  script: [make]\n  script: [make test]\n  rules:\n    - if: $X = \"1\"\n",
    );
    project.write("ci/a & b.yml", ".base:\n  imgae: \"<ruby>\"\n");
    project.commit();
    project
}

fn pretty(shown: &str) -> String {
    let line = shown.lines().find(|line| line.starts_with(['{', '[']));
    let json: serde_json::Value =
        serde_json::from_str(line.expect("a document")).expect("it is JSON");
    serde_json::to_string_pretty(&json).expect("it is JSON")
}

#[test]
fn each_format_has_all_findings() {
    let project = broken();
    for (name, format) in [
        ("lint_full", "full"),
        ("lint_concise", "concise"),
        ("lint_junit", "junit"),
    ] {
        golden!(name, &project.pipe(&["lint", "--format", format]));
    }
    for (name, format) in [
        ("lint_json", "json"),
        ("lint_codequality", "codequality"),
        ("lint_sarif", "sarif"),
    ] {
        let shown = project.pipe(&["lint", "--format", format]);
        assert!(shown.ends_with("--- exit 3\n"), "{shown}");
        golden!(name, &pretty(&shown));
    }
}

#[test]
fn where_nothing_is_wrong_each_format_says_so() {
    let project = Project::new("a: {script: x}\n");
    golden!(
        "lint_junit_valid",
        &project.pipe(&["lint", "--format", "junit"]),
    );
    let quality = project.pipe(&["lint", "--format", "codequality"]);
    assert!(quality.contains("--- stdout\n[]\n--- exit 0"), "{quality}");
    let sarif = project.pipe(&["lint", "--format", "sarif"]);
    assert!(sarif.contains("\"results\":[]"), "{sarif}");
}

#[test]
fn warnings_can_be_denied() {
    let project = Project::new("a: {script: x, script: y}\n");
    let shown = project.pipe(&["lint"]);
    assert!(shown.ends_with("--- exit 0\n"), "{shown}");
    golden!("lint_denied", &project.pipe(&["lint", "--deny-warnings"]));
    let junit = project.pipe(&["lint", "--deny-warnings", "--format", "junit"]);
    assert!(junit.contains("failures=\"1\""), "{junit}");
}

#[test]
fn undefined_variables_on_request() {
    let project = Project::new(
        "variables: {DEPLOY: \"no\"}\na:\n  script: x\n  variables: {OWN: \"1\"}\n  rules:\n    - if: $DEPLYO == \"yes\" && $CI_COMMIT_BRANCH && $OWN && $KEPT && $GIVEN\n",
    );
    project.write(".pipe/variables.yml", "KEPT: \"1\"\n");
    let shown = project.pipe(&["lint", "--var", "GIVEN=1"]);
    assert!(!shown.contains("variable-undefined"), "{shown}");
    golden!(
        "lint_undefined",
        &project.pipe(&["lint", "--undefined-variables", "--var", "GIVEN=1"]),
    );
}

/// What is meant is not told.
#[test]
fn nothing_is_doubted_that_can_be_meant() {
    let project = Project::new(
        r#"
variables:
  A: 1
  B: true
  C: "1:30"
  D: 8080
  E: !!str 1:30
  F: {value: "x", expand: no}
.never:
  rules: [{when: never}]
a:
  script: x
  rules:
    - if: $CI_COMMIT_BRANCH == "main"
    - if: $CI_COMMIT_TAG
    - if: $CI_PIPELINE_SOURCE == "merge_request_event"
    - if: $DEPLOY == "yes"
    - if: $CI_COMMIT_BRANCH =~ /^x/
      changes: [a]
    - if: $CI_COMMIT_BRANCH =~ /^x/
      changes: [b]
    - if: $CI_COMMIT_BRANCH =~ /^x/
b:
  script: x
  rules:
    - if: $CI_COMMIT_BRANCH
      when: never
    - when: on_success
c:
  script: x
  variables: {CI_COMMIT_TAG: x}
  rules:
    - if: $CI_COMMIT_TAG && $CI_COMMIT_BRANCH
"#,
    );
    let shown = project.pipe(&["lint", "-v"]);
    for code in ["rule-unreachable", "job-unreachable", "scalar-retyped"] {
        assert!(!shown.contains(code), "{shown}");
    }
}

#[test]
fn child_pipelines_of_files_are_looked_into() {
    let project = Project::new(
        "\
a:
  trigger: {include: ci/child.yml}
b:
  trigger: {include: [{local: ci/child.yml}]}
c:
  trigger: {include: [{local: ci/sound.yml}]}
d:
  trigger: {include: [{artifact: made.yml, job: e}]}
e:
  stage: build
  script: x
  artifacts: {paths: [made.yml]}
",
    );
    project.write(
        "ci/child.yml",
        "one: {script: x, imgae: y}\ntwo: {trigger: {include: ci/grandchild.yml}}\n",
    );
    project.write(
        "ci/sound.yml",
        "two: {trigger: {include: ci/grandchild.yml}}\n",
    );
    project.write("ci/grandchild.yml", "three: {script: x, stage: nowhere}\n");
    project.commit();
    golden!("lint_children", &project.pipe(&["lint"]));
}

#[test]
fn a_need_on_the_parent_of_a_child_is_no_doubt() {
    let project = Project::new(
        "\
build: {stage: build, script: x}
go:
  variables: {PARENT: $CI_PIPELINE_ID}
  trigger: {include: child.yml}
tagged:
  rules: [{if: $CI_COMMIT_TAG}]
  variables: {UP: $CI_PIPELINE_ID}
  trigger: {include: tagged.yml}
",
    );
    project.write(
        "child.yml",
        "\
met: {script: x, needs: [{pipeline: $PARENT, job: build}]}
starts: {script: x, needs: [{pipeline: $PARENT, job: go}]}
unknown: {script: x, needs: [{pipeline: $PARENT, job: none}]}
other: {script: x, needs: [{pipeline: $OTHER, job: build}]}
",
    );
    project.write(
        "tagged.yml",
        "met: {script: x, needs: [{pipeline: $UP, job: build}]}\n",
    );
    project.commit();
    let shown = project.pipe(&["lint"]);
    let doubted = shown
        .lines()
        .filter(|line| line.starts_with("warning[need-elsewhere]"));
    let jobs: Vec<&str> = doubted.filter_map(|line| line.split('`').nth(1)).collect();
    assert_eq!(jobs, ["starts", "unknown", "other"], "{shown}");
}
