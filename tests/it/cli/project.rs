//! What `pipe` prints in a test's checkout, as a golden file keeps it.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::env::{PIPE, TestEnv};

/// A checkout on the branch `main`, with a home of its own. Nothing of this machine's user shows.
pub(crate) struct Project {
    checkout: TestEnv,
    env: Vec<(String, String)>,
}

impl Project {
    /// A repository without a commit.
    pub(crate) fn empty() -> Self {
        Self::of(TestEnv::empty())
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
        Self::of(TestEnv::copied(from))
    }

    fn of(checkout: TestEnv) -> Self {
        Self {
            checkout,
            env: Vec::new(),
        }
    }

    /// The work tree.
    pub(crate) fn root(&self) -> PathBuf {
        self.checkout.project()
    }

    /// The user's home.
    pub(crate) fn home(&self) -> PathBuf {
        self.checkout.home()
    }

    /// Sets a variable of the environment that `pipe` gets.
    #[must_use]
    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Writes a file of the work tree.
    pub(crate) fn write(&self, path: &str, text: &str) {
        self.checkout.write(path, text);
    }

    /// Commits everything.
    pub(crate) fn commit(&self) {
        self.checkout.commit();
    }

    /// Runs git in the work tree.
    pub(crate) fn git(&self, arguments: &[&str]) {
        self.checkout.git(arguments);
    }

    /// A `pipe` command, not yet run.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(PIPE);
        command.current_dir(self.root()).env_clear();
        command
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.home())
            .env("USER", "ada")
            .env("LANG", "C.UTF-8");
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
        let folder = self.checkout.folder();
        let place = fs::canonicalize(folder).expect("the folder is there");
        let text = text
            .replace(&*place.to_string_lossy(), "[tmp]")
            .replace(&*folder.to_string_lossy(), "[tmp]");
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
}
