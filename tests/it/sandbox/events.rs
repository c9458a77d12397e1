//! The same pipeline tells the same on Docker and in sandboxes, of the same image.

use serde_json::Value;

use crate::env::TestEnv;

const IMAGE: &str = "pipe-test-debian:1";

const JOBS: &str = r#"
default: {image: "pipe-test-debian:1"}
stages: [build, test, report]
build:
  stage: build
  variables: {FLAGS: "$CI_JOB_NAME-flags"}
  before_script: [mkdir out]
  script:
    - echo "$FLAGS in $PWD as $(id -un)"; umask
    - printf 'one\ntwo' >out/list; ln -s list out/link
    - echo "WORD=reported" >build.env
    - echo to errors >&2
  artifacts:
    paths: [out, none/*]
    reports: {dotenv: build.env}
  cache: {key: kept, paths: [store]}
cached:
  stage: build
  needs: []
  script: [mkdir -p store; echo x >>store/file; wc -l <store/file]
  cache: {key: kept, paths: [store/]}
received:
  stage: test
  script: [ls out; cat out/link; echo; echo "$WORD"; git status --short]
  after_script: ['echo "after $CI_JOB_STATUS"; exit 4']
again:
  stage: test
  script: [exit 7]
  retry: {max: 1, exit_codes: 7}
  allow_failure: true
missing:
  stage: test
  script: [no-such-command]
  allow_failure: {exit_codes: 127}
slow:
  stage: test
  timeout: 2 seconds
  script: [echo begins; sleep 60]
  allow_failure: true
other:
  stage: test
  image: {name: "pipe-test-busybox:1", entrypoint: [""]}
  script: [echo $0; id; nonsense 2>&1 || true]
last:
  stage: report
  script: [echo "the end"]
  when: always
"#;

/// What a run tells, without what differs from run to run.
fn events(executor: &str) -> Vec<Value> {
    let env = TestEnv::new(JOBS);
    if executor == "sandbox" {
        for image in [IMAGE, "pipe-test-busybox:1"] {
            let source = format!("docker-daemon:{image}");
            let output = env.output(&["image", "import", &source]);
            assert!(output.status.success(), "{output:?}");
        }
    }
    let arguments = [
        "run",
        "--offline",
        "--jobs",
        "1",
        "--format",
        "json",
        "--executor",
    ];
    let output = env.output(&[&arguments[..], &[executor]].concat());
    let lines = String::from_utf8(output.stdout).expect("text");
    let events = lines
        .lines()
        .map(|line| serde_json::from_str(line).expect("an event"));
    let mut events: Vec<Value> = events.collect();
    events.retain(|event| event["kind"] != "notice");
    for event in &mut events {
        forget_times(event);
    }
    assert!(events.len() > 30, "{lines}");
    events
}

fn forget_times(value: &mut Value) {
    const TIMES: [&str; 9] = [
        "seq", "elapsed", "at", "run", "duration", "started", "finished", "sha", "version",
    ];
    match value {
        Value::Object(fields) => {
            fields.retain(|name, _| !TIMES.contains(&name.as_str()));
            fields.values_mut().for_each(forget_times);
        }
        Value::Array(values) => values.iter_mut().for_each(forget_times),
        _ => {}
    }
}

#[test]
fn a_pipeline_gives_the_same_events_as_in_docker() {
    let (docker, sandbox) = (events("docker"), events("sandbox"));
    for (docker, sandbox) in docker.iter().zip(&sandbox) {
        assert_eq!(docker, sandbox);
    }
    assert_eq!(docker.len(), sandbox.len());
}
