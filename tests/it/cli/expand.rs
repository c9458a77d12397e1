//! `pipe expand`: one file of many.

use super::Project;
use crate::golden::golden;

fn project() -> Project {
    let project = Project::empty();
    project.write(
        ".gitlab-ci.yml",
        "\
include:
  - local: ci/base.yml
    inputs: {level: high}

stages: [build, test]
variables: {TARGET: staging}
default:
  image: ruby:3.1
  tags: [docker]
before_script: [make prepare]

build:
  stage: build
  script: !reference [.setup, script]

test:
  extends: .test
  image: ruby:3.3
  inherit: {default: [before_script]}
  parallel: {matrix: [{DB: [pg, \"1:30\"]}]}
  script:
    - !reference [.setup, script]
    - |
      echo \"a: b\"
      rspec
",
    );
    project.write(
        "ci/base.yml",
        "\
spec:
  inputs:
    level:
---
.setup:
  script:
    - make setup LEVEL=$[[ inputs.level ]]
.test:
  stage: test
  variables: {TARGET: local, EMPTY: \"\", MODE: \"yes\"}
  rules:
    - if: $CI_COMMIT_BRANCH
      when: on_success
",
    );
    project.commit();
    project
}

#[test]
fn files_templates_and_defaults_are_put_in() {
    let project = project();
    golden!("expand", &project.pipe(&["expand"]));
    golden!(
        "expand_job",
        &project.pipe(&["expand", "--job", "test: [pg]", "--origins"]),
    );
    golden!(
        "expand_unknown",
        &project.pipe(&["expand", "--job", "tset"]),
    );
}

#[test]
fn what_is_expanded_is_the_same_pipeline() {
    let project = project();
    let before = project.pipe(&["list", "--format", "json"]);
    let expanded = project.pipe(&["expand"]);
    let text = expanded
        .split_once("--- stdout\n")
        .expect("it is printed")
        .1;
    let text = text.rsplit_once("--- exit 0").expect("it is valid").0;
    project.write(".gitlab-ci.yml", text);
    project.commit();
    let after = project.pipe(&["list", "--format", "json"]);
    assert_eq!(before, after);
    // Nothing is left to put in.
    assert_eq!(project.pipe(&["expand"]), expanded);
}

#[test]
fn an_invalid_configuration_is_not_expanded() {
    let project = Project::new("a: {script: x, extends: .b}\n");
    golden!("expand_invalid", &project.pipe(&["expand"]));
}
