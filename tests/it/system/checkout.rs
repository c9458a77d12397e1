//! A developer's checkout of the guest book, and what a run of its pipeline tells.

use std::fs;
use std::path::Path;

use serde_json::{Map, Value, json};

use crate::env::{On, TestEnv};
use crate::result;

/// The project on its server.
const PROJECT: &str = "gitlab.guestbook.example/web/guestbook";

/// Such a checkout, on the branch `issue-12`.
pub(super) struct GuestBook {
    pub(super) env: TestEnv,
    on: On,
}

/// How a run ended.
pub(super) struct Ended {
    pub(super) exit: Option<i32>,
    /// `name status` of each job, in pipeline order.
    pub(super) jobs: Vec<String>,
    pub(super) held: Vec<String>,
    /// All that it printed, for messages.
    pub(super) text: String,
    events: Vec<Value>,
}

impl GuestBook {
    /// Its jobs will run there.
    pub(super) fn on(on: On) -> Self {
        let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/samples/guestbook");
        let env = TestEnv::copied(&sample);
        for arguments in [
            "checkout -q -b issue-12",
            "branch -q -D main",
            "remote add origin git@gitlab.guestbook.example:web/guestbook.git",
            "update-ref refs/remotes/origin/master HEAD",
            "update-ref refs/remotes/origin/develop HEAD",
            "symbolic-ref refs/remotes/origin/HEAD refs/remotes/origin/master",
        ] {
            env.git(&arguments.split(' ').collect::<Vec<_>>());
        }
        if on == On::Sandbox {
            env.bring_images(&[
                "pipe-system-python:1",
                "pipe-system-mysql:1",
                "pipe-system-redis:1",
            ]);
        }
        Self { env, on }
    }

    /// The user's own settings.
    pub(super) fn settings(&self, text: &str) {
        self.write_config("config.toml", text);
    }

    /// CI/CD variables that the project has on its server; a file where the name says so.
    pub(super) fn variables(&self, variables: &[(&str, &str)]) {
        let entry = |(name, value): &(&str, &str)| {
            let kind = if name.starts_with("SSH_") {
                "file"
            } else {
                "env_var"
            };
            ((*name).to_owned(), json!({"type": kind, "value": value}))
        };
        let entries: Map<String, Value> = variables.iter().map(entry).collect();
        let text = json!({"project": {PROJECT: entries}}).to_string();
        self.write_config("variables.yml", &text);
    }

    fn write_config(&self, name: &str, text: &str) {
        let folder = self.env.home().join("config/pipe");
        fs::create_dir_all(&folder).expect("a folder");
        fs::write(folder.join(name), text).expect("a file of the user");
    }

    /// Replaces a text in a file of the work tree.
    pub(super) fn edit(&self, path: &str, from: &str, to: &str) {
        let file = self.env.project().join(path);
        let text = fs::read_to_string(&file).expect("a file of the sample");
        let edited = text.replace(from, to);
        assert_ne!(edited, text, "{path} has `{from}`");
        fs::write(file, edited).expect("a file of the sample");
    }

    /// The first digits of HEAD, as GitLab shows them.
    pub(super) fn short_sha(&self) -> String {
        let output = self.env.program("git", &["rev-parse", "HEAD"]).output();
        let text = String::from_utf8(output.expect("git").stdout).expect("a commit");
        text[..8].to_owned()
    }

    /// Runs the pipeline.
    pub(super) fn run(&self, arguments: &[&str]) -> Ended {
        let run = ["run", "--executor", self.on.name(), "--format", "json"];
        let output = self.env.output(&[&run, arguments].concat());
        let out = String::from_utf8_lossy(&output.stdout).into_owned();
        let events: Vec<Value> = out
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok())
            .collect();
        let last = events.last().cloned().unwrap_or_default();
        Ended {
            exit: output.status.code(),
            jobs: result::jobs(&last),
            held: result::held(&last),
            text: out + &String::from_utf8_lossy(&output.stderr),
            events,
        }
    }
}

impl Ended {
    /// What a job printed.
    pub(super) fn log(&self, job: &str) -> String {
        let lines = self
            .events
            .iter()
            .filter(|event| event["kind"] == "log" && event["job"] == job);
        let lines = lines.filter_map(|event| event["text"].as_str());
        lines.collect::<Vec<_>>().join("\n")
    }
}
