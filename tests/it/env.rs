//! A user who exists for one test: home, project and temporary folder of their own, and nothing
//! of the environment that the tests run in.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

use crate::engine::{self, Engine};
use crate::pty::Pty;
use crate::store;

/// The program under test.
pub(crate) const PIPE: &str = env!("CARGO_BIN_EXE_pipe");

/// Where the jobs of a test run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum On {
    Docker,
    Sandbox,
    Shell,
}

impl On {
    /// Where images are. Those of sandboxes come from the daemon.
    pub(crate) const CONTAINERS: [Self; 2] = [Self::Docker, Self::Sandbox];

    /// All that is to be tested here.
    pub(crate) fn here() -> impl Iterator<Item = Self> {
        let containers = Self::CONTAINERS.into_iter();
        let containers = containers.filter(|_| engine::is_wanted());
        containers.chain([Self::Shell])
    }

    /// Its name for `--executor`.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Docker => "docker",
            Self::Sandbox => "sandbox",
            Self::Shell => "shell",
        }
    }
}

/// The exit code, and all that was printed, on either stream.
pub(crate) fn told(output: Output) -> (Option<i32>, String) {
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    (output.status.code(), text)
}

/// Copies the program under test, which may lie where only root gets.
pub(crate) fn copy_program(to: &Path) {
    // Another process writes it: what this one has open for writing, a program that another test
    // starts has too for a moment, and what is open for writing can't be run.
    let copied = Command::new("cp").arg(PIPE).arg(to).status();
    assert!(copied.is_ok_and(|status| status.success()), "copied");
}

/// Such a user. All of it goes at the end of the test.
pub(crate) struct TestEnv {
    folder: TempDir,
}

impl TestEnv {
    /// A project of one commit whose pipeline is `jobs`; each runs in the image of the tests
    /// where it runs in a container.
    pub(crate) fn new(jobs: &str) -> Self {
        let env = Self::empty();
        let text = format!("default:\n  image: {}\n{jobs}", engine::IMAGE);
        env.write(".gitlab-ci.yml", &text);
        env.commit();
        if engine::is_wanted() {
            env.bring_images(&[engine::IMAGE]);
        }
        env
    }

    /// Lets sandboxes have these images of the daemon.
    pub(crate) fn bring_images(&self, images: &[&str]) {
        let cache = self.home().join("cache/pipe");
        fs::create_dir_all(&cache).expect("a folder");
        symlink(store::with(images), cache.join("images")).expect("a link");
    }

    /// A project of one commit with the files of a folder, snapshots left out.
    pub(crate) fn copied(from: &Path) -> Self {
        let env = Self::empty();
        copy(from, &env.project());
        env.commit();
        env
    }

    /// A project without a commit, on the branch `main`.
    pub(crate) fn empty() -> Self {
        let env = Self {
            folder: tempfile::tempdir().expect("a temporary folder"),
        };
        for folder in ["home", "temp", "project"] {
            fs::create_dir(env.folder.path().join(folder)).expect("a folder");
        }
        // Without the template: its hooks are a dozen files that no test needs.
        env.git(&["init", "-q", "-b", "main", "--template="]);
        env
    }

