//! What breaks around a run: disks fill up, artifacts are too large, daemons fall silent.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::env::{On, PIPE, TestEnv, copy_program, told};

/// Every file of that ending in the state folder.
fn kept(env: &TestEnv, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![env.home().join("state")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|name| name == ending) {
                found.push(path);
            }
        }
    }
    found
}

fn events(output: &Output) -> Vec<Value> {
    let text = String::from_utf8_lossy(&output.stdout);
    let read = |line| serde_json::from_str(line).expect("an event");
    text.lines().map(read).collect()
}

/// Ways to have a small disk.
#[derive(Debug, Clone, Copy)]
enum Small {
    /// No file gets longer than a megabyte.
    Files,
    /// The state folder is a file system of four megabytes, in a name space of its own.
    Disk,
}

impl Small {
    const ALL: [Self; 2] = [Self::Files, Self::Disk];

    /// `pipe` on it.
    fn pipe(self, env: &TestEnv, arguments: &[&str]) -> Command {
        let state = env.home().join("state");
        let mut command = match self {
            Self::Files => {
                let limited = "ulimit -f 2048; exec \"$@\"";
                env.program("sh", &["-c", limited, "sh"])
            }
            Self::Disk => {
                fs::create_dir_all(&state).expect("a folder");
                let mounted = "mount -t tmpfs -o size=4m none \"$0\" && \"$@\"; code=$?; \
                               find \"$0\" -name '*.tar' >\"$HOME/kept\"; exit $code";
                let mut command = env.program("unshare", &["--map-root-user", "--mount"]);
                command.args(["sh", "-c", mounted]).arg(&state);
                command
            }
        };
        command.arg(PIPE).args(arguments);
        command
    }

    /// The archives that a run on it has kept.
    fn archives(self, env: &TestEnv) -> Vec<PathBuf> {
        match self {
            Self::Files => kept(env, "tar"),
            Self::Disk => {
                let list = fs::read_to_string(env.home().join("kept")).expect("a list");
                list.lines().map(PathBuf::from).collect()
            }
        }
    }
}

#[test]
fn a_log_that_can_not_be_written_is_told() {
    for small in Small::ALL {
        let env = TestEnv::new(
            "chatty:\n  script: ['head -c 6000000 /dev/zero | tr \"\\0\" x | fold', 'exit 3']\n",
        );
        let shell = ["run", "--executor", "shell"];
        let output = small.pipe(&env, &shell).output().expect("it starts");
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{small:?}: {told}");
        let warning = "warning: the record of this run breaks off: can't write `";
        assert_eq!(told.matches(warning).count(), 1, "{small:?}: {told}");
        assert!(!told.contains("whole log"), "{small:?}: {told}");
        assert!(!told.contains("os error"), "{small:?}: {told}");

        let json = ["run", "--executor", "shell", "--format", "json"];
        let output = small.pipe(&env, &json).output().expect("it starts");
        let events = events(&output);
        let broken = |event: &&Value| event["kind"] == "record-failed";
        assert_eq!(events.iter().filter(broken).count(), 1, "{small:?}");
        let last = events.last().expect("an event");
        assert_eq!(last["complete"], false, "{small:?}");
    }
}

