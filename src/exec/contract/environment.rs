//! What the environment of an attempt is asked to be: its image, directories, variables and
//! services.

use std::fmt;
use std::time::Duration;

use super::super::{ExecError, JobLogins};
use super::Workspace;
use crate::types::PullPolicy;

/// An image as a job asks for it, variables expanded.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Image {
    /// Reference, e.g. `ruby:3.1`.
    pub name: String,
    /// `Some` replaces the image's entrypoint; `[""]` clears it; `[]` counts as not given.
    pub entrypoint: Option<Vec<String>>,
    /// `image:docker:user`.
    pub user: Option<String>,
    /// `image:docker:platform`.
    pub platform: Option<String>,
    /// What the job knows of registries.
    pub logins: JobLogins,
    /// When it is brought, tried one after the other; empty for when it is missing. The run loop
    /// decides by it, no executor.
    pub pull: Vec<PullPolicy>,
}

impl Image {
    /// When it is brought.
    pub fn policies(&self) -> &[PullPolicy] {
        if self.pull.is_empty() {
            &[PullPolicy::IfNotPresent]
        } else {
            &self.pull
        }
    }

    /// How messages name it: with its platform, where one is asked for, which may be what is missing.
    pub fn in_words(&self) -> String {
        match &self.platform {
            Some(platform) => format!("`{}` for {platform}", self.name),
            None => format!("`{}`", self.name),
        }
    }

    /// Whether the other one is the same to who has them.
    pub fn is_same(&self, other: &Self) -> bool {
        (&self.name, &self.platform) == (&other.name, &other.platform)
    }
}

/// Directories inside the environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// `CI_BUILDS_DIR`.
    pub builds_dir: String,
    /// `CI_PROJECT_DIR`.
    pub project_dir: String,
}

impl Layout {
    /// The folder for file variables and `GITLAB_ENV`, beside the project directory (runtime
    /// reference 1.6).
    pub fn temp_dir(&self) -> String {
        format!("{}.tmp", self.project_dir)
    }
}

/// Who everything that is made belongs to; written as labels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// `<machine id>/<uid>/<hash of the state folder>`.
    pub owner: String,
    /// Id of the run.
    pub run: String,
}

/// The environment of one attempt of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvSpec {
    /// Labels.
    pub owner: Owner,
    /// Full job name, for labels and messages.
    pub job: String,
    /// Attempt, from 1.
    pub attempt: u32,
    /// `None` only where the executor runs no images.
    pub image: Option<Image>,
    /// Where things are inside; from [`Executor::layout`](super::Executor::layout).
    pub layout: Layout,
    /// Variables of the environment itself, so that an entrypoint sees them. Scripts export
    /// them again; where there is no entrypoint (shell), only they do. Never put on a command
    /// line.
    pub variables: Vec<EnvVariable>,
    /// Containers beside the job's own, on a network that this attempt has to itself. They are
    /// there and ready when the environment is open, or have had their time; what they say on the
    /// way is output.
    pub services: Vec<ServiceSpec>,
    /// What the project directory holds.
    pub workspace: Workspace,
    /// Whether process 1 of a container is one that takes care of orphans.
    pub init: bool,
    /// Whether files belong to the job's user and nobody else may write them, instead of being open
    /// to all (`FF_DISABLE_UMASK_FOR_DOCKER_EXECUTOR`).
    pub owned_files: bool,
    /// Whose jobs share what outlives them: project, slot, protection. Attempts at once differ in it.
    pub volumes_of: String,
}

impl EnvSpec {
    /// The name of the job for its services, unless one of them has it (runtime reference 8.2). `None` where
    /// it has none.
    pub(in super::super) fn job_alias(&self) -> Option<&'static str> {
        const BUILD: &str = "build";
        let mut taken = self.services.iter().flat_map(|it| &it.aliases);
        let is_free = !self.services.is_empty() && !taken.any(|alias| alias == BUILD);
        is_free.then_some(BUILD)
    }

    /// For executors without services: an error that says so, if there are any.
    pub(in super::super) fn needs_no_services(&self, executor: &str) -> Result<(), ExecError> {
        match self.services.first() {
            None => Ok(()),
            Some(service) => Err(ExecError::unsupported(
                "open",
                format!(
                    "the {executor} executor has no services, and job `{}` asks for `{}`: remove `services`",
                    self.job, service.image.name
                ),
            )),
        }
    }
}

/// A variable of an environment.
#[derive(Clone, PartialEq, Eq)]
pub struct EnvVariable {
    /// Name, any text without `=` and NUL.
    pub name: String,
    /// Value, for a variable of type file the path.
    pub value: String,
    /// Whether the value is to show nowhere: on no command line, in no message, in nothing that
    /// outlives the environment.
    pub secret: bool,
}

impl fmt::Debug for EnvVariable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = if self.secret { "[MASKED]" } else { &self.value };
        write!(f, "{}={value:?}", self.name)
    }
}

/// A service of an attempt (runtime reference 8).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceSpec {
    /// Its image and, in it, its entrypoint.
    pub image: Image,
    /// `services:command`; `None` for the image's own.
    pub command: Option<Vec<String>>,
    /// The names by which the job and the other services reach it.
    pub aliases: Vec<String>,
    /// Its environment.
    pub variables: Vec<EnvVariable>,
    /// How long the job waits for it to take connections; zero for not at all.
    pub wait: Duration,
    /// Whether its output is part of the job's (`CI_DEBUG_SERVICES`).
    pub shows_output: bool,
}

#[cfg(test)]
mod tests {
    use super::EnvVariable;

    #[test]
    fn a_secret_does_not_show_in_diagnosis() {
        let variable = |secret| EnvVariable {
            name: "TOKEN".to_owned(),
            value: "abc".to_owned(),
            secret,
        };
        assert_eq!(format!("{:?}", variable(true)), "TOKEN=\"[MASKED]\"");
        assert_eq!(format!("{:?}", variable(false)), "TOKEN=\"abc\"");
    }
}
