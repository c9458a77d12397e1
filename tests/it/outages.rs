//! What goes away or gets in the way while a run goes on: its daemon, its containers, its images, the
//! run itself, a flood of jobs or output; and what of it shows to others.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::engine::{self, Engine};
use crate::env::TestEnv;

const HANGING: &str =
    "hang:\n  script: [echo has-begun, sleep 300]\n  after_script: [echo after]\n";

/// A run under way, of which the events are heard one by one.
struct Run {
    child: Child,
    out: BufReader<ChildStdout>,
    text: String,
}

impl Run {
    fn begin(env: &TestEnv, arguments: &[&str], variables: &[(&str, &str)]) -> Self {
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
    fn until(&mut self, part: &str) {
        while !self.text.contains(part) {
            let read = self.out.read_line(&mut self.text).expect("a line");
            assert!(read > 0, "`{part}` was never said:\n{}", self.text);
        }
    }

    /// Its exit code, and the last event.
    fn end(mut self) -> (Option<i32>, Value, String) {
        self.out.read_to_string(&mut self.text).expect("text");
        let code = self.child.wait().expect("our own child").code();
        let last = self.text.lines().last().expect("an event");
        let last = serde_json::from_str(last).expect("an event");
        (code, last, std::mem::take(&mut self.text))
    }

    fn kill(mut self) {
        self.child.kill().expect("our own child");
        self.child.wait().expect("our own child");
    }
}

fn in_docker<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&["--executor", "docker"], more].concat()
}

#[test]
fn a_container_that_is_killed_fails_its_job_in_docker() {
    let env = TestEnv::new(HANGING);
    let mut run = Run::begin(&env, &in_docker(&[]), &[]);
    run.until("has-begun");
    let engine = Engine::new();
    for id in engine.containers(&env.owner()) {
        engine.kill(&id);
    }
    let (code, last, text) = run.end();
    assert_eq!(code, Some(1), "{text}");
    let job = &last["jobs"][0];
    assert_eq!(job["reason"], "script_failure", "{text}");
    assert_eq!(job["exit_code"], 137, "{text}");
    assert!(text.contains("\"after\""), "{text}");
    assert_eq!(env.leftovers(), Vec::<String>::new());
}

#[test]
fn an_image_that_goes_during_the_run_fails_the_jobs_to_come_in_docker() {
    let image = format!("pipe-test-going:{}", std::process::id());
    let engine = Engine::new();
    engine.tag(engine::IMAGE, &image);
    let sign = "gone";
    let env = TestEnv::new(&format!(
        "first:\n  stage: build\n  script: [echo has-begun, sleep 2]\nnext:\n  image: '{image}'\n  script: [echo ran-{sign}]\n"
    ));
    let mut run = Run::begin(&env, &in_docker(&["--jobs", "1"]), &[]);
    run.until("has-begun");
    engine.remove_image(&image);
    let (code, last, text) = run.end();
    assert_eq!(code, Some(1), "{text}");
    assert_eq!(last["jobs"][0]["status"], "success", "{text}");
    assert_eq!(last["jobs"][1]["reason"], "script_failure", "{text}");
    let told = format!("image `{image}` is not on this machine");
    assert!(text.contains(&told), "{text}");
    assert_eq!(env.leftovers(), Vec::<String>::new());
}

/// A way to the daemon that can be cut.
struct Way {
    socket: PathBuf,
    open: Arc<Mutex<Vec<UnixStream>>>,
}

impl Way {
    fn to_the_daemon(env: &TestEnv) -> Self {
        let host = std::env::var("DOCKER_HOST").unwrap_or_default();
        let real = host
            .strip_prefix("unix://")
            .unwrap_or("/var/run/docker.sock")
            .to_owned();
        let socket = env.sign("way.sock");
        let listener = UnixListener::bind(&socket).expect("a socket");
        let open: Arc<Mutex<Vec<UnixStream>>> = Arc::default();
        let all = Arc::clone(&open);
        std::thread::spawn(move || {
            for near in listener.incoming().flatten() {
                let Ok(far) = UnixStream::connect(&real) else {
                    return;
                };
                let clone = |stream: &UnixStream| stream.try_clone().expect("a clone");
                all.lock()
                    .expect("whole")
                    .extend([clone(&near), clone(&far)]);
                for (from, to) in [(clone(&near), clone(&far)), (far, near)] {
                    std::thread::spawn(move || copy(from, to));
                }
            }
        });
        Self { socket, open }
    }

