//! The ref of a pipeline (branch, tag, merge request), its commit and its event.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Late;

/// The kind of ref of a pipeline (configuration reference 11.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RefKind {
    /// A branch pipeline.
    Branch,
    /// A tag pipeline.
    Tag,
    /// A merge request pipeline; the ref's name is the source branch.
    MergeRequest {
        /// The branch that the merge request wants to change.
        target: String,
    },
}

impl RefKind {
    /// The word used in JSON.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Branch => "branch",
            Self::Tag => "tag",
            Self::MergeRequest { .. } => "merge_request",
        }
    }
}

/// The team's kinds of ref; which names belong to which is a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefClass {
    /// Work on one issue (`issue-*`).
    Issue,
    /// The integration branch (`develop`).
    Develop,
    /// A release branch (`release-*`).
    Release,
    /// The default branch.
    Default,
    /// A tag.
    Tag,
    /// Any other branch.
    Other,
}

impl RefClass {
    /// The word used in JSON and on the screen.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Issue => "issue",
            Self::Develop => "develop",
            Self::Release => "release",
            Self::Default => "default",
            Self::Tag => "tag",
            Self::Other => "other",
        }
    }
}

/// `CI_PIPELINE_SOURCE` (configuration reference 11.1). Kept as its text, because rules compare
/// it as text and GitLab adds sources now and then.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PipelineSource(pub String);

impl PipelineSource {
    /// Every source that GitLab knows.
    pub const KNOWN: &'static [&'static str] = &[
        "push",
        "web",
        "trigger",
        "schedule",
        "api",
        "external",
        "pipeline",
        "chat",
        "webide",
        "merge_request_event",
        "external_pull_request_event",
        "parent_pipeline",
        "ondemand_dast_scan",
        "ondemand_dast_validation",
        "security_orchestration_policy",
        "container_registry_push",
        "duo_workflow",
        "pipeline_execution_policy_schedule",
        "dependency_management_security_update",
    ];

    /// A push, the event of a pipeline when nothing else was asked for.
    pub fn push() -> Self {
        Self("push".to_owned())
    }

    /// The event of a merge request.
    pub fn merge_request() -> Self {
        Self("merge_request_event".to_owned())
    }

    /// The event of a child pipeline.
    pub fn parent_pipeline() -> Self {
        Self("parent_pipeline".to_owned())
    }

    /// The event of a pipeline that one of another project has started.
    pub fn other_project() -> Self {
        Self("pipeline".to_owned())
    }

    /// Whether it brings commits, so that what changed can be known.
    pub fn brings_commits(&self) -> bool {
        *self == Self::push() || *self == Self::merge_request()
    }

    /// The text of `CI_PIPELINE_SOURCE`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The ref a pipeline runs for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// Branch, tag or merge request.
    pub kind: RefKind,
    /// Branch or tag name; for a merge request the source branch.
    pub name: String,
    /// The team's class of that name.
    pub class: RefClass,
    /// The project's default branch.
    pub default_branch: String,
    /// Whether GitLab would treat the ref as protected.
    pub protected: bool,
}

/// As a heading says it: `branch develop`, `merge request of issue-1 into develop`.
impl fmt::Display for Reference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = &self.name;
        match &self.kind {
            RefKind::Branch => write!(formatter, "branch {name}"),
            RefKind::Tag => write!(formatter, "tag {name}"),
            RefKind::MergeRequest { target } => {
                write!(formatter, "merge request of {name} into {target}")
            }
        }
    }
}

impl Reference {
    /// As a message says it: ``branch `develop` ``, ``a merge request of `issue-1` ``.
    pub fn in_words(&self) -> String {
        let name = &self.name;
        match self.kind {
            RefKind::Branch => format!("branch `{name}`"),
            RefKind::Tag => format!("tag `{name}`"),
            RefKind::MergeRequest { .. } => format!("a merge request of `{name}`"),
        }
    }
}

/// What git and GitLab write where there is no commit.
pub const ZEROS: &str = "0000000000000000000000000000000000000000";

/// What is known of the commit (runtime reference 13.2). All text is as git has it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CommitFacts {
    /// Forty hexadecimal digits.
    pub sha: String,
    /// The base used for `CI_COMMIT_BEFORE_SHA`; `None` stands for [`ZEROS`].
    pub before_sha: Option<Late>,
    /// The whole message.
    pub message: String,
    /// `Name <email>` of the author.
    pub author: String,
    /// Committer date, ISO 8601 with offset.
    pub timestamp: String,
    /// Message of the annotated tag, for tag pipelines.
    pub tag_message: Option<String>,
    /// Merge base with the target branch, for merge requests.
    pub merge_base: Option<String>,
}
