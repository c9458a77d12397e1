//! What the variables about submodules do to whole jobs (runtime reference 11.3).

use serde_json::Value;

use crate::env::TestEnv;

const JOBS: &str = "
.job:
  variables: {GIT_SUBMODULE_STRATEGY: normal}
  retry: {max: 1, when: runner_system_failure}
  script: ['echo ran']
gone: {extends: .job, variables: {GIT_SUBMODULE_PATHS: 'README lib'}}
magic: {extends: .job, variables: {GIT_SUBMODULE_PATHS: ':(no)lib'}}
fine: {extends: .job, variables: {GIT_SUBMODULE_PATHS: README}}
unasked: {extends: .job, variables: {GIT_SUBMODULE_PATHS: lib, GIT_SUBMODULE_STRATEGY: none}}
bare: {extends: .job, variables: {GIT_SUBMODULE_PATHS: lib, GIT_CHECKOUT: 'false'}}
";

/// git ends with these codes where it finds no such path.
#[test]
fn paths_that_name_nothing_fail_their_job_alone() {
    let env = TestEnv::new(JOBS);
    env.write("README", "x\n");
    env.commit();
    let output = env.output(&["run", "--executor", "shell", "--format", "json"]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let events: Vec<Value> = (text.lines())
        .map(|line| serde_json::from_str(line).expect("an event"))
        .collect();
    let jobs = events.last().and_then(|last| last["jobs"].as_array());
    let jobs = jobs.unwrap_or_else(|| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    let ends: Vec<String> = jobs
        .iter()
        .map(|job| {
            let word = |key: &str| job[key].as_str().unwrap_or_default();
            let (code, attempts) = (&job["exit_code"], &job["attempts"]);
            format!("{} {} {code} {attempts}", word("name"), word("status"))
        })
        .collect();
    assert_eq!(
        ends,
        [
            "gone failed 1 1",
            "magic failed 128 1",
            "fine success 0 1",
            "unasked success 0 1",
            "bare success 0 1",
        ]
    );
    assert_eq!(output.status.code(), Some(1));
    let log = |job: &str| {
        let lines = events.iter().filter(|event| event["kind"] == "log");
        let lines = lines.filter(|event| event["job"] == job);
        let lines: Vec<_> = lines.filter_map(|event| event["text"].as_str()).collect();
        lines.join("\n")
    };
    for (job, wanted) in [
        ("gone", "has `lib`, which names nothing in this commit"),
        ("magic", "has `:(no)lib`, which is no pathspec of git"),
    ] {
        let log = log(job);
        assert!(log.contains(wanted) && !log.contains("ran"), "{log}");
    }
}
