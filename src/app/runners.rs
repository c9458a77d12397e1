//! The runners of this machine, and which of them takes each job (design chapter 3).
//!
//! `auto` never leaves isolation: jobs go to a local Docker engine. The host's shell is only ever
//! the user's explicit choice.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::exec::{
    Cx, DockerExecutor, Endpoint, ExecError, Executor, Reach, ShellExecutor, ShellSettings,
};
#[cfg(target_os = "linux")]
use crate::exec::{SandboxExecutor, SandboxSettings};
use crate::plan::{Job, Plan};
use crate::run::{Runner, RunnerIndex};
use crate::settings::{Key, Settings, Source};

use super::docker_settings::docker_settings;
use super::failure::Failure;
use super::folders;

/// Time between TERM and KILL of a script on the host.
const GRACE: Duration = Duration::from_secs(10);

/// The runners of this machine. The user can register none yet: one default takes all jobs.
pub(super) struct Runners {
    default: Runner,
    docker: Option<Arc<dyn Executor>>,
    sandbox: Option<Arc<dyn Executor>>,
    shell: Arc<dyn Executor>,
    choice: Choice,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Choice {
    Auto,
    Docker,
    Sandbox,
    Shell,
}

/// Where the shell executor keeps the folders of its jobs.
fn shell_base(state: &Path) -> PathBuf {
    state.join("shell")
}

/// The Docker engine that the settings and the environment name.
pub fn docker(settings: &Settings) -> Result<DockerExecutor, Failure> {
    let endpoint = endpoint(settings)?;
    Ok(DockerExecutor::new(endpoint, docker_settings(settings)?))
}

/// The same engine, with the layers that it keeps for later runs.
pub(super) fn docker_with_layers(
    settings: &Settings,
    state: &Path,
) -> Result<DockerExecutor, Failure> {
    let endpoint = endpoint(settings)?;
    Ok(DockerExecutor::keeping_layers_in(
        endpoint,
        docker_settings(settings)?,
        &state.join("layers"),
    ))
}

fn endpoint(settings: &Settings) -> Result<Endpoint, ExecError> {
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
    Endpoint::find(host.as_deref(), runtime_dir.as_deref(), reach)
}

/// The executor of our own.
#[cfg(target_os = "linux")]
fn sandbox(run: &str) -> Result<Arc<dyn Executor>, Failure> {
    Ok(Arc::new(SandboxExecutor::new(SandboxSettings {
        base: folders::cache()?.join("sandbox"),
        run: run.to_owned(),
    })))
}

/// Elsewhere than on Linux there is none.
#[cfg(not(target_os = "linux"))]
fn sandbox(_run: &str) -> Result<Arc<dyn Executor>, Failure> {
    let text = "the sandbox executor works with Linux alone";
    Err(ExecError::unsupported("sandbox", text)
        .help("use `--executor docker`")
        .into())
}

impl Runners {
    /// Looks for what the run needs, without asking it anything yet.
    pub(super) fn find(settings: &Settings, state: &Path, run: &str) -> Result<Self, Failure> {
        let choice = match settings.text(Key::Executor) {
            Some("docker") => Choice::Docker,
            Some("sandbox") => Choice::Sandbox,
            Some("shell") => Choice::Shell,
            _ => Choice::Auto,
        };
        let shell = ShellExecutor::new(ShellSettings {
            base: shell_base(state),
            run: run.to_owned(),
            grace: GRACE,
        });
        let docker: Option<Arc<dyn Executor>> = match choice {
            Choice::Shell | Choice::Sandbox => None,
            Choice::Auto | Choice::Docker => Some(Arc::new(docker_with_layers(settings, state)?)),
        };
        let shell: Arc<dyn Executor> = Arc::new(shell);
        let sandbox = match choice {
            Choice::Sandbox => Some(sandbox(run)?),
            Choice::Auto | Choice::Docker | Choice::Shell => None,
        };
        Ok(Self {
            default: default_runner(sandbox.as_ref().or(docker.as_ref()).unwrap_or(&shell)),
            docker,
            sandbox,
            shell,
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

    /// Whether directories are known only once the daemon has answered.
    pub(super) fn answers_first(&self) -> bool {
        let docker = self.docker.as_ref();
        docker.is_some_and(|docker| docker.traits().tells_layout)
    }

    /// Every executor that may have left something behind.
    pub(super) fn all(&self) -> impl Iterator<Item = &Arc<dyn Executor>> {
        let containers = self.docker.iter().chain(&self.sandbox);
        containers.chain([&self.shell])
    }

    /// Which runner takes each job of the plan.
    pub(super) fn assign(&self, plan: &Plan) -> Assignment {
        Assignment::new(vec![self.default.clone()], plan)
    }

    /// What to tell about the assignment, once.
    pub(super) fn notices(&self, plan: &Plan, default_image: Option<&str>) -> Vec<String> {
        let mut notices = Vec::new();
        let scripts = || plan.jobs.iter().filter(|job| !job.makes_child());
        let images = scripts().filter(|job| job.config.image.is_some()).count();
        if self.choice == Choice::Shell {
            notices.push("jobs run in the shell of this machine, without isolation".to_owned());
            if images > 0 {
                notices.push("the shell executor ignores `image`".to_owned());
            }
            if plan.jobs.iter().any(|job| !job.config.services.is_empty()) {
                notices.push("the shell executor ignores `services`".to_owned());
            }
        } else if let Some(image) = default_image
            && images < scripts().count()
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

/// The runner that takes all jobs.
pub fn default_runner(executor: &Arc<dyn Executor>) -> Runner {
    let description = format!("pipe {}", executor.name());
    Runner::untagged(description, Arc::clone(executor))
}

/// Which runner takes each job of a plan.
pub struct Assignment {
    runners: Vec<Runner>,
    /// By place in the plan.
    by_job: Vec<RunnerIndex>,
}

impl Assignment {
    /// The first runner that takes a job gets it. What none takes goes to the first of all, which
    /// is the default.
    pub fn new(runners: Vec<Runner>, plan: &Plan) -> Self {
        let taker = |job: &Job| {
            let takes = |runner: &Runner| runner.takes(job.tags.iter().map(String::as_str));
            RunnerIndex(runners.iter().position(takes).unwrap_or(0))
        };
        let by_job = plan.jobs.iter().map(taker).collect();
        Self { runners, by_job }
    }

    /// The runners, for the run.
    pub fn runners(&self) -> &[Runner] {
        &self.runners
    }

    pub(super) fn index(&self, at: usize) -> RunnerIndex {
        self.by_job[at]
    }

    /// The runner of the job at that place of the plan.
    pub(super) fn runner(&self, at: usize) -> &Runner {
        &self.runners[self.by_job[at].0]
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