#[test]
fn a_run_whose_record_breaks_off_has_an_end_on_record() {
    let env = TestEnv::new(
        "chatty: {script: ['head -c 6000000 /dev/zero | tr \"\\0\" x | fold']}\nshort: {script: [echo x], stage: build}\n",
    );
    let state = env.home().join("state");
    fs::create_dir_all(&state).expect("a folder");
    let story = "mount -t tmpfs -o size=4m none \"$0\"; \
                 \"$1\" run --executor shell >/dev/null 2>&1; echo exit $?; \
                 \"$1\" runs --format json; \
                 \"$1\" logs short 2>&1; \
                 for raw in '' --raw; do \"$1\" logs chatty $raw 2>&1 >/dev/null; done";
    let mut command = env.program(
        "unshare",
        &["--map-root-user", "--mount", "sh", "-c", story],
    );
    let output = command.arg(&state).arg(PIPE).output().expect("it starts");
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(told.starts_with("exit 4\n"), "{told}");
    assert!(told.contains(r#""status":"success","exit":4"#), "{told}");
    let warning = "\nwarning: the record of this run breaks off: can't write `";
    assert_eq!(
        told.matches(warning).count(),
        2,
        "of the log that is not whole: {told}"
    );
}

/// What fills the disk goes on where there is room again. The end is longer than what the job's own folder
/// gives back.
#[test]
fn the_room_for_the_end_of_a_run_is_nobody_elses_until_then() {
    let [many, more] = ["m", "n"].map(|name| name.repeat(200));
    let env = TestEnv::new(&format!(
        "chatty:\n  script:\n    - head -c 6000000 /dev/zero | tr '\\0' x | fold\n    - until grep -q 'breaks off' \"$HOME/said\"; do sleep 0.1; done\n    - cat /dev/zero >\"$HOME/state/all\" || echo full\n\
         .never: &never {{script: [x], when: manual, parallel: 200}}\n{many}: *never\n{more}: *never\n",
    ));
    let state = env.home().join("state");
    fs::create_dir_all(&state).expect("a folder");
    let story = "mount -t tmpfs -o size=4m none \"$0\"; \
                 \"$1\" run --executor shell >\"$HOME/said\" 2>&1; grep '> full' \"$HOME/said\"; \
                 \"$1\" runs --format json; \
                 \"$1\" logs chatty 2>&1 >/dev/null";
    let mut command = env.program(
        "unshare",
        &["--map-root-user", "--mount", "sh", "-c", story],
    );
    let output = command.arg(&state).arg(PIPE).output().expect("it starts");
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(told.contains("> full"), "{told}");
    assert!(told.contains(r#""status":"success","exit":4"#), "{told}");
    let warning = "\nwarning: the record of this run breaks off: can't write `";
    assert_eq!(told.matches(warning).count(), 1, "of the logs: {told}");
}

/// Each of the artifacts has its place in the cache, and all of them have not.
#[test]
fn a_cache_without_room_for_artifacts_fails_their_job_at_once_as_root() {
    let env = TestEnv::empty();
    env.write(
        ".gitlab-ci.yml",
        "make:\n  stage: build\n  parallel: 10\n  script: ['head -c 3000000 /dev/urandom >$CI_NODE_INDEX.bin']\n  artifacts: {paths: ['*.bin']}\nuse: {script: [ls]}\n",
    );
    env.commit();
    let cache = env.home().join("cache");
    fs::create_dir_all(&cache).expect("a folder");
    let story = "mount -t tmpfs -o size=24m none \"$0\" && exec \"$@\"";
    let mut command = env.program("unshare", &["--mount", "sh", "-c", story]);
    command.arg(&cache).arg(PIPE);
    command.args(["run", "--executor", "sandbox", "--jobs", "1"]);
    let (code, told) = told(command.output().expect("it starts"));
    assert_eq!(code, Some(4), "{told}");
    assert!(told.contains("10 passed"), "{told}");
    assert!(!told.contains("trying again"), "{told}");
    let why = "use failed: the artifacts can't be unpacked: `";
    assert!(told.contains(why), "{told}");
    assert!(told.contains("`XDG_CACHE_HOME`"), "{told}");
}

#[test]
fn artifacts_that_can_not_be_written_fail_their_job_and_leave_nothing() {
    let job = "large:\n  script: ['for n in 1 2 3; do head -c 900000 /dev/urandom >out$n; done']\n  artifacts: {paths: ['out*']}\n";
    for small in Small::ALL {
        let env = TestEnv::new(job);
        let arguments = ["run", "--executor", "shell", "--format", "json"];
        let output = small.pipe(&env, &arguments).output();
        let output = output.expect("it starts");
        let events = events(&output);
        let job = &events.last().expect("an event")["jobs"][0];
        assert_eq!(
            job["reason"], "runner_system_failure",
            "{small:?}: {events:?}"
        );
        if let Small::Disk = small {
            assert_eq!(output.status.code(), Some(4), "the machine's fault");
        }
        assert_eq!(small.archives(&env), Vec::<PathBuf>::new(), "{small:?}");
    }
}

#[test]
fn a_cache_that_can_not_be_written_is_a_warning_and_leaves_nothing() {
    let job = "large:\n  script: ['for n in 1 2 3; do head -c 900000 /dev/urandom >out$n; done']\n  cache: {key: k, paths: ['out*']}\n";
    for small in Small::ALL {
        let env = TestEnv::new(job);
        let output = small.pipe(&env, &["run", "--executor", "shell"]).output();
        let output = output.expect("it starts");
        let told = [output.stdout, output.stderr].concat();
        let told = String::from_utf8_lossy(&told);
        assert_eq!(output.status.code(), Some(0), "{small:?}: {told}");
        let warning = "Failed to create cache: the archive can't be packed";
        assert!(told.contains(warning), "{small:?}: {told}");
        assert_eq!(
            small.archives(&env),
            Vec::<PathBuf>::new(),
            "{small:?}: {told}"
        );
    }
}

#[test]
fn where_no_thread_can_be_made_the_machine_is_at_fault() {
    let env = TestEnv::new("a: {script: [echo hi]}\n");
    copy_program(&env.folder().join("pipe"));
    // The limit is none for root.
    let story = "if [ \"$(id -u)\" = 0 ]; then chown -R 54321 \"$0\"; as='setpriv --reuid 54321 --clear-groups'; fi; \
                 exec $as prlimit --nproc=1 \"$0/pipe\" run --executor shell";
    for edit in [false, true] {
        if edit {
            // Looking for it takes threads too.
            env.write("new", "");
        }
        let mut command = env.program("sh", &["-c", story]);
        let (code, told) = told(command.arg(env.folder()).output().expect("it starts"));
        assert_eq!(code, Some(4), "{told}");
        assert_eq!(told.matches("error").count(), 1, "{told}");
        assert!(told.contains("`ulimit -u`"), "{told}");
    }
}

#[test]
fn artifacts_beyond_the_limit_fail_their_job() {
    for on in On::here() {
        let env = TestEnv::new(
            "large:\n  script: ['head -c 1100000 /dev/urandom >out']\n  artifacts: {paths: [out]}\n",
        );
        let output = env
            .pipe(&["run", "--executor", on.name(), "--format", "json"])
            .env("PIPE_ARTIFACTS_LIMIT", "1")
            .output();
        let output = output.expect("it starts");
        let events = events(&output);
        let job = &events.last().expect("an event")["jobs"][0];
        assert_eq!(job["reason"], "script_failure", "{on:?}: {events:?}");
        assert_eq!(job["exit_code"], 1, "{on:?}");
        let told = String::from_utf8_lossy(&output.stdout);
        let remedy = "keep less with `artifacts:exclude`, or raise `artifacts-limit`";
        assert!(told.contains(remedy), "{on:?}: {told}");
        assert_eq!(kept(&env, "tar"), Vec::<PathBuf>::new(), "{on:?}");
    }
}

#[test]
fn sparse_artifacts_stay_small_and_come_back_whole() {
    for on in On::here() {
        let env = TestEnv::new(
            "stages: [one, two]\nmake:\n  stage: one\n  script: ['truncate -s 200M out', 'echo end >>out']\n  artifacts: {paths: [out]}\nuse:\n  stage: two\n  script: ['wc -c <out', 'tail -c 4 out']\n",
        );
        let output = env
            .pipe(&["run", "--executor", on.name()])
            .env("PIPE_ARTIFACTS_LIMIT", "20")
            .output()
            .expect("it starts");
        let told = String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(0), "{on:?}: {told}");
        for line in ["> 209715204", "> end"] {
            assert!(told.contains(line), "{on:?}: {told}");
        }
        let archive = kept(&env, "tar").pop().expect("an archive");
        let about = fs::metadata(archive).expect("a file");
        assert!(about.len() > 200_000_000, "{on:?}");
        assert!(about.blocks() * 512 < 1_000_000, "{on:?}: {about:?}");
    }
}

/// Says who it is, and then nothing more.
fn greet(mut stream: UnixStream) {
    let mut request = vec![0; 4096];
    let length = stream.read(&mut request).unwrap_or_default();
    if String::from_utf8_lossy(&request[..length]).contains("/_ping") {
        let who = "Api-Version: 1.41\r\nOstype: linux\r\nServer: Docker/1 (linux)";
        let _ = write!(stream, "HTTP/1.0 200 OK\r\n{who}\r\n\r\n");
    }
    // The other end hangs up when it has lost patience.
    while stream.read(&mut request).is_ok_and(|length| length > 0) {}
}

#[test]
fn a_daemon_that_falls_silent_before_the_first_job_is_the_machines_fault() {
    let env = TestEnv::new("job:\n  script: [echo never]\n");
    let socket = env.sign("docker.sock");
    let listener = UnixListener::bind(&socket).expect("a socket");
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || greet(stream));
        }
    });
    let before = Instant::now();
    let output = env
        .pipe(&["run", "--executor", "docker"])
        .env("DOCKER_HOST", format!("unix://{}", socket.display()))
        .output()
        .expect("it starts");
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(4), "{told}");
    assert!(told.contains("Docker has not answered for 20 s"), "{told}");
    assert!(before.elapsed() < Duration::from_secs(50), "{told}");
    let left = fs::read_dir(env.home().join("state/pipe/trees"));
    assert_eq!(left.expect("a folder").count(), 0);
}