    /// The folder that holds all of it.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file of the work tree.
    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.project().join(path);
        let folder = path.parent().expect("a file lies in a folder");
        fs::create_dir_all(folder).expect("a folder");
        fs::write(path, text).expect("a file");
    }

    /// Writes the user's own settings.
    pub(crate) fn user_settings(&self, text: &str) {
        let folder = self.home().join("config/pipe");
        fs::create_dir_all(&folder).expect("a folder");
        fs::write(folder.join("config.toml"), text).expect("a file");
    }

    /// Commits everything.
    pub(crate) fn commit(&self) {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "--allow-empty", "-m", "start"]);
    }

    /// Runs git in the work tree, always by the same person at the same time.
    pub(crate) fn git(&self, arguments: &[&str]) {
        let time = "2024-05-01T12:00:00Z";
        let mut git = self.program("git", arguments);
        git.env("GIT_AUTHOR_DATE", time)
            .env("GIT_COMMITTER_DATE", time);
        let status = git.status();
        assert!(status.is_ok_and(|status| status.success()), "{arguments:?}");
    }

    /// The checkout.
    pub(crate) fn project(&self) -> PathBuf {
        self.folder.path().join("project")
    }

    /// `$HOME`.
    pub(crate) fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    /// A file outside the project, by which a test and its jobs give each other signs.
    pub(crate) fn sign(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// `pipe` in the project, with nothing to read.
    pub(crate) fn pipe(&self, arguments: &[&str]) -> Command {
        let mut command = self.program(PIPE, arguments);
        command.stdin(Stdio::null());
        command
    }

    /// What `pipe` says in the end.
    pub(crate) fn output(&self, arguments: &[&str]) -> Output {
        let output = self.pipe(arguments).output();
        output.expect("the program starts")
    }

    /// The same as exit code and text.
    pub(crate) fn told(&self, arguments: &[&str]) -> (Option<i32>, String) {
        told(self.output(arguments))
    }

    /// A terminal for `pipe` in the project.
    pub(crate) fn terminal(&self, columns: u16, rows: u16) -> Pty {
        let pty = Pty::new(columns, rows).cwd(self.project());
        let variables = self.variables().into_iter();
        variables.fold(pty, |pty, (name, value)| pty.env(&name, &value))
    }

    pub(crate) fn program(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        command
            .args(arguments)
            .current_dir(self.project())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .envs(self.variables());
        command
    }

    fn variables(&self) -> Vec<(String, String)> {
        let path = |name: &str| self.folder.path().join(name).display().to_string();
        let who = [("NAME", "Ada"), ("EMAIL", "ada@example.com")];
        let git = who.into_iter().flat_map(|(what, value)| {
            ["AUTHOR", "COMMITTER"].map(|role| (format!("GIT_{role}_{what}"), value.to_owned()))
        });
        let own = [
            ("HOME", path("home")),
            ("XDG_STATE_HOME", path("home/state")),
            ("XDG_CONFIG_HOME", path("home/config")),
            ("XDG_CACHE_HOME", path("home/cache")),
            ("TMPDIR", path("temp")),
            ("LANG", "C.UTF-8".to_owned()),
            ("GIT_CONFIG_NOSYSTEM", "1".to_owned()),
        ];
        let daemon = std::env::var("DOCKER_HOST").ok();
        let daemon = daemon.map(|host| ("DOCKER_HOST".to_owned(), host));
        let own = own.map(|(name, value)| (name.to_owned(), value));
        own.into_iter().chain(git).chain(daemon).collect()
    }

    /// Whose mark everything carries that `pipe` makes outside its folders.
    pub(crate) fn owner(&self) -> String {
        pipe::tested::State::new(self.home().join("state/pipe")).owner()
    }

    /// The records of runs, by their folders.
    pub(crate) fn records(&self) -> Vec<String> {
        let projects = fs::read_dir(self.home().join("state/pipe"));
        (projects.into_iter().flatten().flatten())
            .filter_map(|project| fs::read_dir(project.path().join("runs")).ok())
            .flatten()
            .map(|run| run.expect("a run").path().display().to_string())
            .collect()
    }

    /// What is left of runs besides their records: temporary files, trees, folders of jobs,
    /// and what the daemon still has.
    pub(crate) fn leftovers(&self) -> Vec<String> {
        let folders = [
            "temp",
            "home/state/pipe/trees",
            "home/state/pipe/shell",
            "home/cache/pipe/sandbox/jobs",
        ];
        let mut found: Vec<String> = folders
            .iter()
            .filter_map(|folder| fs::read_dir(self.folder.path().join(folder)).ok())
            .flat_map(|entries| entries.map(|entry| entry.expect("an entry").path()))
            .map(|path| path.display().to_string())
            .collect();
        if engine::is_wanted() {
            let kept = self.kept_layers();
            let all = Engine::new().all_of(&self.owner());
            found.extend(all.into_iter().filter(|name| !kept.contains(name)));
        }
        found
    }

    /// The volumes with project trees that `pipe` keeps for the next run.
    fn kept_layers(&self) -> Vec<String> {
        // Where `XDG_STATE_HOME` says, and where it is without it.
        let states = ["state", ".local/state"].map(|state| self.home().join(state));
        let daemons = states.map(|state| fs::read_dir(state.join("pipe/layers")));
        (daemons.into_iter().flatten().flatten().flatten())
            .filter_map(|daemon| fs::read_dir(daemon.path()).ok())
            .flat_map(Iterator::flatten)
            .filter_map(|layer| fs::read_to_string(layer.path()).ok())
            .filter_map(|noted| Some(noted.lines().next()?.to_owned()))
            .collect()
    }
}

impl Drop for TestEnv {
    fn drop(&mut self) {
        let kept = self.kept_layers();
        if !kept.is_empty() {
            Engine::new().remove_volumes(&kept);
        }
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let path = entry.expect("an entry").path();
        let target = to.join(path.file_name().expect("a name"));
        let is_snapshot = (path.extension()).is_some_and(|end| end == "snap" || end == "new");
        if path.is_dir() {
            copy(&path, &target);
        } else if !is_snapshot {
            fs::copy(&path, target).expect("a file");
        }
    }
}
