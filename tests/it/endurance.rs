//! What a run bears: floods of output, of jobs and of processes, and signals at bad moments.

use std::fs;
use std::io::Read;
use std::net::TcpListener;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::env::{On, TestEnv};
use crate::under_way::{Run, in_docker};

#[test]
fn five_hundred_jobs_run_to_their_end() {
    let jobs = ["a", "b", "c", "d", "e"];
    let jobs = jobs.map(|job| format!("{job}:\n  parallel: 100\n  script: ['true']\n"));
    let env = TestEnv::new(&jobs.concat());
    let (code, last, _) = Run::begin(&env, &["--executor", "shell"], &[]).end();
    assert_eq!(code, Some(0));
    let jobs = last["jobs"].as_array().expect("jobs");
    assert_eq!(jobs.len(), 500);
    assert!(jobs.iter().all(|job| job["status"] == "success"));
}

#[test]
fn a_line_of_fifty_megabytes_is_kept_whole() {
    let env =
        TestEnv::new("flood:\n  script: [\"head -c 50000000 /dev/zero | tr '\\\\0' x; echo\"]\n");
    let (code, _, _) = Run::begin(&env, &["--executor", "shell"], &[]).end();
    assert_eq!(code, Some(0));
    let record = env.records().pop().expect("a record");
    let log = fs::read(format!("{record}/logs/flood.1")).expect("a log");
    let longest = log.split(|byte| *byte == b'\n').map(<[u8]>::len).max();
    assert_eq!(longest, Some(50_000_000));
}

/// Most memory in MB of a run whose one job prints that many megabytes of short lines.
fn peak_with_log_of(on: On, megabytes: u32) -> u64 {
    let job = format!(
        "flood:\n  script: [\"yes 'a line that is as long as such lines are' | head -c {megabytes}000000 || true\", echo all-out, sleep 1]\n"
    );
    let env = TestEnv::new(&job);
    let mut run = Run::begin(&env, &["--executor", on.name()], &[]);
    run.pass_until("\"all-out\"");
    let peak = run.peak();
    let (code, _, text) = run.end();
    assert_eq!(code, Some(0), "{text}");
    let is_told = text.contains("GitLab cuts it behind 4 MB");
    assert_eq!(is_told, megabytes > 4, "{text}");
    let record = env.records().pop().expect("a record");
    let log = fs::metadata(format!("{record}/logs/flood.1")).expect("a log");
    assert!(
        log.len() > u64::from(megabytes) * 1_000_000,
        "nothing is cut"
    );
    peak
}

#[test]
fn a_long_log_takes_no_more_memory_than_a_short_one() {
    for on in On::here() {
        let (short, long) = (peak_with_log_of(on, 2), peak_with_log_of(on, 32));
        assert!(long < short + 24, "{on:?}: {short} MB, then {long} MB");
    }
}

#[test]
fn a_job_that_forks_five_thousand_processes_ends_with_all_of_them_in_docker() {
    let fork = "i=0; while [ $i -lt 5000 ]; do sleep 600 >/dev/null 2>&1 & i=$((i+1)); done";
    let env = TestEnv::new(&format!(
        "ends:\n  script: ['{fork}', echo has-forked]\nwaits:\n  script: ['{fork}', echo has-forked, wait]\n"
    ));
    let run = Run::begin(&env, &in_docker(&["ends"]), &[]);
    let (code, _, text) = run.end();
    assert_eq!(code, Some(0), "{text}");
    assert_eq!(env.leftovers(), Vec::<String>::new());

    let mut run = Run::begin(&env, &in_docker(&["waits"]), &[]);
    run.until("\"has-forked\"");
    let asked = Instant::now();
    run.signal(Signal::INT);
    let (code, _, text) = run.end();
    assert_eq!(code, Some(130), "{text}");
    assert!(asked.elapsed() < Duration::from_secs(60), "{text}");
    assert_eq!(env.leftovers(), Vec::<String>::new());
}

/// Signals after the first `once`, as many as `times`, and how the run ends.
fn interrupted(mut run: Run, once: &str, times: u32) -> (Option<i32>, String, Duration) {
    run.until(once);
    let asked = Instant::now();
    for _ in 0..times {
        run.signal(Signal::INT);
        std::thread::sleep(Duration::from_millis(300));
    }
    let (code, _, text) = run.end();
    (code, text, asked.elapsed())
}

#[test]
fn an_interrupt_in_after_script_lets_it_end_and_a_second_one_does_not() {
    for on in On::here() {
        for (times, ends) in [(1, true), (2, false)] {
            let env = TestEnv::new(
                "job:\n  script: [echo done]\n  after_script: [echo in-after, sleep 4, echo after-ends]\n",
            );
            let run = Run::begin(&env, &["--executor", on.name()], &[]);
            let (code, text, took) = interrupted(run, "\"in-after\"", times);
            assert_eq!(code, Some(130), "{on:?} {times}: {text}");
            assert_eq!(
                text.contains("\"after-ends\""),
                ends,
                "{on:?} {times}: {text}"
            );
            assert!(took < Duration::from_secs(15), "{on:?} {times}: {took:?}");
            assert_eq!(env.leftovers(), Vec::<String>::new(), "{on:?} {times}");
        }
    }
}

#[test]
fn an_interrupt_while_a_job_is_cleaned_up_leaves_nothing_in_docker() {
    for times in [1, 2] {
        let env = TestEnv::new("job:\n  script: [echo done]\n");
        let run = Run::begin(&env, &in_docker(&[]), &[]);
        let (code, text, _) = interrupted(run, "job-finished", times);
        // Whether there was still something to stop is a matter of moments.
        assert!(code == Some(0) || code == Some(130), "{times}: {text}");
        assert_eq!(env.leftovers(), Vec::<String>::new(), "{times}");
    }
}

#[test]
fn an_interrupt_ends_a_pull_that_does_not_come_in_docker() {
    for times in [1, 2] {
        let registry = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = registry.local_addr().expect("an address").port();
        let (asked, is_asked) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            for mut stream in registry.incoming().flatten() {
                let asked = asked.clone();
                // It takes the question and says nothing.
                std::thread::spawn(move || {
                    let _ = asked.send(());
                    let _ = stream.read_to_end(&mut Vec::new());
                });
            }
        });
        let env = TestEnv::empty();
        let job = format!("job:\n  image: '127.0.0.1:{port}/never:1'\n  script: [echo never]\n");
        env.write(".gitlab-ci.yml", &job);
        env.commit();
        let mut command = env.pipe(&["run", "--executor", "docker"]);
        let child = command
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .expect("it starts");
        let pid = i32::try_from(child.id()).ok();
        let pid = pid
            .and_then(rustix::process::Pid::from_raw)
            .expect("a number");
        is_asked
            .recv_timeout(Duration::from_secs(60))
            .expect("the daemon asks");
        let before = Instant::now();
        for _ in 0..times {
            let _ = rustix::process::kill_process(pid, Signal::INT);
        }
        let output = child.wait_with_output().expect("our own child");
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(130), "{times}: {told}");
        assert!(
            before.elapsed() < Duration::from_secs(10),
            "{times}: {told}"
        );
        assert_eq!(env.leftovers(), Vec::<String>::new(), "{times}");
    }
}
