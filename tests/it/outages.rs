//! What goes away or gets in the way while a run goes on: its daemon, its containers, its images, the
//! run itself; and what of it shows to others.

use std::fs;
use std::hash::{BuildHasher, RandomState};
use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::engine::{self, Engine};
use crate::env::{On, TestEnv};
use crate::under_way::{Run, in_docker};

const HANGING: &str =
    "hang:\n  script: [echo has-begun, sleep 300]\n  after_script: [echo after]\n";

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
fn two_runs_of_one_checkout_do_not_disturb_each_other() {
    for on in On::here() {
        let env = TestEnv::new(
            "make:\n  stage: build\n  script: [\"echo $CI_PIPELINE_IID >made\"]\n  artifacts: {paths: [made]}\n\
             use:\n  script: ['[ \"$(cat made)\" = \"$CI_PIPELINE_IID\" ]']\n",
        );
        let runs: Vec<Run> = (0..2)
            .map(|_| Run::begin(&env, &["--executor", on.name()], &[]))
            .collect();
        for run in runs {
            let (code, _, text) = run.end();
            assert_eq!(code, Some(0), "{on:?}: {text}");
        }
        assert_eq!(env.records().len(), 2, "{on:?}");
        assert_eq!(env.leftovers(), Vec::<String>::new(), "{on:?}");
    }
}

/// Milliseconds, any number below `limit`.
fn moment(limit: u64) -> u64 {
    // Each has a seed of its own.
    RandomState::new().hash_one(()) % limit
}

/// Kills twenty runs, each at a moment of its own, and lets others tidy up.
fn killed_at_any_moment(on: On) {
    let env = TestEnv::new(
        "make:\n  stage: build\n  services: [{name: pipe-test-busybox:1, alias: s, command: [sleep, '60']}]\n  \
         script: [head -c 5000000 /dev/urandom >made]\n  artifacts: {paths: [made]}\n\
         use:\n  script: [test -s made]\n",
    );
    env.user_settings("docker.wait_for_services_timeout = 0\n");
    let arguments = ["--executor", on.name()];
    let moments: Vec<u64> = (0..20).map(|_| moment(1500)).collect();
    for after in &moments {
        let run = Run::begin(&env, &arguments, &[]);
        std::thread::sleep(Duration::from_millis(*after));
        run.kill();
    }
    // What a killed run had asked of the daemon may come about after the next one has looked, and
    // then the one after that takes it away.
    let tidied = (0..3).any(|_| {
        let (code, _, text) = Run::begin(&env, &arguments, &[]).end();
        assert_eq!(code, Some(0), "{moments:?}: {text}");
        env.leftovers().is_empty()
    });
    assert!(tidied, "{moments:?}: {:?}", env.leftovers());
    let folder = env.folder().display().to_string();
    let mounts = fs::read_to_string("/proc/self/mountinfo").expect("mounts");
    assert!(!mounts.contains(&folder), "{mounts}");
}

#[test]
fn whenever_a_run_is_killed_the_next_one_tidies_up_in_docker() {
    killed_at_any_moment(On::Docker);
}

#[test]
fn whenever_a_run_in_sandboxes_of_images_in_docker_is_killed_the_next_one_tidies_up() {
    killed_at_any_moment(On::Sandbox);
}

#[test]
fn what_a_killed_run_left_goes_with_all_that_is_kept_in_docker() {
    for on in [On::Docker, On::Sandbox] {
        let env = TestEnv::new(HANGING);
        let mut run = Run::begin(&env, &["hang", "--executor", on.name()], &[]);
        run.until("has-begun");
        run.kill();
        assert_ne!(env.leftovers(), Vec::<String>::new(), "{on:?}");
        let output = env.output(&["clean", "runs", "layers"]);
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(0), "{on:?}: {told}");
        let what = "removed what a killed run left: ";
        assert!(told.contains(what), "{on:?}: {told}");
        assert_eq!(env.leftovers(), Vec::<String>::new(), "{on:?}: {told}");
    }
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
