//! Services as their users meet them (runtime reference 8).

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use crate::engine;
use crate::env::{On, TestEnv};

const TWO: &str = r#"
variables: {WORD: of the pipeline, TOKEN_NAME: s3cret-word-9}
.serve: &serve
  - sh
  - -c
  - 'mkdir /w; echo "$WORD" >/w/index.html; env >/w/env; echo "has $HIDDEN and $PASSED"; exec httpd -f -p 8080 -h /w'
fetch:
  services:
    - {name: pipe-test-busybox:1, alias: "web,front", command: *serve, variables: {HEALTHCHECK_TCP_PORT: 8080}}
    - name: pipe-test-busybox:1
      alias: api
      command: *serve
      variables: {HEALTHCHECK_TCP_PORT: 8080, WORD: "of $CI_JOB_NAME", PASSED: "$HIDDEN"}
  script:
    - for name in pipe-test-busybox web front api; do wget -qO- http://$name:8080/; done
    - wget -qO- http://api:8080/env | grep -E '^(HIDDEN|CI|WORD|PASSED)=' | sort
after:
  stage: .post
  services:
    - {name: pipe-test-busybox:1, alias: web, command: *serve, variables: {HEALTHCHECK_TCP_PORT: 8080}}
  script: ["false"]
  after_script: [wget -qO- http://web:8080/]
  allow_failure: true
"#;

#[test]
fn a_client_fetches_from_two_services_by_their_names_in_docker() {
    let env = TestEnv::new(TWO);
    env.write(
        ".pipe/variables.yml",
        "HIDDEN: {value: hidden-word-77, masked: true}\n",
    );
    let (code, text) = env.told(&["run", "--executor", "docker"]);
    assert_eq!(code, Some(0), "{text}");
    assert_eq!(text.matches("of the pipeline").count(), 4, "{text}");
    for part in [
        "Waiting for services to be up and running (timeout 30 seconds)...",
        "WARNING: Skipping alias \"pipe-test-busybox\" for service \"pipe-test-busybox:1\" (services[1])",
        "of fetch",
        "CI=true",
        "PASSED=[MASKED]",
        "WORD=of fetch",
    ] {
        assert!(text.contains(part), "`{part}`:\n{text}");
    }
    assert!(!text.contains("HIDDEN="), "{text}");
    assert!(!text.contains("hidden-word-77"), "{text}");
    assert_eq!(env.leftovers(), Vec::<String>::new());

    let debug = [
        "run",
        "fetch",
        "--executor",
        "docker",
        "--var",
        "CI_DEBUG_SERVICES=true",
    ];
    let (code, text) = env.told(&debug);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("[service:api] has  and [MASKED]"), "{text}");
    assert!(!text.contains("hidden-word-77"), "{text}");
}

const ENDS: &str = r#"
fetch:
  services:
    - {name: pipe-test-busybox:1, alias: db, command: [sh, -c, "echo no space left; exit 3"]}
  script: [echo the job goes on]
"#;

#[test]
fn a_service_that_ends_at_once_is_a_warning_in_docker() {
    let env = TestEnv::new(ENDS);
    let (code, text) = env.told(&["run", "--executor", "docker"]);
    assert_eq!(code, Some(0), "{text}");
    for part in [
        "*** WARNING: Service pipe-test-busybox:1 probably didn't start properly.",
        "it ended with exit code 3",
        "no space left",
        "the job goes on",
    ] {
        assert!(text.contains(part), "`{part}`:\n{text}");
    }
    assert_eq!(env.leftovers(), Vec::<String>::new());
}

#[test]
fn the_shell_executor_ignores_services() {
    let env = TestEnv::new(ENDS);
    let (code, text) = env.told(&["run", "--executor", "shell"]);
    assert_eq!(code, Some(0), "{text}");
    assert!(
        text.contains("the shell executor ignores `services`"),
        "{text}"
    );
}

#[test]
fn an_absent_image_of_a_service_is_named_before_anything_runs_in_docker() {
    let jobs = "test: {script: echo never, services: [pipe-test-absent:1]}\n";
    let env = TestEnv::new(jobs);
    let (code, text) = env.told(&["run", "--executor", "docker", "--offline"]);
    assert_eq!(code, Some(4), "{text}");
    assert!(text.contains("`pipe-test-absent:1`"), "{text}");
    let (_, text) = env.told(&["doctor"]);
    assert!(text.contains("pipe-test-absent:1"), "{text}");
}

#[test]
fn a_service_whose_image_has_no_name_fails_its_job() {
    let jobs =
        "test: {script: echo never, services: [\"$UNSET/db:1\"]}\nother: {script: echo fine}\n";
    if engine::is_wanted() {
        let env = TestEnv::new(jobs);
        let (code, text) = env.told(&["run", "--executor", On::Docker.name()]);
        assert_eq!(code, Some(1), "{text}");
        let wanted = "image of a service `$UNSET/db:1` comes to `/db:1`, which is no name of an image: `UNSET` is empty";
        assert!(text.contains(wanted), "{text}");
        assert!(text.contains("1 failed, 1 passed"), "{text}");
    }
}

const HANGS: &str = r#"
hang:
  services:
    - {name: pipe-test-busybox:1, alias: web, command: [httpd, -f, -p, "8080"], variables: {HEALTHCHECK_TCP_PORT: 8080}}
  script: [echo has begun, sleep 300]
quick: {script: [echo quick]}
"#;

/// A run of `hang` whose script has begun.
fn hanging(env: &TestEnv) -> Child {
    let arguments = ["run", "hang", "--executor", "docker", "--format", "json"];
    let mut child = env
        .pipe(&arguments)
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut out = BufReader::new(child.stdout.take().expect("a pipe"));
    let mut line = String::new();
    while !line.contains("\"has begun\"") {
        line.clear();
        let read = out.read_line(&mut line).expect("a line");
        assert!(read > 0, "it ended before its script began");
    }
    // Read to its end, or it could not write.
    std::thread::spawn(move || std::io::copy(&mut out, &mut std::io::sink()));
    child
}

#[test]
fn an_interrupted_run_leaves_no_service_in_docker() {
    let env = TestEnv::new(HANGS);
    let mut child = hanging(&env);
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    kill_process(pid.expect("a process"), Signal::INT).expect("our own child");
    let status = child.wait().expect("our own child");
    assert_eq!(status.code(), Some(130));
    assert_eq!(env.leftovers(), Vec::<String>::new());
}

#[test]
fn the_services_of_a_killed_run_are_removed_by_the_next_in_docker() {
    let env = TestEnv::new(HANGS);
    let mut child = hanging(&env);
    child.kill().expect("our own child");
    child.wait().expect("our own child");
    assert!(
        !env.leftovers().is_empty(),
        "nothing to remove proves nothing"
    );
    let (code, text) = env.told(&["run", "quick", "--executor", "docker"]);
    assert_eq!(code, Some(0), "{text}");
    // Which of the two is named first is the daemon's to say.
    assert!(text.contains("of job `hang`"), "{text}");
    assert!(text.contains(", and 1 more"), "{text}");
    assert_eq!(env.leftovers(), Vec::<String>::new());
}
