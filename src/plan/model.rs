//! The plan: one pipeline's jobs.

use std::sync::Arc;

use crate::config::{
    ChildInclude, ForeignNeed, JobConfig, ProjectTrigger, TriggerTarget, YamlVariable,
};
use crate::source::Span;
use crate::types::{AllowFailure, Delay, EnvironmentAction, When};

use super::reason::LeftOutReason;

/// One pipeline as GitLab would create it.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Expanded `workflow:name`.
    pub name: Option<String>,
    /// Every declared stage, `.pre` and `.post` included.
    pub stages: Vec<Arc<str>>,
    /// Jobs, stage by stage, in file order inside a stage.
    pub jobs: Vec<Job>,
    /// Jobs of the configuration that are not in the pipeline.
    pub left_out: Vec<LeftOut>,
    /// `auto_cancel:on_job_failure: all`.
    pub cancel_on_failure: bool,
}

/// A job of the pipeline: its configuration with rules applied.
#[derive(Debug, Clone)]
pub struct Job {
    /// The configuration.
    pub config: Arc<JobConfig>,
    /// Index of the stage in [`Plan::stages`].
    pub stage: usize,
    /// `when`.
    pub when: When,
    /// `start_in`.
    pub start_in: Option<Delay>,
    /// `allow_failure`.
    pub allow_failure: AllowFailure,
    /// Needs on this pipeline's jobs; `None` for scheduling by stage.
    pub needs: Option<Vec<Need>>,
    /// Needs on other pipelines.
    pub needs_elsewhere: Vec<ForeignNeed>,
    /// `interruptible`.
    pub interruptible: Option<bool>,
    /// Expanded.
    pub tags: Vec<String>,
    /// Expanded environment.
    pub environment: Option<Environment>,
    /// Effective YAML variables, unexpanded: root ← workflow rule ← job ← matrix ← rule.
    pub variables: Vec<YamlVariable>,
    /// Why the job is held, until it is released (design chapter 3).
    pub held: Option<String>,
    /// Counts as started by a person from the start.
    pub played: bool,
}

impl Job {
    /// Full name.
    pub fn name(&self) -> &str {
        &self.config.name
    }

    /// Whether its work is a child pipeline.
    pub fn makes_child(&self) -> bool {
        !self.child_includes().is_empty()
    }

    /// Whether it starts a pipeline, here or in another project, and runs no script.
    pub fn starts_pipeline(&self) -> bool {
        self.makes_child() || self.other_project().is_some()
    }

    /// The project whose pipeline it starts, as written.
    pub fn other_project(&self) -> Option<&ProjectTrigger> {
        match self.config.trigger.as_ref().map(|trigger| &trigger.target) {
            Some(TriggerTarget::Project(project)) => Some(project),
            _ => None,
        }
    }

    /// What the child pipeline that it makes begins with; nothing where it makes none.
    pub fn child_includes(&self) -> &[ChildInclude] {
        match self.config.trigger.as_ref().map(|trigger| &trigger.target) {
            Some(TriggerTarget::Child(includes)) => includes,
            _ => &[],
        }
    }

    /// The jobs of whose artifacts its child is made.
    pub(super) fn child_files(&self) -> impl Iterator<Item = &str> {
        let includes = self.child_includes().iter();
        includes.filter_map(|include| Some(&*include.job.as_ref()?.text))
    }

    /// Why it fails as soon as the pipeline is made.
    pub fn environment_fault(&self) -> Option<&EnvironmentFault> {
        self.environment.as_ref()?.fault.as_ref()
    }

    /// Whether a person can start it: a manual job, or a delayed one before its time.
    pub fn can_be_played(&self) -> bool {
        matches!(self.when, When::Manual | When::Delayed)
    }
}

/// A need on a job of this pipeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need {
    /// Full name of the needed job.
    pub job: Arc<str>,
    /// Whether its artifacts are taken.
    pub artifacts: bool,
    /// May be absent.
    pub optional: bool,
    /// Where it was written.
    pub span: Span,
}

/// A job's environment, expanded (configuration reference 6.15, runtime reference 13.4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Environment {
    /// Name.
    pub name: String,
    /// `CI_ENVIRONMENT_SLUG`.
    pub slug: String,
    /// Action.
    pub action: EnvironmentAction,
    /// `CI_ENVIRONMENT_TIER`.
    pub tier: String,
    /// Unexpanded URL.
    pub url: Option<Arc<str>>,
    /// Why GitLab can't make it.
    pub fault: Option<EnvironmentFault>,
}

/// What is wrong with an environment: its job fails when the pipeline is made, before any job
/// starts (runtime reference 4.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvironmentFault {
    /// In words.
    pub what: String,
    /// The rule that it breaks.
    pub note: &'static str,
    /// What to do.
    pub help: Vec<String>,
    /// The place of what is wrong.
    pub span: Span,
}

/// Why a job is not in the pipeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// Full name.
    pub name: Arc<str>,
    /// The cause.
    pub reason: LeftOutReason,
    /// The place of the cause.
    pub span: Span,
}
