//! Commands on past runs: what is on record, and what they say of a record that is damaged.

mod artifacts;
mod clean;
mod logs;
mod retry;
mod runs;

use std::fs;
use std::path::PathBuf;

use regex::Regex;

use crate::cli::Project;
use crate::golden::golden;

/// Jobs that pass, fail, may fail, come again and never have their turn.
const PIPELINE: &str = r#"
stages: [build, test, late]
build:
  stage: build
  script: [echo building]
  artifacts: {paths: [out/]}
  before_script: [mkdir -p out/deep, echo one > out/a.txt, echo two > out/deep/b.txt]
unit:
  stage: test
  script:
    - if [ -e ~/tried ]; then echo second; else echo first; touch ~/tried; fi
    - "false"
  retry: 1
lint 1/2:
  stage: test
  script:
    - printf 'a\033[31mred\033[0m\033[2Jb\n'
    - exit 3
  allow_failure: true
late:
  stage: late
  script: [echo late]
"#;

/// A project on the shell executor.
fn project(pipeline: &str) -> Project {
    Project::new(pipeline).env("PIPE_EXECUTOR", "shell")
}

/// Such a project after one run.
fn after_a_run() -> Project {
    let project = project(PIPELINE);
    run(&project, &[]);
    project
}

fn run(project: &Project, arguments: &[&str]) {
    let output = project.command().arg("run").args(arguments).output();
    let output = output.expect("pipe can be started");
    let text = String::from_utf8_lossy(&output.stderr);
    let code = output.status.code();
    assert!(matches!(code, Some(0 | 1)), "{code:?}: {text}");
}

/// What `pipe` prints, without ids of runs and times.
fn told(project: &Project, arguments: &[&str]) -> String {
    let text = project.pipe(arguments);
    [
        (
            r"(\b\d{8}|\[sha8..\])-\d{6}-(\d{6})\b",
            "YYYYMMDD-hhmmss-$2",
        ),
        (r"\d+\.\ds\b", "0.0s"),
        (r"\d{4}-\d\d-\d\dT[\d:]+Z", "[at]"),
        (r#""duration":[\d.]+"#, r#""duration":0.0"#),
        (r"pipe/[a-z.A-Z-]*-\[sha8..\]", "pipe/[project]"),
    ]
    .iter()
    .fold(text, |text, (pattern, name)| {
        let pattern = Regex::new(pattern).expect("a pattern");
        pattern.replace_all(&text, *name).into_owned()
    })
}

/// The folders of the runs, the oldest first.
fn folders(project: &Project) -> Vec<PathBuf> {
    let state = project.home().join(".local/state/pipe");
    let projects = fs::read_dir(state).expect("the state is there");
    let runs = projects.filter_map(|project| fs::read_dir(project.ok()?.path().join("runs")).ok());
    let mut runs: Vec<_> = runs
        .flatten()
        .map(|run| run.expect("a run").path())
        .collect();
    runs.sort();
    runs
}

/// A golden file named after the case.
#[track_caller]
fn golden(name: &str, shown: &str) {
    golden!(name, shown);
}
