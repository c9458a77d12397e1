//! `pipe explain`: jobs and codes.

use super::Project;
use crate::golden::golden;

/// Rules of every kind, variables of every level, a job from an included template.
fn project() -> Project {
    let project = Project::empty();
    project.write(
        ".gitlab-ci.yml",
        r#"include: ci/deploy.yml

stages: [build, test, deploy]

variables:
  TARGET: staging
  LEVEL: info
  GREETING: hello $TARGET

workflow:
  rules:
    - if: $CI_PIPELINE_SOURCE == "schedule"
      variables: {LEVEL: debug}
    - when: always

build:
  stage: build
  script: make

test:
  stage: test
  variables: {LEVEL: warn}
  script: make test
  rules:
    - if: $CI_COMMIT_TAG =~ /^v/ && $NEVER
    - exists: [docs/*.txt, "src/*.c"]
      if: $LEVEL == "warn"
      when: manual
      allow_failure: true
      variables: {TARGET: local}
    - when: on_success

docs:
  stage: test
  script: make docs
  rules:
    - changes: [docs/**/*]
      when: never
    - if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH
      exists: [no-such-file]

old:
  script: make old
  only:
    refs: [tags]
    variables: [$TARGET == "staging"]
  except: [schedules]

matrix:
  script: make
  parallel:
    matrix: [{RUBY: ["3.1", "3.3"]}]

never:
  script: make
  rules:
    - when: never

deploy:
  extends: .deploy
  script: ./deploy
"#,
    );
    project.write(
        "ci/deploy.yml",
        ".base:\n  stage: deploy\n\n.deploy:\n  extends: .base\n  rules:\n    - if: $CI_COMMIT_TAG\n",
    );
    project.write("src/a.c", "");
    project.commit();
    project
}

#[test]
fn jobs_rule_by_rule() {
    let project = project();
    for (name, arguments) in [
        ("explain_in", &["explain", "test"][..]),
        ("explain_left_out", &["explain", "deploy"]),
        (
            "explain_elsewhere_in",
            &["explain", "deploy", "--tag", "v1"],
        ),
        ("explain_changes", &["explain", "docs"]),
        (
            "explain_changed",
            &["explain", "docs", "--changed", "docs/a/b"],
        ),
        ("explain_policies", &["explain", "old"]),
        ("explain_instance", &["explain", "matrix"]),
        ("explain_never", &["explain", "never"]),
        (
            "explain_schedule",
            &[
                "explain", "build", "--source", "schedule", "--var", "TARGET=x",
            ],
        ),
    ] {
        golden!(name, &project.pipe(arguments));
    }
}

#[test]
fn variables_of_every_level() {
    let project = project();
    project.write(
        ".pipe/variables.yml",
        "TARGET: kept\nTOKEN: {value: \"s3cr3t-s3cr3t\", masked: true}\n",
    );
    golden!("explain_settings", &project.pipe(&["explain", "test"]));
    let all = project.pipe(&["explain", "test", "--variables"]);
    assert!(all.contains("CI_COMMIT_BRANCH"), "{all}");
    assert!(!all.contains("s3cr3t"), "{all}");
}

#[test]
fn json_has_the_same() {
    let project = project();
    let shown = project.pipe(&["explain", "test", "--format", "json"]);
    let json = shown.lines().find(|line| line.starts_with('{'));
    let json: serde_json::Value =
        serde_json::from_str(json.expect("a document")).expect("it is JSON");
    let mut short = json.clone();
    short["variables"] = json["variables"]
        .as_array()
        .expect("a list")
        .iter()
        .filter(|one| one["from"] != "predefined")
        .cloned()
        .collect();
    let pretty = serde_json::to_string_pretty(&short).expect("it is JSON");
    golden!("explain_json", &pretty);
}

#[test]
fn what_a_code_means() {
    let project = project();
    golden!(
        "explain_code",
        &project.pipe(&["explain", "yaml-merge-overrides"]),
    );
    golden!(
        "explain_code_files",
        &project.pipe(&["explain", "input-invalid"]),
    );
    golden!(
        "explain_code_json",
        &project.pipe(&["explain", "run-unknown", "--format", "json"]),
    );
}

#[test]
fn a_code_is_explained_outside_of_any_checkout() {
    let project = project();
    let output = project
        .command()
        .current_dir(project.home())
        .args(["explain", "not-a-repository"])
        .output()
        .expect("pipe can be started");
    let shown = project.shown("", &output);
    assert!(shown.contains("error[not-a-repository]"), "{shown}");
    assert!(shown.contains("--- exit 0"), "{shown}");
}

#[test]
fn a_job_with_the_name_of_a_code_is_the_nearer_one() {
    let project = Project::new("yaml-syntax: {script: x}\n");
    let shown = project.pipe(&["explain", "yaml-syntax"]);
    assert!(shown.contains("yaml-syntax is in the pipeline"), "{shown}");
}

#[test]
fn what_is_neither_a_job_nor_a_code() {
    let project = project();
    golden!("explain_unknown", &project.pipe(&["explain", "deplyo"]));
    golden!(
        "explain_no_code",
        &project.pipe(&["explain", "yaml-sintax"]),
    );
    let broken = Project::new("a: {script: x, stage: nowhere}\n");
    golden!("explain_invalid", &broken.pipe(&["explain", "a"]));
}
