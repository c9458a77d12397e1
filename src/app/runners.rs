//! The executors of this machine, and which of them a run has (design chapter 3).
//!
//! `auto` never leaves isolation: jobs with an image go to a local Docker engine where one answers,
//! all others to sandboxes. The host's shell is only ever the user's explicit choice.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::exec::{
    Cx, DockerExecutor, Endpoint, ExecError, Executor, Reach, ShellExecutor, ShellSettings,
};
#[cfg(target_os = "linux")]
use crate::exec::{SandboxExecutor, SandboxNetwork, SandboxSettings, sandbox_way_out};
use crate::plan::Plan;
use crate::settings::{Key, Settings, Source};

use super::assignment::{Assignment, runners};
#[cfg(target_os = "linux")]
use super::docker_settings::{
    check_sandbox_network, sandbox_extras, sandbox_limits, sandbox_network,
    without_effect_in_sandboxes,
};
use super::docker_settings::{docker_settings, keyring};
use super::failure::Failure;
use super::folders;
use super::setting_files::certificates;

/// Time between TERM and KILL of a script on the host.
const GRACE: Duration = Duration::from_secs(10);

/// The runners of this machine. The user can register none yet: there is one for each executor.
pub(super) struct Runners {
    docker: Option<Arc<dyn Executor>>,
    sandbox: Option<Arc<dyn Executor>>,
    shell: Arc<dyn Executor>,
    choice: Choice,
    /// Why there is no Docker engine, where sandboxes stand in for it.
    no_docker: Option<String>,
    /// Where jobs in sandboxes are to have a way out of their network and there is none: what to do.
    no_way_out: Option<&'static str>,
    /// Settings that have no effect in sandboxes.
    without_effect: Vec<String>,
    /// Whether jobs get the daemon's socket.
    gives_socket: bool,
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

/// The sandboxes of this machine, for looking at them.
pub fn sandboxes(settings: &Settings) -> Result<Arc<dyn Executor>, Failure> {
    sandbox(settings, None, None)
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

/// Where the Docker engine is that the settings and the environment name, if there may be one.
pub(super) fn endpoint(settings: &Settings) -> Result<Endpoint, ExecError> {
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

/// The executor of our own, for a run or for looking at it.
#[cfg(target_os = "linux")]
fn sandbox(
    settings: &Settings,
    run: Option<&str>,
    certificates: Option<Vec<u8>>,
) -> Result<Arc<dyn Executor>, Failure> {
    Ok(Arc::new(SandboxExecutor::new(SandboxSettings {
        base: folders::cache()?.join("sandbox"),
        images: folders::cache()?.join("images"),
        keyring: keyring(),
        limits: sandbox_limits(settings),
        certificates,
        network: sandbox_network(settings),
        extras: sandbox_extras(settings, endpoint(settings).ok().map(|it| it.socket)),
        run: run.unwrap_or("none").to_owned(),
        believes: run.is_some(),
    })))
}

/// Elsewhere than on Linux there is none.
#[cfg(not(target_os = "linux"))]
fn sandbox(
    _settings: &Settings,
    _run: Option<&str>,
    _certificates: Option<Vec<u8>>,
) -> Result<Arc<dyn Executor>, Failure> {
    let text = "the sandbox executor works with Linux alone";
    Err(ExecError::unsupported("sandbox", text)
        .help("use `--executor docker`")
        .into())
}

impl Runners {
    /// Looks for what the run needs, without asking it anything yet.
    pub(super) fn find(
        settings: &Settings,
        state: &Path,
        run: &str,
        plan: &Plan,
    ) -> Result<Self, Failure> {
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
        let sandbox = match choice {
            Choice::Sandbox => {
                check_network(settings)?;
                Some(sandbox(settings, Some(run), certificates(settings)?)?)
            }
            Choice::Auto => sandbox(settings, Some(run), certificates(settings)?).ok(),
            Choice::Docker | Choice::Shell => None,
        };
        let mut runners = Self {
            docker: None,
            sandbox,
            shell: Arc::new(shell),
            choice,
            no_docker: None,
            no_way_out: lacks_way_out(settings),
            without_effect: without_effect(settings),
            gives_socket: settings.switch(Key::DockerHostSocket) == Some(true),
        };
        let has_default = settings.text(Key::DefaultImage).is_some();
        let asks = match choice {
            Choice::Docker => true,
            // Where no job goes there, it is not asked.
            Choice::Auto => runners.sandbox.is_none() || may_want_image(plan, has_default),
            Choice::Sandbox | Choice::Shell => false,
        };
        if asks {
            let found = docker_with_layers(settings, state);
            runners.take_docker(found.map(|docker| Some(Arc::new(docker) as Arc<dyn Executor>)))?;
        }
        Ok(runners)
    }

    /// Takes over what came of looking for an engine, or of asking it. Where sandboxes stand in for
    /// it, none is no failure.
    fn take_docker(
        &mut self,
        found: Result<Option<Arc<dyn Executor>>, Failure>,
    ) -> Result<(), Failure> {
        match found {
            Ok(docker) => self.docker = docker,
            Err(failure) if self.choice == Choice::Auto && self.sandbox.is_some() => {
                let first = failure.diagnostics.first();
                self.no_docker = first.map(|diagnostic| diagnostic.message.clone());
                self.docker = None;
            }
            Err(failure) => return Err(failure),
        }
        Ok(())
    }

    /// Asks the daemon, in a task of its own, who it is: that takes a while.
    pub(super) fn greet(&self) -> Greeting {
        Greeting::of(self.docker.clone())
    }

    /// Whether it has to be known what the daemon answers before jobs are looked at: who takes
    /// them, or which directories they have.
    pub(super) fn answers_first(&self) -> bool {
        let docker = self.docker.as_ref();
        docker.is_some_and(|docker| self.sandbox.is_some() || docker.traits().tells_layout)
    }

    /// Takes over the answer.
    pub(super) fn settle(&mut self, answer: Result<(), Failure>) -> Result<(), Failure> {
        let docker = self.docker.take();
        self.take_docker(answer.map(|()| docker))
    }

    /// Makes sure, in a task of its own, that sandboxes can be made, where jobs go to them.
    pub(super) fn check(&self, assignment: &Assignment) -> Greeting {
        let is_theirs = |sandbox: &Arc<dyn Executor>| {
            let mut runners = assignment.of_jobs();
            runners.any(|runner| runner.executor.name() == sandbox.name())
        };
        Greeting::of(self.sandbox.clone().filter(is_theirs))
    }

    /// The one that a daemon is, where jobs may go there.
    pub(super) fn daemon(&self) -> Option<Arc<dyn Executor>> {
        self.docker.clone()
    }

    /// Every executor that may have left something behind, the daemon first.
    pub(super) fn all(&self) -> impl Iterator<Item = &Arc<dyn Executor>> {
        let containers = self.docker.iter().chain(&self.sandbox);
        containers.chain([&self.shell])
    }

    /// Which runner takes each job of the plan.
    pub(super) fn assign(&self, plan: &Plan, default_image: Option<&str>) -> Assignment {
        let containers = [self.docker.clone(), self.sandbox.clone()];
        let runners = runners(&containers, &self.shell);
        Assignment::new(runners, plan, default_image)
    }

    /// What to tell about the assignment, once.
    pub(super) fn notices(&self, plan: &Plan, default_image: Option<&str>) -> Vec<String> {
        let mut notices = Vec::new();
        let scripts = || plan.jobs.iter().filter(|job| !job.starts_pipeline());
        let images = scripts().filter(|job| job.config.image.is_some()).count();
        if let Some(why) = &self.no_docker {
            notices.push(format!("all jobs run in sandboxes: {why}"));
        }
        if self.choice == Choice::Shell {
            notices.push("jobs run in the shell of this machine, without isolation".to_owned());
            if images > 0 {
                notices.push("the shell executor ignores `image`".to_owned());
            }
            if plan.jobs.iter().any(|job| !job.config.services.is_empty()) {
                notices.push("the shell executor ignores `services`".to_owned());
            }
        } else if images < scripts().count() {
            if let Some(image) = default_image {
                notices.push(format!("jobs without `image` run in `{image}`"));
            } else if self.sandbox.is_some() {
                notices.push(
                    "jobs without `image` run in a sandbox with a picture of this machine"
                        .to_owned(),
                );
            }
        }
        let assigned = self.assign(plan, default_image);
        let in_sandboxes = self.sandbox.as_ref().is_some_and(|sandbox| {
            let mut jobs = plan.jobs.iter().zip(assigned.of_jobs());
            jobs.any(|(job, it)| !job.starts_pipeline() && Arc::ptr_eq(&it.executor, sandbox))
        });
        if let Some(remedy) = self.no_way_out
            && in_sandboxes
        {
            notices.push(format!(
                "jobs in sandboxes have no way out of their network: {remedy}, or let them use this \
                 machine's with `--network host`"
            ));
        }
        if in_sandboxes && !self.without_effect.is_empty() {
            notices.push(format!(
                "sandboxes know nothing of {}: where a job needs that, `--executor docker`",
                self.without_effect.join(", ")
            ));
        }
        if in_sandboxes && self.gives_socket {
            notices.push(
                "a Docker daemon finds no files of jobs in sandboxes: `docker build .` and `docker cp` work, \
                 `docker run -v \"$PWD:…\"` mounts an empty folder; where a job needs that, `--executor docker`"
                    .to_owned(),
            );
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

/// What to do where nothing of this machine carries packets out of sandboxes and something should.
#[cfg(target_os = "linux")]
fn lacks_way_out(settings: &Settings) -> Option<&'static str> {
    match sandbox_network(settings) {
        SandboxNetwork::Own => sandbox_way_out().err(),
        SandboxNetwork::Alone | SandboxNetwork::Host => None,
    }
}

/// Elsewhere than on Linux there are no sandboxes.
#[cfg(not(target_os = "linux"))]
fn lacks_way_out(_settings: &Settings) -> Option<&'static str> {
    None
}

/// Whether sandboxes have the network that all jobs are to have.
#[cfg(target_os = "linux")]
fn check_network(settings: &Settings) -> Result<(), Failure> {
    check_sandbox_network(settings)
}

/// Elsewhere than on Linux there are no sandboxes.
#[cfg(not(target_os = "linux"))]
fn check_network(_settings: &Settings) -> Result<(), Failure> {
    Ok(())
}

/// Settings that have no effect in sandboxes.
#[cfg(target_os = "linux")]
fn without_effect(settings: &Settings) -> Vec<String> {
    without_effect_in_sandboxes(settings)
}

/// Elsewhere than on Linux there are no sandboxes.
#[cfg(not(target_os = "linux"))]
fn without_effect(_settings: &Settings) -> Vec<String> {
    Vec::new()
}

/// Whether any job of the plan, or of pipelines that come of it, may have an image.
fn may_want_image(plan: &Plan, has_default: bool) -> bool {
    has_default
        || plan
            .jobs
            .iter()
            .any(|job| job.starts_pipeline() || job.config.image.is_some())
}

/// The answer of an executor, under way.
pub(super) struct Greeting(tokio::task::JoinHandle<Result<(), ExecError>>);

impl Greeting {
    /// Asks it, if there is one.
    fn of(executor: Option<Arc<dyn Executor>>) -> Self {
        Self(tokio::spawn(async move {
            match executor {
                Some(executor) => executor.probe(&Cx::unstoppable()).await.map(drop),
                None => Ok(()),
            }
        }))
    }

    /// Waits for it. Where nothing stands in for a daemon that does not answer, that ends the run
    /// before it begins.
    pub(super) async fn answer(self) -> Result<(), Failure> {
        let answer = self.0.await.unwrap_or_else(|error| {
            let text = "asking who runs the jobs broke off";
            Err(ExecError::system("probe", text).because(error))
        });
        Ok(answer?)
    }
}
