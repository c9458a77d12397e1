//! `pipe retry`.

use std::fs;

use super::{folders, golden, project, run, told};
use crate::cli::Project;

/// A pipeline whose second job passes once its sign is there.
const PIPELINE: &str = r#"
stages: [build, test]
build:
  stage: build
  script: [echo building, echo made > out.txt, echo "KEY=value" > out.env]
  artifacts: {paths: [out.txt], reports: {dotenv: out.env}}
test:
  stage: test
  script: [cat out.txt, echo "key is $KEY", echo "given $GIVEN", test -e ~/sign]
other:
  stage: test
  script: [echo other]
"#;

fn retry(project: &Project, arguments: &[&str]) -> String {
    told(
        project,
        &[&["retry", "--format", "plain"], arguments].concat(),
    )
}

#[test]
fn what_passed_is_kept_and_the_rest_runs_again() {
    let project = project(PIPELINE);
    golden("retry_nothing", &told(&project, &["retry"]));
    run(&project, &["--exclude", "other", "--var", "GIVEN=once"]);
    fs::write(project.home().join("sign"), "").expect("a sign");
    for round in 0..2 {
        let again = retry(&project, &[]);
        assert!(again.ends_with("--- exit 0\n"), "{round}: {again}");
        assert!(again.contains("build > Passed in run "), "{round}: {again}");
        assert!(!again.contains("> building"), "{round}: {again}");
        assert!(!again.contains("other"), "{round}: {again}");
        let runs_again = round == 0;
        for line in [
            "test  > made\n",
            "test  > key is value\n",
            "test  > given once\n",
        ] {
            assert_eq!(again.contains(line), runs_again, "{round}: {again}");
        }
        assert!(again.contains("goes on with run "), "{again}");
        // The archive is the new run's own.
        fs::remove_dir_all(folders(&project).remove(0)).expect("removed");
        let kept = told(&project, &["artifacts", "build"]);
        assert!(kept.contains("out.txt"), "{kept}");
    }
}

#[test]
fn what_has_changed_since_runs_again_and_that_is_said() {
    let project = project(PIPELINE);
    run(&project, &[]);
    let changed = PIPELINE.replace("echo building", "echo rebuilding");
    project.write(".gitlab-ci.yml", &changed.replace("other", "another"));
    let again = retry(&project, &[]);
    assert!(again.contains("build   > Runs again: "), "{again}");
    assert!(again.contains("> rebuilding\n"), "{again}");
    assert!(again.contains("since: new `another`"), "{again}");
    assert!(again.contains("since: gone `other`"), "{again}");
}

#[test]
fn another_executor_may_go_on_without_a_network() {
    let project = project("a: {image: 'pipe-none:1', script: [test -e ~/sign]}\n");
    run(&project, &["--executor", "shell"]);
    fs::write(project.home().join("sign"), "").expect("a sign");
    let elsewhere = retry(&project, &["--executor", "sandbox", "--offline"]);
    assert!(elsewhere.contains("`pipe-none:1`"), "{elsewhere}");
    assert!(elsewhere.ends_with("--- exit 4\n"), "{elsewhere}");
    let here = retry(&project, &[]);
    assert!(here.ends_with("--- exit 0\n"), "{here}");
}

#[test]
fn a_secret_value_is_asked_for_again() {
    let project = project("a: {script: ['test \"$TOKEN\" = another-secret']}\n");
    project.write(
        ".pipe/variables.yml",
        "TOKEN: {value: a-long-secret, masked: true}\n",
    );
    run(&project, &["--var", "TOKEN=another-secret"]);
    golden("retry_secret", &told(&project, &["retry"]));
    let again = retry(&project, &["--var", "TOKEN=another-secret"]);
    assert!(again.ends_with("--- exit 0\n"), "{again}");
}

/// What a job reported and a record does not keep can't be taken over, nor what is not there any more.
#[test]
fn a_job_of_which_the_record_lacks_something_runs_again_and_says_why() {
    let project = project(
        "a: {script: ['echo \"KEY=$TOKEN\" > out.env'], artifacts: {reports: {dotenv: out.env}}}\n\
         b: {script: [echo made > out.txt], artifacts: {paths: [out.txt]}}\n",
    );
    project.write(
        ".pipe/variables.yml",
        "TOKEN: {value: a-long-secret, masked: true}\n",
    );
    run(&project, &[]);
    let kept = folders(&project).remove(0).join("artifacts");
    fs::remove_dir_all(kept).expect("removed");
    let again = retry(&project, &[]);
    let secret = "a > Runs again: the value of `KEY` in its dotenv report was secret in run ";
    assert!(again.contains(secret), "{again}");
    assert!(
        again.contains("b > Runs again: what it kept in run "),
        "{again}"
    );
    assert!(again.ends_with("--- exit 0\n"), "{again}");
}

#[test]
fn a_request_that_is_damaged_is_told() {
    let project = project(PIPELINE);
    run(&project, &["build"]);
    let request = folders(&project).remove(0).join("request.json");
    fs::write(request, "{").expect("written");
    golden("retry_damaged", &told(&project, &["retry"]));
}
