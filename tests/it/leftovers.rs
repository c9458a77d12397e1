//! A run that was killed outright leaves things behind; the next one removes them, and only them.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::engine::{self, Engine};
use crate::env::{On, TestEnv};

const JOBS: &str = r#"
hang:
  script:
    - echo "has begun as $$"
    - sleep 300
quick:
  script: [echo quick]
"#;

/// A run of `hang` whose job has begun.
struct Hanging {
    child: Child,
    run: String,
    /// Process of the job, as the job sees it.
    job: String,
    out: BufReader<ChildStdout>,
}

impl Hanging {
    fn begin(env: &TestEnv, on: On) -> Self {
        let arguments = ["run", "hang", "--executor", on.name(), "--format", "json"];
        let mut command = env.pipe(&arguments);
        let mut child = command.stdout(Stdio::piped()).spawn().expect("it starts");
        let out = child.stdout.take().expect("a pipe");
        let mut hanging = Self {
            child,
            run: String::new(),
            job: String::new(),
            out: BufReader::new(out),
        };
        hanging.run = hanging.hear(|event| event["run"].as_str());
        hanging.job = hanging.hear(|event| event["text"].as_str()?.strip_prefix("has begun as "));
        hanging
    }

    /// Reads events up to the one in which `find` finds something.
    fn hear(&mut self, find: impl Fn(&Value) -> Option<&str>) -> String {
        loop {
            let mut line = String::new();
            self.out.read_line(&mut line).expect("a line");
            let event: Value = serde_json::from_str(&line).expect("an event");
            if let Some(found) = find(&event) {
                return found.to_owned();
            }
        }
    }

    fn is_running(&mut self) -> bool {
        self.child.try_wait().expect("our own child").is_none()
    }

    fn kill(&mut self) {
        self.child.kill().expect("our own child");
        self.child.wait().expect("our own child");
    }
}

impl Drop for Hanging {
    /// A failed test leaves nothing that goes on; a run that was killed already stays so.
    fn drop(&mut self) {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        if let (true, Some(pid)) = (self.is_running(), pid) {
            let _ = kill_process(pid, Signal::TERM);
            let _ = self.child.wait();
        }
    }
}

/// Whether a process of this machine lives; one that nobody waited for does not.
fn lives(pid: &str) -> bool {
    let stat = std::fs::read_to_string(Path::new("/proc").join(pid).join("stat"));
    stat.is_ok_and(|stat| !stat.contains(") Z "))
}

#[test]
fn the_next_run_removes_them() {
    for on in On::here() {
        let env = TestEnv::new(JOBS);
        let mut dead = Hanging::begin(&env, on);
        let mut alive = Hanging::begin(&env, on);
        dead.kill();
        let left = env.leftovers();
        assert!(!left.is_empty(), "{on:?}: nothing to remove proves nothing");

        let output = env.output(&["run", "quick", "--executor", on.name()]);
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{on:?}: {told}");
        let wanted = "note: removed what a killed run left: ";
        assert!(told.contains(wanted), "{on:?}: {told}");
        assert!(told.contains(&dead.run), "{on:?}: {told}");
        assert!(!told.contains(&alive.run), "{on:?}: {told}");

        let after = env.leftovers();
        assert!(after.len() < left.len(), "{on:?}: {after:?}");
        assert!(alive.is_running(), "{on:?}");
        match on {
            On::Shell => {
                assert!(!lives(&dead.job), "the dead run's job goes on");
                assert!(lives(&alive.job), "the job of a run that lives was ended");
            }
            On::Docker => assert_eq!(Engine::new().containers(&env.owner()).len(), 1),
            // All of a sandbox ends with its run.
            On::Sandbox => {}
        }
        drop(alive);
        assert_eq!(env.leftovers(), Vec::<String>::new(), "{on:?}");
    }
}

#[test]
fn what_shed_all_that_tells_of_its_job_ends_with_the_run() {
    let shed = "cd /; env -i PATH=\"$PATH\" setsid sh -c 'sleep 300 >/dev/null & echo shed $!' 2>/dev/null </dev/null";
    let jobs = ["ends", "times out"].map(|name| {
        let (script, timeout) = match name {
            "ends" => ("echo end", "1h"),
            _ => ("sleep 200", "1s"),
        };
        let lines = format!("    - |\n      {shed}\n    - {script}\n");
        format!("{name}:\n  variables: {{RUNNER_SCRIPT_TIMEOUT: {timeout}}}\n  script:\n{lines}")
    });
    let env = TestEnv::new(&jobs.concat());
    let output = env.output(&["run", "--executor", "shell", "--format", "json"]);
    let text = String::from_utf8_lossy(&output.stdout);
    let numbers = text.lines().filter_map(|line| {
        let event: Value = serde_json::from_str(line).expect("an event");
        let number = event["text"].as_str()?.strip_prefix("shed ")?;
        Some(number.to_owned())
    });
    let numbers: Vec<String> = numbers.collect();
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(numbers.len(), 2, "{text}{told}");
    for number in numbers {
        assert!(!lives(&number), "{number} goes on: {text}");
    }
}

#[test]
fn what_belongs_to_others_stays() {
    if !engine::is_wanted() {
        return;
    }
    let env = TestEnv::new(JOBS);
    let engine = Engine::new();
    let owner = format!("{}-other", env.owner());
    let foreign = engine.foreign(&owner, "20200101-000000-000001");
    let output = env.output(&["run", "quick", "--executor", "docker"]);
    assert!(output.status.success());
    assert_eq!(engine.containers(&owner), [foreign.id.as_str()]);
}
