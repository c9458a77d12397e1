//! Values of masked variables show nowhere: in no table, message, event or record.

use std::fs;
use std::path::Path;

use super::Project;

const SECRET: &str = "hunter2-hunter2";

const PIPELINE: &str = r#"
stages: [build, "deploy"]

build:
  stage: build
  image: registry.example/$TOKEN:1
  tags: ["runner-$TOKEN"]
  variables: {COPY: "x-hunter2-hunter2"}
  script: [echo fine]

staging:
  stage: deploy
  environment: staging/$TOKEN
  script: [echo fine]

left out:
  stage: deploy
  rules:
    - if: $TOKEN == "other"
  script: [echo fine]
"#;

fn project(pipeline: &str) -> Project {
    let project = Project::new(pipeline);
    let variables = format!("TOKEN: {{value: {SECRET}, masked: true}}\n");
    project.write(".pipe/variables.yml", &variables);
    project
}

/// Those in the folder itself: links lead to what all tests share, such as the images of sandboxes.
fn files_with_the_secret(folder: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).expect("the folder can be read") {
        let entry = entry.expect("the folder can be read");
        let (path, kind) = (entry.path(), entry.file_type().expect("a kind"));
        if kind.is_dir() {
            files_with_the_secret(&path, found);
        } else if kind.is_file() && fs::read(&path).is_ok_and(|bytes| holds(&bytes)) {
            found.push(path.display().to_string());
        }
    }
}

fn holds(bytes: &[u8]) -> bool {
    String::from_utf8_lossy(bytes).contains(SECRET)
}

#[test]
fn no_command_shows_a_masked_value() {
    let project = project(PIPELINE);
    // A socket that nobody listens on, so that it is the same with and without a daemon.
    let socket = format!("unix://{}/none.sock", project.home().display());
    let project = project.env("DOCKER_HOST", &socket);
    for arguments in [
        &["list"][..],
        &["list", "--format", "json"],
        &["lint"],
        &["doctor"],
        &["run", "--deploy=x"],
        &["run", "--executor", "shell", "--format", "plain", "-v"],
        &["run", "--executor", "shell", "--format", "json"],
        &["run", "--executor", "shell", "--deploy"],
        &["run", "--offline"],
        &["run", "left out"],
    ] {
        let output = project.command().args(arguments).output();
        let output = output.expect("pipe can be started");
        assert!(!output.stdout.is_empty() || !output.stderr.is_empty());
        let shown = project.shown(&arguments.join(" "), &output);
        assert!(!shown.contains(SECRET), "{shown}");
    }
    let mut found = Vec::new();
    files_with_the_secret(&project.home(), &mut found);
    assert_eq!(found, [""; 0], "the record keeps it");
}

#[test]
fn the_mark_stands_in_its_place() {
    let project = project(PIPELINE);
    for (arguments, shown) in [
        (&["list"][..], "environment staging/[MASKED]"),
        (&["list"], "tags runner-[MASKED]"),
        (&["list", "--format", "json"], r#""COPY":"x-[MASKED]""#),
        (
            &["run", "--executor", "shell", "--format", "plain"],
            "held: `staging` deploys to staging/[MASKED]; pipe run --job staging",
        ),
        (&["run", "--deploy=x"], "its environments: staging/[MASKED]"),
    ] {
        let text = project.pipe(arguments);
        assert!(text.contains(shown), "{shown}:\n{text}");
    }
}

#[test]
fn a_mistake_is_told_without_the_value() {
    let project =
        project("include: '$TOKEN/none.yml'\nbuild: {script: [x], stage: hunter2-hunter2}\n");
    for arguments in [
        &["lint"][..],
        &["lint", "--format", "concise"],
        &["lint", "--format", "json"],
        &["list"],
        &["list", "--format", "json"],
        &["run"],
    ] {
        let text = project.pipe(arguments);
        assert!(text.contains("[MASKED]"), "{text}");
        assert!(!text.contains(SECRET), "{text}");
    }
}
