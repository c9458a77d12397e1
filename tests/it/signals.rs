//! Ctrl-C, `kill` and a closed terminal: a run stops, tidies up, and says so.

use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::env::{On, PIPE, TestEnv};
use crate::pty::Session;

const JOBS: &str = r#"
stages: [test, later]
polite:
  stage: test
  script:
    - echo "$CI_JOB_NAME has begun"
    - sleep 300
  after_script:
    - echo "after $CI_JOB_STATUS"
rude:
  stage: test
  script:
    - trap '' TERM INT
    - echo "$CI_JOB_NAME has begun"
    - while :; do sleep 1; done
later:
  stage: later
  script: [echo never]
"#;

/// A run of one job that has begun.
fn begun(env: &TestEnv, on: On, job: &str) -> Session {
    let arguments = ["run", job, "--executor", on.name(), "-v"];
    let session = env.terminal(80, 30).spawn(PIPE, &arguments);
    session.wait_for(&format!("{job} has begun"));
    session
}

/// Stops a polite job by `stop`; the run must end with that code and those words.
fn stops(stop: impl Fn(&mut Session), code: u32, verdict: &str) {
    for on in On::here() {
        let env = TestEnv::new(JOBS);
        let mut session = begun(&env, on, "polite");
        stop(&mut session);
        assert_eq!(session.wait(), code, "{on:?}: {}", session.screen());
        let screen = session.screen();
        for part in ["after canceled", "⊘ canceled  polite", verdict] {
            assert!(screen.contains(part), "{on:?}: `{part}`:\n{screen}");
        }
        assert_eq!(env.leftovers(), Vec::<String>::new(), "{on:?}");
    }
}

#[test]
fn one_interrupt_stops_and_tidies_up() {
    stops(
        |session| session.type_keys("\x03"),
        130,
        "pipeline canceled: interrupted",
    );
}

#[test]
fn so_does_a_request_to_terminate() {
    stops(
        |session| session.signal(Signal::TERM),
        143,
        "pipeline canceled: terminated",
    );
}

#[test]
fn so_does_a_request_to_quit() {
    stops(
        |session| session.signal(Signal::QUIT),
        131,
        "pipeline canceled: stopped by a signal",
    );
}

#[test]
fn so_does_a_terminal_that_hangs_up() {
    stops(
        |session| session.signal(Signal::HUP),
        129,
        "pipeline canceled: stopped by a signal",
    );
}

#[test]
fn two_interrupts_kill() {
    for on in On::here() {
        let env = TestEnv::new(JOBS);
        let mut session = begun(&env, on, "rude");
        session.type_keys("\x03");
        session.wait_for("stopping: interrupted; Ctrl-C again kills");
        let before = Instant::now();
        session.type_keys("\x03");
        assert_eq!(session.wait(), 130, "{on:?}: {}", session.screen());
        // A job that must be waited for has ten seconds.
        let took = before.elapsed();
        assert!(took < Duration::from_secs(8), "{on:?}: {took:?}");
        assert_eq!(env.leftovers(), Vec::<String>::new(), "{on:?}");
    }
}
