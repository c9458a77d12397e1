//! Held jobs: those that act outside this machine wait for the user's word
//! (design chapter 3, *Held jobs*).

use std::collections::BTreeSet;

use crate::foreign::Command;
use crate::types::{EnvironmentAction, When, wildcard_match};

use super::facts::PipelineFacts;
use super::model::{Job, Plan};

/// What the user let go.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Release {
    /// Nothing.
    #[default]
    Nothing,
    /// Every held job.
    All,
    /// Jobs of these environments.
    Environments(Vec<String>),
    /// These jobs of the top pipeline, after a question that named them.
    Jobs(Vec<String>),
}

impl Release {
    fn lets_go(&self, job: &Job) -> bool {
        match self {
            Self::Nothing => false,
            Self::All => true,
            Self::Environments(names) => job
                .environment
                .as_ref()
                .is_some_and(|environment| names.contains(&environment.name)),
            Self::Jobs(names) => names.iter().any(|name| name == job.name()),
        }
    }

    /// What of it counts in a child pipeline, of whose jobs nobody could know before.
    pub(super) fn in_child(&self) -> Self {
        match self {
            Self::Jobs(_) => Self::Nothing,
            release => release.clone(),
        }
    }
}

/// What counts as acting outside, and what of it was let go.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Outside {
    /// Globs of job names that the setting `held` adds.
    pub held: Vec<String>,
    /// What the user let go.
    pub release: Release,
}

/// Marks the jobs of the plan that act outside, would start by themselves and were not released.
///
/// `named` are the indexes of the jobs that the user named, which releases them.
pub(super) fn hold(plan: &mut Plan, outside: &Outside, named: &BTreeSet<usize>) {
    for (at, job) in plan.jobs.iter_mut().enumerate() {
        // One that has failed already does not start at all.
        let starts_itself =
            job.when != When::Manual && !job.played && job.environment_fault().is_none();
        let let_go = named.contains(&at) || outside.release.lets_go(job);
        job.held = outside_work(job, &outside.held).filter(|_| starts_itself && !let_go);
    }
}

/// What the job does outside, in words.
pub(super) fn outside_work(job: &Job, globs: &[String]) -> Option<String> {
    if let Some(environment) = &job.environment {
        match environment.action {
            EnvironmentAction::Start => return Some(format!("deploys to {}", environment.name)),
            EnvironmentAction::Stop => return Some(format!("stops {}", environment.name)),
            EnvironmentAction::Prepare | EnvironmentAction::Verify | EnvironmentAction::Access => {}
        }
    }
    if job.config.release.is_some() {
        return Some("makes a release".to_owned());
    }
    if job.config.pages.is_some() {
        return Some("publishes Pages".to_owned());
    }
    globs
        .iter()
        .any(|glob| wildcard_match(glob, job.name()))
        .then(|| "is named by the setting `held`".to_owned())
}

impl Job {
    /// The option that releases the job, where it is held.
    ///
    /// An environment whose name can't be written is not asked for: an empty name is refused, and
    /// one that holds a secret is never shown whole.
    pub fn release_option(&self, facts: &PipelineFacts) -> Command {
        let hidden = |name: &str| facts.secrets().any(|secret| name.contains(secret));
        match &self.environment {
            Some(environment)
                if environment.name.trim().is_empty() || hidden(&environment.name) =>
            {
                Command::default().option("--job", self.name())
            }
            Some(environment) => Command::default().joined("--deploy", &environment.name),
            None => Command::new("--deploy"),
        }
    }
}