    fn cut(&self) {
        fs::remove_file(&self.socket).expect("our socket");
        for stream in self.open.lock().expect("whole").iter() {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

fn copy(mut from: UnixStream, mut to: UnixStream) {
    let mut buffer = vec![0; 65536];
    while let Ok(read @ 1..) = from.read(&mut buffer) {
        if to.write_all(&buffer[..read]).is_err() {
            return;
        }
    }
    let _ = to.shutdown(Shutdown::Write);
}

#[test]
fn a_daemon_that_dies_during_a_job_is_the_machines_fault_in_docker() {
    let env = TestEnv::new(HANGING);
    let way = Way::to_the_daemon(&env);
    let host = format!("unix://{}", way.socket.display());
    let mut run = Run::begin(&env, &in_docker(&[]), &[("DOCKER_HOST", &host)]);
    run.until("has-begun");
    way.cut();
    let begun = Instant::now();
    let (code, last, text) = run.end();
    assert!(begun.elapsed() < Duration::from_secs(60), "{text}");
    assert_eq!(code, Some(4), "{text}");
    assert_eq!(last["jobs"][0]["reason"], "runner_system_failure", "{text}");
    assert!(
        text.contains("the connection to the Docker daemon broke"),
        "{text}"
    );
    // The next run, over a way that is there, takes away what is left.
    let output = env.output(&["run", "--executor", "docker", "--exclude", "hang"]);
    let (code, _) = (output.status.code(), output.stderr);
    assert_eq!(code, Some(5));
    let quick = "quick:\n  script: [echo quick]\n";
    env.write(
        ".gitlab-ci.yml",
        &format!("default: {{image: {}}}\n{quick}", engine::IMAGE),
    );
    assert_eq!(
        env.output(&["run", "--executor", "docker"]).status.code(),
        Some(0)
    );
    assert_eq!(env.leftovers(), Vec::<String>::new());
}

#[test]
fn two_runs_of_one_checkout_do_not_disturb_each_other_in_docker() {
    let env = TestEnv::new(
        "make:\n  stage: build\n  script: [\"echo $CI_PIPELINE_IID >made\"]\n  artifacts: {paths: [made]}\n\
         use:\n  script: ['[ \"$(cat made)\" = \"$CI_PIPELINE_IID\" ]']\n",
    );
    let runs: Vec<Run> = (0..2)
        .map(|_| Run::begin(&env, &in_docker(&[]), &[]))
        .collect();
    for run in runs {
        let (code, _, text) = run.end();
        assert_eq!(code, Some(0), "{text}");
    }
    assert_eq!(env.records().len(), 2);
    assert_eq!(env.leftovers(), Vec::<String>::new());
}

#[test]
fn whenever_a_run_is_killed_the_next_one_tidies_up_in_docker() {
    let env = TestEnv::new(
        "make:\n  stage: build\n  services: [{name: pipe-test-busybox:1, alias: s, command: [sleep, '60']}]\n  \
         script: [head -c 5000000 /dev/urandom >made]\n  artifacts: {paths: [made]}\n\
         use:\n  script: [test -s made]\n",
    );
    env.user_settings("docker.wait_for_services_timeout = 0\n");
    for after in [30, 150, 300, 500, 800, 1200] {
        let run = Run::begin(&env, &in_docker(&[]), &[]);
        std::thread::sleep(Duration::from_millis(after));
        run.kill();
    }
    let (code, _, text) = Run::begin(&env, &in_docker(&[]), &[]).end();
    assert_eq!(code, Some(0), "{text}");
    assert_eq!(env.leftovers(), Vec::<String>::new());
}

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

#[test]
fn a_secret_shows_on_no_command_line_and_in_no_other_container_in_docker() {
    const SECRET: &str = "h1dden-w0rd-4711";
    let env = TestEnv::new(
        "hold:\n  services: [{name: pipe-test-busybox:1, alias: s, command: [sleep, '60']}]\n  \
         script: [echo has-begun, 'test -n \"$TOKEN\"', sleep 3]\n",
    );
    env.user_settings("docker.wait_for_services_timeout = 0\n");
    env.write(
        ".pipe/variables.yml",
        &format!("TOKEN: {{value: {SECRET}, masked: true}}\n"),
    );
    let mut run = Run::begin(&env, &in_docker(&[]), &[]);
    run.until("has-begun");
    for process in fs::read_dir("/proc").expect("a folder").flatten() {
        let line = fs::read(process.path().join("cmdline")).unwrap_or_default();
        let line = String::from_utf8_lossy(&line);
        assert!(!line.contains(SECRET), "{line}");
    }
    let engine = Engine::new();
    let shown = engine
        .containers(&env.owner())
        .into_iter()
        .map(|id| engine.inspect(&id));
    let shown: Vec<String> = shown.collect();
    let with = shown.iter().filter(|text| text.contains(SECRET)).count();
    assert_eq!((shown.len(), with), (2, 1));
    let (code, _, text) = run.end();
    assert_eq!(code, Some(0), "{text}");
    assert!(!text.contains(SECRET), "{text}");
    for folder in env.records() {
        for entry in walk(folder.into()) {
            let bytes = fs::read(&entry).unwrap_or_default();
            let text = String::from_utf8_lossy(&bytes);
            assert!(!text.contains(SECRET), "{}", entry.display());
        }
    }
}

fn walk(folder: PathBuf) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .flat_map(|entry| match entry.path() {
            path if path.is_dir() => walk(path),
            path => vec![path],
        })
        .collect()
}

#[test]
fn a_repository_that_grants_itself_something_runs_nothing() {
    for asks in [
        "executor = 'shell'",
        "docker.host_socket = true",
        "docker.privileged = true",
        "docker.volumes = ['/:/host']",
        "docker.devices = ['/dev/mem']",
        "docker.network_mode = 'host'",
        "docker.cap_add = ['SYS_ADMIN']",
        "docker.security_opt = ['seccomp=unconfined']",
        "docker.gpus = 'all'",
        "deploy = 'run'",
    ] {
        let env = TestEnv::new("a:\n  script: [echo ran]\n");
        env.write(".pipe/config.toml", asks);
        env.commit();
        let output = env.output(&["run"]);
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(4), "{asks}: {told}");
        assert!(told.contains("only the user can"), "{asks}: {told}");
        assert_eq!(env.records(), Vec::<String>::new(), "{asks}");
    }
}
