//! Ctrl-C, `kill` and a closed terminal: a run stops, tidies up, and says so.

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

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

/// Ends a run while a file of a gigabyte, all of it a hole, goes into the tree of its jobs.
#[test]
fn a_signal_ends_the_packing_of_the_sources() {
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143), (Signal::HUP, 129)] {
        let env = TestEnv::new(JOBS);
        let hole = fs::File::create(env.project().join("hole")).expect("a file");
        hole.set_len(1 << 30).expect("a hole");
        let trees = env.home().join("state/pipe/trees");
        let mut command = env.pipe(&["run", "polite", "--executor", "shell"]);
        let run = command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let run = run.spawn().expect("pipe starts");
        wait_until(|| size_of_files(&trees) > 1 << 20);
        assert_eq!(env.records().len(), 1);
        kill_process(Pid::from_child(&run), signal).expect("it runs");
        let ended = run.wait_with_output().expect("it ends");
        let told = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert_eq!(ended.status.code(), Some(code), "{told}");
        assert!(told.contains("stopped before the first job"), "{told}");
        assert_eq!(env.leftovers(), Vec::<String>::new());
        assert_eq!(env.records(), Vec::<String>::new());
    }
}

fn wait_until(holds: impl Fn() -> bool) {
    let since = Instant::now();
    while !holds() {
        assert!(since.elapsed() < Duration::from_secs(60), "it never came");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Bytes of all files below a folder that may not be there yet.
fn size_of_files(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let size = |entry: fs::DirEntry| match entry.metadata() {
        Ok(about) if about.is_dir() => size_of_files(&entry.path()),
        Ok(about) => about.len(),
        Err(_) => 0,
    };
    entries.map(size).sum()
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
