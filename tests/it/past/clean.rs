//! `pipe clean`.

use std::fs;
use std::io::Read;
use std::process::Stdio;

use super::{folders, golden, project, run, told};
use crate::cli::Project;
use crate::engine::Engine;
use crate::env::TestEnv;

const PIPELINE: &str = "a:\n  script: [mkdir c, echo x > c/x]\n  cache: {key: k, paths: [c/]}\n";

/// Sizes are those of a file system.
fn shown(project: &Project, arguments: &[&str]) -> String {
    let text = told(project, arguments);
    let size = regex::Regex::new(r" *\d+\.\d kB *").expect("a pattern");
    size.replace_all(&text, " 0.0 kB ").into_owned()
}

#[test]
fn what_is_kept_is_listed_and_goes_only_when_it_is_named() {
    let project = project(PIPELINE);
    golden("clean_nothing", &shown(&project, &["clean"]));
    run(&project, &[]);
    run(&project, &[]);
    golden("clean", &shown(&project, &["clean"]));
    assert_eq!(folders(&project).len(), 2);
    golden("clean_caches", &shown(&project, &["clean", "caches"]));
    assert_eq!(folders(&project).len(), 2);
    golden(
        "clean_without_caches",
        &shown(&project, &["clean", "--here"]),
    );
    golden("clean_all", &shown(&project, &["clean", "--all"]));
    assert_eq!(folders(&project).len(), 0);
    golden("clean_unknown", &shown(&project, &["clean", "everything"]));
    run(&project, &[]);
    let newest = folders(&project).remove(0);
    assert!(newest.ends_with(newest.file_name().expect("a name")));
    assert!(
        newest.to_string_lossy().ends_with("-000003"),
        "ids count on"
    );
}

#[test]
fn a_run_that_lives_keeps_its_record_and_its_caches() {
    let project = project(
        "a: {script: [echo x > x], cache: {key: k, paths: [x]}}\nb: {needs: [a], script: [echo begun; sleep 60]}\n",
    );
    run(&project, &["a"]);
    let mut command = project.command();
    let command = command.args(["run", "--format", "plain"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
    let mut child = child.expect("pipe can be started");
    let mut told = String::new();
    let mut output = child.stdout.take().expect("its output");
    let mut part = [0; 4096];
    while !told.contains("> begun") {
        let read = output.read(&mut part).expect("its output");
        assert!(read > 0, "{told}");
        told += &String::from_utf8_lossy(&part[..read]);
    }
    let cleaned = shown(&project, &["clean", "--all"]);
    let left = folders(&project);
    let process = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(process, rustix::process::Signal::INT).expect("stopped");
    child.wait().expect("it ends");
    golden("clean_while_a_run_lives", &cleaned);
    assert!(
        matches!(&left[..], [run] if run.to_string_lossy().ends_with("-000002")),
        "{left:?}"
    );
    assert!(left[0].join("events.jsonl").exists());
    let caches = left[0].join("../../caches");
    assert!(fs::read_dir(caches).expect("caches").count() > 0);
    assert!(super::told(&project, &["runs"]).contains("canceled"));
}

#[test]
fn cleaning_needs_no_checkout() {
    let project = project(PIPELINE);
    run(&project, &[]);
    fs::remove_dir_all(project.root().join(".git")).expect("removed");
    let listed = shown(&project, &["clean"]);
    assert!(listed.contains("runs"), "{listed}");
    assert!(shown(&project, &["clean", "--here"]).ends_with("--- exit 4\n"));
    assert!(shown(&project, &["clean", "runs"]).contains("removed 1 run\n"));
}

#[test]
fn layers_on_the_daemon_go_when_they_are_named_in_docker() {
    let env = TestEnv::new("a: {script: [ls]}\n");
    let told = |arguments: &[&str]| {
        let output = env.output(arguments);
        let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert!(output.status.success(), "{text}");
        text
    };
    told(&["run", "--executor", "docker"]);
    let kept = Engine::new().all_of(&env.owner()).len();
    assert!(kept > 0);
    let listed = told(&["clean"]);
    assert!(listed.contains(&format!("layers  {kept} ")), "{listed}");
    assert!(!told(&["clean", "runs"]).contains("layer"));
    assert_eq!(Engine::new().all_of(&env.owner()).len(), kept);
    assert!(told(&["clean", "layers"]).contains(&format!("removed {kept} layer")));
    assert_eq!(Engine::new().all_of(&env.owner()), [""; 0]);
    assert!(!told(&["clean"]).contains("layers"));
}

#[test]
fn a_daemon_that_can_not_be_asked_keeps_nothing_else_in_docker() {
    let env = TestEnv::new("a: {script: [ls]}\n");
    assert!(
        env.output(&["run", "--executor", "docker"])
            .status
            .success()
    );
    env.user_settings("docker.security_opt = ['seccomp=/no/such.json']\n");
    let output = env.output(&["clean", "runs"]);
    let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(
        text.contains("can't look for what killed runs left: "),
        "{text}"
    );
    assert!(text.contains("removed 1 run\n"), "{text}");
    assert!(output.status.success(), "{text}");
}
