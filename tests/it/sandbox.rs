//! Pipelines in sandboxes, with no daemon: as root and as a user without any rights.

use std::io::{BufRead, BufReader};
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::env::TestEnv;

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
        // The program may lie where only root gets.
        let program = env.folder().join("pipe");
        std::fs::copy(env!("CARGO_BIN_EXE_pipe"), &program).expect("copied");
        if let Some(user) = user {
            give(env.folder(), user);
        }
        Self { env, program, user }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let program = self.program.display().to_string();
        let mut command = self.env.program(&program, arguments);
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
        let begun = Instant::now();
        while !place.traces().is_empty() {
            assert!(
                begun.elapsed() < Duration::from_secs(5),
                "{:?}: {:?}",
                place.user,
                place.traces()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
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

#[test]
fn nothing_stays_mounted_whenever_it_is_killed() {
    for place in Place::all(HANGS) {
        for moment in [5, 15, 25, 35, 50, 80] {
            let mut child = place
                .command(&["run", "hang", "--executor", "sandbox"])
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .expect("it starts");
            std::thread::sleep(Duration::from_millis(moment));
            child.kill().expect("our own child");
            child.wait().expect("our own child");
        }
        let begun = Instant::now();
        while !place.traces().is_empty() {
            assert!(
                begun.elapsed() < Duration::from_secs(5),
                "{:?}: {:?}",
                place.user,
                place.traces()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}
