//! Pipelines in sandboxes, with no daemon: as root and as a user without any rights.

use std::io::{BufRead, BufReader};
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

mod events;
mod files;
mod network;

use crate::env::{TestEnv, copy_program};

/// A number that no user has.
const USER: u32 = 61_235;

const JOBS: &str = r#"
build:
  stage: build
  script:
    - mkdir out && echo "built by $CI_JOB_NAME" >out/result
    - echo "WORD=reported" >build.env
  artifacts:
    paths: [out]
    reports: {dotenv: build.env}
test:
  script:
    - cat out/result
    - echo "$WORD $CI_JOB_IMAGE"
    - git log --oneline | wc -l
  after_script:
    - echo "after $CI_JOB_STATUS"
fails:
  script: [exit 3]
  allow_failure: {exit_codes: 3}
"#;

const HANGS: &str = "hang:\n  script:\n    - echo has begun\n    - (setsid sleep 300.4711 &) ; sleep 300.4711\nquick:\n  script: [echo quick]\n";

/// A user's project.
struct Place {
    env: TestEnv,
    program: PathBuf,
    user: Option<u32>,
}

impl Place {
    /// The same project for whoever runs the tests and, where that is root, for a plain user.
    fn all(jobs: &str) -> Vec<Self> {
        let users = if rustix::process::geteuid().is_root() {
            vec![None, Some(USER)]
        } else {
            vec![None]
        };
        users.into_iter().map(|user| Self::of(user, jobs)).collect()
    }

    fn of(user: Option<u32>, jobs: &str) -> Self {
        let env = TestEnv::empty();
        env.write(".gitlab-ci.yml", jobs);
        env.commit();
        let program = env.folder().join("pipe");
        copy_program(&program);
        if let Some(user) = user {
            give(env.folder(), user);
        }
        Self { env, program, user }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        self.command_of(&self.program.display().to_string(), arguments)
    }

    fn command_of(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = self.env.program(program, arguments);
        command.env("DOCKER_HOST", "unix:///nonexistent/docker.sock");
        command.stdin(Stdio::null());
        if let Some(user) = self.user {
            command.uid(user).gid(user);
        }
        command
    }

    /// Starts a run whose job has begun.
    fn hanging(&self) -> Child {
        let mut child = self
            .command(&["run", "hang", "--executor", "sandbox", "--format", "plain"])
            .stdout(Stdio::piped())
            .spawn()
            .expect("it starts");
        let out = BufReader::new(child.stdout.take().expect("a pipe"));
        let begun = out
            .lines()
            .map_while(Result::ok)
            .any(|line| line.ends_with("> has begun"));
        assert!(begun, "the job never began");
        child
    }

    /// What of the killed run is still there, mounted or running.
    fn traces(&self) -> Vec<String> {
        let folder = self.env.folder().display().to_string();
        let mounts = std::fs::read_to_string("/proc/self/mountinfo").expect("mounts");
        let mounts = mounts.lines().filter(|line| line.contains(&folder));
        let mut traces: Vec<String> = mounts.map(str::to_owned).collect();
        for process in std::fs::read_dir("/proc").expect("processes").flatten() {
            let words = std::fs::read(process.path().join("cmdline")).unwrap_or_default();
            let words = String::from_utf8_lossy(&words).into_owned();
            if words.contains("300.4711")
                || words.starts_with("pipe-sandbox") && self.owns(&process.path())
            {
                traces.push(words);
            }
        }
        traces
    }

    /// Waits until nothing of the killed run is there any more.
    #[track_caller]
    fn loses_its_traces(&self, case: &str) {
        let begun = Instant::now();
        loop {
            let traces = self.traces();
            if traces.is_empty() {
                return;
            }
            let waited = begun.elapsed();
            assert!(
                waited < Duration::from_secs(5),
                "{:?}, {case}: {traces:?}",
                self.user
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Whether the process lives and is of this place's user: other tests run at the same time.
    fn owns(&self, process: &Path) -> bool {
        use std::os::unix::fs::MetadataExt;
        let lives =
            std::fs::read_to_string(process.join("stat")).is_ok_and(|stat| !stat.contains(") Z "));
        lives
            && self.user.is_some_and(|user| {
                std::fs::metadata(process).is_ok_and(|about| about.uid() == user)
            })
    }
}

fn give(path: &Path, user: u32) {
    chown(path, Some(user), Some(user)).expect("given away");
    if path.is_dir() && !path.is_symlink() {
        for entry in std::fs::read_dir(path).expect("a folder").flatten() {
            give(&entry.path(), user);
        }
    }
}

#[test]
fn a_pipeline_runs_with_no_daemon() {
    for place in Place::all(JOBS) {
        let output = place.command(&["run", "--format", "plain"]).output();
        let output = output.expect("it starts");
        let (told, said) = (
            String::from_utf8_lossy(&output.stderr),
            String::from_utf8_lossy(&output.stdout),
        );
        assert_eq!(
            output.status.code(),
            Some(0),
            "{:?}: {said}{told}",
            place.user
        );
        for line in [
            "> built by build\n",
            "> reported host\n",
            "> 1\n",
            "> after success\n",
        ] {
            assert!(
                said.contains(line),
                "{:?}: {line}: {said}{told}",
                place.user
            );
        }
        let notice = "jobs without `image` run in a sandbox with a picture of this machine";
        assert!(told.contains(notice), "{told}");
        let jobs = place.env.home().join("cache/pipe/sandbox/jobs");
        let left = std::fs::read_dir(jobs).expect("a folder").count();
        assert_eq!(left, 0, "{:?}", place.user);
    }
}

#[test]
fn nothing_lives_on_after_a_kill() {
    for place in Place::all(HANGS) {
        let mut child = place.hanging();
        child.kill().expect("our own child");
        child.wait().expect("our own child");
        place.loses_its_traces("killed");
        let next = place
            .command(&["run", "quick", "--executor", "sandbox"])
            .output();
        let told = String::from_utf8_lossy(&next.expect("it starts").stderr).into_owned();
        assert!(
            told.contains("removed what a killed run left: folder"),
            "{:?}: {told}",
            place.user
        );
    }
}

/// Milliseconds after which a run is killed: from its first to when its job has begun, others
/// each time.
fn moments() -> impl Iterator<Item = u64> {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let seed = u64::from(now.expect("a time").subsec_nanos());
    (0..12).map(move |step| step * 12 + seed % 12)
}

/// Control groups of jobs of this name.
fn groups(job: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut ahead = vec![PathBuf::from("/sys/fs/cgroup")];
    while let Some(folder) = ahead.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                let name = entry.file_name().to_string_lossy().into_owned();
                found.extend(
                    (name.starts_with("pipe-") && name.contains(job)).then(|| entry.path()),
                );
                ahead.push(entry.path());
            }
        }
    }
    found
}

