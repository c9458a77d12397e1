//! Where a variable comes from: it carries this from its file or setting to the job.

use std::sync::Arc;

use crate::source::Span;
use crate::types::VariableLevel;

/// Where a variable comes from (configuration reference 10.1).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum VariableOrigin {
    /// GitLab or its runner sets it by itself.
    #[default]
    Predefined,
    /// `variables` of the configuration.
    Yaml(YamlLevel, Span),
    /// The CI/CD settings of the project, its groups or the instance.
    Setting(Arc<SettingPlace>),
    /// Given to this pipeline alone, by a person or a trigger job.
    Given,
    /// The dotenv report of a job.
    Reported,
}

/// Which `variables` of a configuration, weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum YamlLevel {
    /// Of the top level.
    Root,
    /// Of the workflow rule that matched.
    WorkflowRule,
    /// Of the job.
    Job,
    /// Of the instance of `parallel:matrix`.
    Matrix,
    /// Of the job's rule that matched.
    Rule,
}

/// A place in the files that stand for GitLab's settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingPlace {
    /// Where GitLab would keep it.
    pub level: VariableLevel,
    /// The file, as people know it.
    pub file: Arc<str>,
    /// The line, where it is known.
    pub line: Option<u32>,
}

impl YamlLevel {
    /// The keyword in words: `variables of the job`.
    pub const fn in_words(self) -> &'static str {
        match self {
            Self::Root => "variables of the top level",
            Self::WorkflowRule => "variables of the workflow's rule",
            Self::Job => "variables of the job",
            Self::Matrix => "parallel:matrix of the job",
            Self::Rule => "variables of the job's rule",
        }
    }
}

impl VariableOrigin {
    /// The word for programs.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Predefined => "predefined",
            Self::Yaml(YamlLevel::Root, _) => "root",
            Self::Yaml(YamlLevel::WorkflowRule, _) => "workflow_rule",
            Self::Yaml(YamlLevel::Job, _) => "job",
            Self::Yaml(YamlLevel::Matrix, _) => "matrix",
            Self::Yaml(YamlLevel::Rule, _) => "rule",
            Self::Setting(_) => "setting",
            Self::Given => "given",
            Self::Reported => "dotenv",
        }
    }
}
