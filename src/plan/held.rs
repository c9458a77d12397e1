//! Held jobs: those that act outside this machine wait for the user's word
//! (design chapter 3, *Held jobs*).

use std::collections::BTreeSet;

use crate::config::EnvironmentAction;
use crate::types::{When, wildcard_match};

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
        let starts_itself = job.when != When::Manual && !job.played;
        let let_go = named.contains(&at) || outside.release.lets_go(job);
        job.held = reason(job, &outside.held).filter(|_| starts_itself && !let_go);
    }
}

/// What the job does outside, in words.
fn reason(job: &Job, globs: &[String]) -> Option<String> {
    if let Some(environment) = &job.environment {
        match environment.action {
            EnvironmentAction::Start => return Some(format!("deploys to {}", environment.name)),
            EnvironmentAction::Stop => return Some(format!("stops {}", environment.name)),
            EnvironmentAction::Prepare | EnvironmentAction::Verify | EnvironmentAction::Access => {}
        }
    }
    if job
        .config
        .mapping
        .get("release")
        .is_some_and(|entry| !entry.value.is_null())
    {
        return Some("makes a release".to_owned());
    }
    if job.config.pages {
        return Some("publishes Pages".to_owned());
    }
    globs
        .iter()
        .any(|glob| wildcard_match(glob, job.name()))
        .then(|| "is named by the setting `held`".to_owned())
}

impl Job {
    /// The option that releases the job, where it is held. Never `--deploy=` with nothing behind
    /// it: an environment without a name is released by naming the job.
    pub fn release_option(&self) -> String {
        match &self.environment {
            Some(environment) if environment.name.trim().is_empty() => {
                format!("--job='{}'", self.name().replace('\'', r"'\''"))
            }
            Some(environment) if !environment.name.contains(char::is_whitespace) => {
                format!("--deploy={}", environment.name)
            }
            Some(environment) => format!("--deploy='{}'", environment.name),
            None => "--deploy".to_owned(),
        }
    }
}