#[test]
fn nothing_stays_mounted_whenever_it_is_killed() {
    let job = format!("hang-{}", std::process::id());
    let jobs = HANGS.replace("hang:", &format!("{job}:"));
    for place in Place::all(&jobs) {
        let mut killed_at = Vec::new();
        for moment in moments() {
            killed_at.push(moment);
            let mut child = place
                .command(&["run", &job, "--executor", "sandbox"])
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .expect("it starts");
            std::thread::sleep(Duration::from_millis(moment));
            child.kill().expect("our own child");
            child.wait().expect("our own child");
        }
        place.loses_its_traces(&format!("killed at {killed_at:?}"));
        // Its groups go with the next run.
        let next = place
            .command(&["run", "quick", "--executor", "sandbox"])
            .output();
        assert!(next.expect("it starts").status.success());
        assert_eq!(groups(&job), Vec::<PathBuf>::new(), "{killed_at:?}");
        let jobs = place.env.home().join("cache/pipe/sandbox/jobs");
        let left = std::fs::read_dir(jobs).expect("a folder").flatten();
        // One that was being made has no name yet.
        let left = left.filter(|it| !it.file_name().as_encoded_bytes().starts_with(b"."));
        assert_eq!(left.count(), 0, "{:?} at {killed_at:?}", place.user);
    }
}

const BOMB: &str = "bomb-in-docker:\n  script: [head -c 400000000 /dev/zero | tail >/dev/null]\nbeside:\n  script: [sleep 1; echo all is well]\n";

/// A command as a line for a shell, with nothing around it but its own variables.
fn line(command: &Command) -> String {
    let quoted = |text: &std::ffi::OsStr| format!("'{}'", text.to_string_lossy());
    let folder = command.get_current_dir().expect("a folder");
    let mut words = vec![format!("cd {} && exec env -i", quoted(folder.as_os_str()))];
    for (name, value) in command.get_envs() {
        let value = value.unwrap_or_default().to_string_lossy();
        words.push(format!("{}='{value}'", name.to_string_lossy()));
    }
    words.push(quoted(command.get_program()));
    words.extend(command.get_args().map(quoted));
    words.join(" ")
}

/// A container has a control group of its own, below which `pipe` makes those of its jobs.
#[test]
fn a_memory_bomb_ends_its_job_alone_in_docker() {
    let place = Place::of(None, BOMB);
    let mut inner = place.command(&["run", "--executor", "sandbox", "--format", "plain"]);
    inner.env("PIPE_DOCKER_MEMORY", "48m");
    let script = place.env.folder().join("inner.sh");
    std::fs::write(&script, line(&inner)).expect("written");
    // In a mere `chroot` nobody gets a namespace of users.
    let enter = format!(
        "cd /host && mount -t proc proc proc && pivot_root . mnt && exec chroot . sh {}",
        script.display()
    );
    let around = TestEnv::new(&format!(
        "around:\n  script:\n    - unshare -m sh -c '{enter}'\n"
    ));
    around.user_settings(
        "docker.cap_add = ['SYS_ADMIN']\ndocker.security_opt = ['seccomp=unconfined']\n\
         docker.volumes = ['/:/host']\n",
    );
    let output = around.output(&["run", "--executor", "docker", "--format", "plain"]);
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    assert!(said.contains("> all is well"), "{said}");
    // Where the kernel lets nobody set limits below a container's group, that is told.
    let is_told = said.contains("nothing holds `docker.memory`");
    let is_ended = said.contains("killed (SIGKILL)");
    assert!(is_told != is_ended, "{said}");
    assert_eq!(groups("bomb-in-docker"), Vec::<PathBuf>::new());
    assert_eq!(around.leftovers(), Vec::<String>::new());
}
