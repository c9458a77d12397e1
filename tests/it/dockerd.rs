//! A Docker daemon of a test's own, which may be killed and started again, and whose disk may be full:
//! only root can have one.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::engine;
use crate::env::TestEnv;
use crate::under_way::{Run, in_docker};

/// Such a daemon, with the image of the tests. It has a network of its own, which leads nowhere: in
/// that of this machine it would take away the bridge of another daemon.
struct Daemon {
    folder: PathBuf,
    child: Child,
}

impl Daemon {
    fn start(folder: PathBuf) -> Self {
        let child = launch(&folder);
        let daemon = Self { folder, child };
        daemon.wait();
        let both = format!(
            "docker save {} | docker --host {} load",
            engine::IMAGE,
            daemon.host()
        );
        let loaded = Command::new("sh").args(["-c", &both]).output();
        let loaded = loaded.expect("a shell");
        let told = String::from_utf8_lossy(&loaded.stderr);
        assert!(loaded.status.success(), "{told}");
        daemon
    }

    fn host(&self) -> String {
        format!("unix://{}", self.folder.join("socket").display())
    }

    fn docker(&self, arguments: &[&str]) -> String {
        let mut docker = Command::new("docker");
        let output = docker
            .args(["--host", &self.host()])
            .args(arguments)
            .output();
        let output = output.expect("the client of Docker");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    fn wait(&self) {
        let end = Instant::now() + Duration::from_secs(60);
        while self
            .docker(&["version", "--format", "{{.Server.Version}}"])
            .is_empty()
        {
            let log = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
            assert!(Instant::now() < end, "no daemon: {log}");
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// Kills it and starts it again; it ends what runs in its containers.
    fn kill_and_start(&mut self) {
        self.child.kill().expect("our own child");
        self.child.wait().expect("our own child");
        // Where nobody waits for orphans, it counts as living.
        self.end_containerd();
        self.child = launch(&self.folder);
        self.wait();
    }

    /// The daemon's own daemon, which outlives it where that is killed.
    fn end_containerd(&self) {
        let file = self.folder.join("exec/containerd/containerd.pid");
        let pid = fs::read_to_string(&file).ok();
        let pid = pid.and_then(|text| text.trim().parse().ok());
        if let Some(pid) = pid.and_then(Pid::from_raw) {
            let _ = kill_process(pid, Signal::KILL);
        }
        let _ = fs::remove_file(&file);
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        if let Some(pid) = pid {
            // It takes its containers and mounts along.
            let _ = kill_process(pid, Signal::TERM);
        }
        let _ = self.child.wait();
        self.end_containerd();
    }
}

fn launch(folder: &PathBuf) -> Child {
    fs::create_dir_all(folder).expect("a folder");
    let log = File::options()
        .create(true)
        .append(true)
        .open(folder.join("log"));
    let log = log.expect("a log");
    let place = |name: &str| folder.join(name).display().to_string();
    let mut daemon = Command::new("unshare");
    daemon
        .args(["--net", "dockerd"])
        .args(["--host", &format!("unix://{}", place("socket"))])
        .args(["--data-root", &place("data"), "--exec-root", &place("exec")])
        .args(["--pidfile", &place("pid"), "--bridge", "none"])
        .args(["--iptables=false", "--ip-forward=false"])
        .stdin(Stdio::null())
        .stdout(log.try_clone().expect("a log"))
        .stderr(log);
    daemon.spawn().expect("dockerd is there, and this is root")
}

#[test]
fn a_daemon_that_is_killed_and_started_again_is_the_machines_fault_in_docker_with_dockerd() {
    let env = TestEnv::new(
        "hang:\n  script: [echo has-begun, sleep 300]\n  after_script: [echo after]\nquick:\n  when: manual\n  script: [echo quick]\n",
    );
    env.user_settings("docker.network_mode = 'none'\n");
    let mut daemon = Daemon::start(env.sign("d"));
    let host = daemon.host();
    let variables = [("DOCKER_HOST", host.as_str())];
    let mut run = Run::begin(&env, &in_docker(&[]), &variables);
    run.until("\"has-begun\"");
    let killed = Instant::now();
    daemon.kill_and_start();
    let (code, last, text) = run.end();
    assert_eq!(code, Some(4), "{text}");
    assert_eq!(last["jobs"][0]["reason"], "runner_system_failure", "{text}");
    assert!(killed.elapsed() < Duration::from_secs(60), "{text}");
    // The next run takes away what is left of the first.
    let (code, _, text) = Run::begin(&env, &in_docker(&["quick"]), &variables).end();
    assert_eq!(code, Some(0), "{text}");
    let owned = format!("label=pipe.owner={}", env.owner());
    for kind in [&["ps", "-aq"][..], &["volume", "ls", "-q"]] {
        let left = daemon.docker(&[kind, &["--filter", &owned]].concat());
        let lasting = |name: &&str| !name.is_empty() && !name.starts_with("pipe-layer");
        let left: Vec<&str> = left.lines().filter(lasting).collect();
        assert_eq!(left, Vec::<&str>::new(), "{kind:?}: {text}");
    }
}

/// A disk of a daemon's own, which is little.
struct Disk(PathBuf);

impl Disk {
    fn mount(place: PathBuf) -> Self {
        fs::create_dir_all(&place).expect("a folder");
        let disk = Self(place);
        disk.run("mount", &["-t", "tmpfs", "-o", "size=24m", "none"]);
        disk
    }

    /// Leaves so many bytes of it.
    fn fill_up_to(&self, left: u64) {
        let about = rustix::fs::statvfs(&self.0).expect("it is there");
        let free = about.f_bavail * about.f_frsize;
        let length = usize::try_from(free - left).expect("a little disk");
        fs::write(self.0.join("fills-it"), vec![0; length]).expect("room for it");
    }

    fn run(&self, program: &str, arguments: &[&str]) {
        let mut command = Command::new(program);
        let status = command.args(arguments).arg(&self.0).status();
        assert!(status.expect("it is there").success(), "{program}");
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // What the daemon has mounted below goes with it.
        self.run("umount", &["--lazy"]);
    }
}

#[test]
fn the_full_disk_of_a_daemon_is_met_once_and_told_of_in_docker_with_dockerd() {
    let env = TestEnv::new("a:\n  script: [echo a]\nb:\n  script: [echo b]\n");
    env.user_settings("docker.network_mode = 'none'\n");
    env.write("large", &"many words ".repeat(1 << 20));
    let folder = env.sign("d");
    let disk = Disk::mount(folder.join("data"));
    let daemon = Daemon::start(folder.clone());
    disk.fill_up_to(4 << 20);
    let host = daemon.host();
    let (code, last, text) =
        Run::begin(&env, &in_docker(&[]), &[("DOCKER_HOST", host.as_str())]).end();
    assert_eq!(code, Some(4), "{text}");
    for job in [0, 1] {
        let reason = &last["jobs"][job]["reason"];
        assert_eq!(reason, "runner_system_failure", "{text}");
    }
    assert!(
        text.contains("make room on the disk of the Docker daemon"),
        "{text}"
    );
    assert!(!text.contains("trying again"), "{text}");
    let log = fs::read_to_string(folder.join("log")).expect("its log");
    let met = log.matches("project/large: no space left").count();
    assert_eq!(met, 1, "{log}");
    drop(daemon);
    drop(disk);
}
