//! Runs under way, for tests of what happens to them.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdout, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::env::{On, TestEnv};

/// A run under way, of which the events are heard one by one.
pub(crate) struct Run {
    child: Child,
    out: BufReader<ChildStdout>,
    text: String,
}

impl Run {
    pub(crate) fn begin(env: &TestEnv, arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        let all = [&["run", "--format", "json"], arguments].concat();
        let mut pipe = env.pipe(&all);
        pipe.envs(variables.iter().copied());
        pipe.stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = pipe.spawn().expect("it starts");
        let out = BufReader::new(child.stdout.take().expect("a pipe"));
        Self {
            child,
            out,
            text: String::new(),
        }
    }

    /// Hears events until one says `part`.
    pub(crate) fn until(&mut self, part: &str) {
        while !self.text.contains(part) {
            let read = self.out.read_line(&mut self.text).expect("a line");
            assert!(read > 0, "`{part}` was never said:\n{}", self.text);
        }
    }

    /// Hears events until one says `part`, and forgets them.
    pub(crate) fn pass_until(&mut self, part: &str) {
        let mut line = String::new();
        while !line.contains(part) {
            line.clear();
            let read = self.out.read_line(&mut line).expect("a line");
            assert!(read > 0, "`{part}` was never said");
        }
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        kill_process(pid.expect("a number"), signal).expect("our own child");
    }

    /// The most memory that it has had so far, in MB.
    pub(crate) fn peak(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()));
        let status = status.expect("it lives");
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let number = peak.and_then(|text| text.trim().split(' ').next()?.parse::<u64>().ok());
        number.expect("kilobytes") / 1024
    }

    /// Its exit code, and the last event.
    pub(crate) fn end(mut self) -> (Option<i32>, Value, String) {
        self.out.read_to_string(&mut self.text).expect("text");
        let code = self.child.wait().expect("our own child").code();
        let last = self.text.lines().last().expect("an event");
        let last = serde_json::from_str(last).expect("an event");
        (code, last, std::mem::take(&mut self.text))
    }

    pub(crate) fn kill(mut self) {
        self.child.kill().expect("our own child");
        self.child.wait().expect("our own child");
    }
}

/// Arguments for a run in Docker's containers.
pub(crate) fn in_docker<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&["--executor", On::Docker.name()], more].concat()
}
