//! Which executor each job gets (design chapter 3).
//!
//! `auto` never leaves isolation: jobs go to a local Docker engine. The host's shell is only ever
//! the user's explicit choice.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::diag::{Code, Diagnostic};
use crate::exec::{
    Cx, DockerExecutor, Endpoint, ExecError, Executor, Reach, ShellExecutor, ShellSettings,
};
use crate::plan::{Job, Plan};
use crate::settings::{Key, Settings, Source};

use super::failure::{Failure, FailureKind};

/// Time between TERM and KILL of a script on the host.
const GRACE: Duration = Duration::from_secs(10);

/// The executors of this machine.
pub(super) struct Executors {
    docker: Option<Arc<dyn Executor>>,
    shell: Arc<dyn Executor>,
    choice: Choice,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Choice {
    Auto,
    Docker,
    Shell,
}

/// Where the shell executor keeps the folders of its jobs.
fn shell_base(state: &Path) -> PathBuf {
    state.join("shell")
}

/// The Docker engine that the settings and the environment name.
pub fn docker(settings: &Settings) -> Result<DockerExecutor, ExecError> {
    let chosen = settings.get(Key::Executor).is_some_and(|setting| {
        setting.source != Source::Default && settings.text(Key::Executor) == Some("docker")
    });
    let host = settings
        .text(Key::DockerHost)
        .map(str::to_owned)
        .or_else(|| {
            // What is no text names no engine, but it must not be taken for the local one.
            std::env::var_os("DOCKER_HOST").map(|host| host.to_string_lossy().into_owned())
        });
    let reach = if chosen || settings.text(Key::DockerHost).is_some() {
        Reach::Any
    } else {
        Reach::Local
    };
    let runtime_dir = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
    Endpoint::find(host.as_deref(), runtime_dir.as_deref(), reach).map(DockerExecutor::new)
}

impl Executors {
    /// Looks for what the run needs, without asking it anything yet.
    pub(super) fn find(settings: &Settings, state: &Path, run: &str) -> Result<Self, Failure> {
        let choice = match settings.text(Key::Executor) {
            Some("docker") => Choice::Docker,
            Some("shell") => Choice::Shell,
            _ => Choice::Auto,
        };
        let shell = ShellExecutor::new(ShellSettings {
            base: shell_base(state),
            run: run.to_owned(),
            grace: GRACE,
        });
        let docker: Option<Arc<dyn Executor>> = match choice {
            Choice::Shell => None,
            Choice::Auto | Choice::Docker => Some(Arc::new(docker(settings)?)),
        };
        Ok(Self {
            docker,
            shell: Arc::new(shell),
            choice,
        })
    }

    /// Asks the daemon, in a task of its own, who it is: that takes a while.
    pub(super) fn greet(&self) -> Greeting {
        let docker = self.docker.clone();
        Greeting(tokio::spawn(async move {
            match docker {
                Some(docker) => docker.probe(&Cx::unstoppable()).await.map(drop),
                None => Ok(()),
            }
        }))
    }

    /// Every executor that may have left something behind.
    pub(super) fn all(&self) -> impl Iterator<Item = &Arc<dyn Executor>> {
        self.docker.iter().chain([&self.shell])
    }

    /// The executor of each job of the plan.
    pub(super) fn assign(
        &self,
        plan: &Plan,
        default_image: Option<&str>,
    ) -> Result<Vec<Arc<dyn Executor>>, Failure> {
        let Some(docker) = &self.docker else {
            return Ok(plan.jobs.iter().map(|_| Arc::clone(&self.shell)).collect());
        };
        let without: Vec<&Job> = plan
            .jobs
            .iter()
            .filter(|job| {
                job.held.is_none() && job.config.image.is_none() && default_image.is_none()
            })
            .collect();
        match without.first() {
            Some(first) => Err(no_image(first, without.len())),
            None => Ok(plan.jobs.iter().map(|_| Arc::clone(docker)).collect()),
        }
    }

    /// What to tell about the assignment, once.
    pub(super) fn notices(&self, plan: &Plan, default_image: Option<&str>) -> Vec<String> {
        let mut notices = Vec::new();
        let images = plan
            .jobs
            .iter()
            .filter(|job| job.config.image.is_some())
            .count();
        if self.choice == Choice::Shell {
            notices.push("jobs run in the shell of this machine, without isolation".to_owned());
            if images > 0 {
                notices.push("the shell executor ignores `image`".to_owned());
            }
        } else if let Some(image) = default_image
            && images < plan.jobs.len()
        {
            notices.push(format!("jobs without `image` run in `{image}`"));
        }
        let mut tags: Vec<&str> = plan
            .jobs
            .iter()
            .flat_map(|job| &job.tags)
            .map(String::as_str)
            .collect();
        tags.sort_unstable();
        tags.dedup();
        if !tags.is_empty() {
            notices.push(format!(
                "no runner is registered for the tags {}: such jobs run like all others",
                tags.join(", ")
            ));
        }
        notices
    }
}

/// The answer of the daemon, under way.
pub(super) struct Greeting(tokio::task::JoinHandle<Result<(), ExecError>>);

impl Greeting {
    /// Waits for it. A daemon that does not answer ends the run before it begins.
    pub(super) async fn answer(self) -> Result<(), Failure> {
        let answer = self.0.await.unwrap_or_else(|error| {
            Err(ExecError::system("probe", "asking the Docker daemon broke off").because(error))
        });
        Ok(answer?)
    }
}

fn no_image(job: &Job, count: usize) -> Failure {
    let what = match count {
        1 => format!("job `{}` names no image", job.name()),
        count => format!("job `{}` and {} more name no image", job.name(), count - 1),
    };
    Failure::new(
        FailureKind::Environment,
        Diagnostic::new(Code::ImageUnset, what).at(job.config.span).help(
            "give it an `image`; or set `default-image = \"debian:12\"` in `.pipe/config.toml` or in your own `config.toml`",
        ),
    )
}
