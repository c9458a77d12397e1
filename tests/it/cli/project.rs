//! A git checkout of one test, and `pipe` run in it as in a user's terminal.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

/// A checkout on the branch `main`, with a home of its own. Nothing of this machine's user shows.
pub(crate) struct Project {
    folder: TempDir,
    env: Vec<(String, String)>,
}

impl Project {
    /// A repository without a commit.
    pub(crate) fn empty() -> Self {
        let project = Self {
            folder: TempDir::new().expect("a temporary folder"),
            env: Vec::new(),
        };
        fs::create_dir_all(project.root()).expect("a folder can be made");
        fs::create_dir_all(project.home()).expect("a folder can be made");
        project.git(&["init", "-q", "-b", "main"]);
        project
    }

    /// A repository whose one commit has this `.gitlab-ci.yml`.
    pub(crate) fn new(configuration: &str) -> Self {
        let project = Self::empty();
        project.write(".gitlab-ci.yml", configuration);
        project.commit();
        project
    }

    /// A repository whose one commit has the files of a folder, snapshots left out.
    pub(crate) fn copied(from: &Path) -> Self {
        let project = Self::empty();
        copy(from, &project.root());
        project.commit();
        project
    }

    /// The work tree.
    pub(crate) fn root(&self) -> PathBuf {
        self.folder.path().join("project")
    }

    /// The user's home.
    pub(crate) fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    /// Sets a variable of the environment that `pipe` gets.
    #[must_use]
    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Writes a file of the work tree.
    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.root().join(path);
        fs::create_dir_all(path.parent().expect("a file lies in a folder"))
            .expect("a folder can be made");
        fs::write(path, text).expect("a file can be written");
    }

    /// Commits everything.
    pub(crate) fn commit(&self) {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "--allow-empty", "-m", "start"]);
    }

    /// Runs git in the work tree.
    pub(crate) fn git(&self, arguments: &[&str]) {
        let mut git = self.clean("git");
        git.args(["-c", "user.name=Ada", "-c", "user.email=ada@pipe.example"]);
        git.env("GIT_AUTHOR_DATE", "2024-05-01T12:00:00Z");
        git.env("GIT_COMMITTER_DATE", "2024-05-01T12:00:00Z");
        let status = git.args(arguments).status().expect("git can be started");
        assert!(status.success(), "git {arguments:?}");
    }

    /// A `pipe` command, not yet run.
    pub(crate) fn command(&self) -> Command {
        let mut command = self.clean(env!("CARGO_BIN_EXE_pipe"));
        command.envs(self.env.iter().map(|(name, value)| (name, value)));
        command
    }

    /// What `pipe` prints and how it ends, for a golden file: what differs from machine to
    /// machine is replaced.
    pub(crate) fn pipe(&self, arguments: &[&str]) -> String {
        let output = self
            .command()
            .args(arguments)
            .output()
            .expect("pipe can be started");
        self.shown(&format!("$ pipe {}", arguments.join(" ")), &output)
    }

    /// `output` under a title, in the form of a golden file.
    pub(crate) fn shown(&self, title: &str, output: &Output) -> String {
        let mut text = format!("{title}\n");
        for (name, bytes) in [("stdout", &output.stdout), ("stderr", &output.stderr)] {
            let part = self.redacted(&String::from_utf8_lossy(bytes));
            if !part.is_empty() {
                let _ = write!(text, "--- {name}\n{part}");
            }
        }
        let end = match output.status.code() {
            Some(code) => format!("--- exit {code}\n"),
            None => "--- killed\n".to_owned(),
        };
        text + &end
    }

    fn redacted(&self, text: &str) -> String {
        let place = fs::canonicalize(self.folder.path()).expect("the folder is there");
        let text = text
            .replace(&*place.to_string_lossy(), "[tmp]")
            .replace(&*self.folder.path().to_string_lossy(), "[tmp]");
        [
            (r"\b[0-9a-f]{40}\b", "[sha]"),
            (r"\b[0-9a-f]{8}\b", "[sha8..]"),
        ]
        .iter()
        .fold(text, |text, (pattern, name)| {
            let pattern = regex::Regex::new(pattern).expect("the pattern is right");
            pattern.replace_all(&text, *name).into_owned()
        })
    }

    fn clean(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.current_dir(self.root()).env_clear();
        command
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.home())
            .env("USER", "ada")
            .env("LANG", "C.UTF-8");
        command
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder can be made");
    for entry in fs::read_dir(from).expect("the folder can be read") {
        let path = entry.expect("the folder can be read").path();
        let target = to.join(path.file_name().expect("an entry has a name"));
        if path.is_dir() {
            copy(&path, &target);
        } else if path
            .extension()
            .is_none_or(|extension| extension != "snap" && extension != "new")
        {
            fs::copy(&path, target).expect("a file can be copied");
        }
    }
}
