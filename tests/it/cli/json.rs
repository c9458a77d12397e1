//! `pipe list --format json`: the form is a promise, field by field.

use super::Project;

const EVERYTHING: &str = r#"
workflow:
  name: for $CI_COMMIT_BRANCH
  rules:
    - if: $CI_COMMIT_BRANCH
      variables:
        FROM_WORKFLOW: "1"

stages: [build, test, deploy]

variables:
  LEVEL: low

default:
  image: ruby:3.1
  retry: 1
  interruptible: true

build:
  stage: build
  image:
    name: builder:2
    entrypoint: [""]
  script:
    - make
    - [make install]
  before_script: make prepare
  after_script: [make clean]
  artifacts:
    paths: [out]
    expire_in: 1 week
  cache:
    key: gems
    paths: [vendor]
  timeout: 1h 30m

test:
  stage: test
  needs: [{job: build, artifacts: false}]
  script: make test
  parallel:
    matrix:
      - RUBY: ["3.1", "3.3"]
  services: [postgres:16, null, {name: redis:7, alias: cache}]
  retry:
    max: 2
    when: [script_failure]
    exit_codes: [4]
  coverage: '/\d+%/'
  allow_failure:
    exit_codes: [42]

deploy:
  stage: deploy
  script: make deploy
  dependencies: [build]
  environment:
    name: review/$CI_COMMIT_REF_SLUG
    url: https://$CI_ENVIRONMENT_SLUG.example
  resource_group: deploy
  tags: [fast, $LEVEL]
  rules:
    - if: $LEVEL == "low"
      when: delayed
      start_in: 5 minutes
      variables:
        LEVEL: lower

other:
  stage: deploy
  trigger:
    include: child.yml
    strategy: depend

never:
  script: make never
  rules:
    - if: $CI_COMMIT_TAG
"#;

fn json(project: &Project, arguments: &[&str]) -> String {
    let output = project
        .command()
        .args(arguments)
        .output()
        .expect("pipe can be started");
    let value: serde_json::Value =
        serde_json::from_slice(&output.stdout).expect("one JSON document");
    let text = serde_json::to_string_pretty(&value).expect("it is JSON");
    let sha = value["ref"]["sha"].as_str().unwrap_or("-").to_owned();
    format!(
        "{}\nexit {:?}\n",
        text.replace(&sha, "[sha]"),
        output.status.code()
    )
}

#[test]
fn list_with_everything() {
    let project = Project::new(EVERYTHING);
    project.write("child.yml", "child:\n  script: make child\n");
    project.commit();
    insta::assert_snapshot!(
        "json_everything",
        json(&project, &["list", "--format", "json"])
    );
}

#[test]
fn list_of_what_is_not_valid() {
    let project = Project::new("build:\n  stage: biuld\n  script: make\n");
    insta::assert_snapshot!(
        "json_invalid",
        json(&project, &["list", "--format", "json"])
    );
    let same = project.pipe(&["list", "--format", "json"]);
    assert!(same.ends_with("--- exit 3\n"), "{same}");
}

#[test]
fn caches_by_reference_are_one_list() {
    let project = Project::new(
        ".c: {cache: {key: x, paths: [a]}}\n.d: {cache: [{key: y, paths: [b]}, {key: z, paths: [c]}]}\nb: {script: x, cache: [!reference [.c, cache], !reference [.d, cache]]}\n",
    );
    let shown = project.pipe(&["list", "--format", "json"]);
    let expected = r#""cache":[{"key":"x","paths":["a"]},{"key":"y","paths":["b"]},{"key":"z","paths":["c"]}]"#;
    assert!(shown.contains(expected), "{shown}");
}
