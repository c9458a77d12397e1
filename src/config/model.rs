//! The typed configuration.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::source::Span;
use crate::types::{AllowFailure, Retry, When};
use crate::yaml::{Mapping, Value};

use super::prefilled::Prefilled;
use super::rules::Rule;

/// A checked configuration, jobs expanded by `parallel`.
#[derive(Debug, Clone)]
pub struct Config {
    /// Stage names in order, `.pre` and `.post` included.
    pub stages: Vec<Arc<str>>,
    /// Where `stages` was written.
    pub stages_span: Option<Span>,
    /// Root `variables`.
    pub variables: Vec<YamlVariable>,
    /// Root variables with a description.
    pub prefilled: Vec<Prefilled>,
    /// `workflow`.
    pub workflow: Workflow,
    /// Visible jobs in file order, one per instance of `parallel`.
    pub jobs: Vec<Arc<JobConfig>>,
}

/// A variable as YAML gives it: always text, never a file (configuration reference 5.6).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct YamlVariable {
    /// Name.
    pub key: Arc<str>,
    /// Unexpanded value.
    pub value: Arc<str>,
    /// `expand: false`.
    pub raw: bool,
    /// Where it was written.
    pub span: Span,
}

/// `workflow` (configuration reference 5.5).
#[derive(Debug, Clone, Default)]
pub struct Workflow {
    /// Unexpanded `name`.
    pub name: Option<Arc<str>>,
    /// `None` without the key; `Some(None)` for `rules: null`, which always passes and yet takes
    /// away the implicit `only`.
    pub rules: Option<Option<Vec<Rule>>>,
    /// `auto_cancel`.
    pub auto_cancel: AutoCancel,
}

/// `auto_cancel`, of the workflow or of one of its rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AutoCancel {
    /// `on_job_failure`, where given.
    pub on_job_failure: Option<OnJobFailure>,
}

/// `auto_cancel:on_job_failure`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnJobFailure {
    /// A failed job stops nothing.
    None,
    /// A failed job cancels the pipeline.
    All,
}

/// What a job does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobKind {
    /// Runs `script` or `run`.
    Script,
    /// Starts another pipeline.
    Trigger,
}

/// One visible job, defaults and `extends` applied (configuration reference 6, 7).
#[derive(Debug, Clone)]
pub struct JobConfig {
    /// Full name, `t 1/3` or `t: [a, b]` for instances.
    pub name: Arc<str>,
    /// Name before `parallel`.
    pub base_name: Arc<str>,
    /// Where the job's key was written.
    pub span: Span,
    /// Script or trigger.
    pub kind: JobKind,
    /// Stage.
    pub stage: Arc<str>,
    /// Where the stage was written; the job's key for the default stage.
    pub stage_span: Span,
    /// `script`, flattened.
    pub script: Arc<[Arc<str>]>,
    /// `before_script`, flattened.
    pub before_script: Arc<[Arc<str>]>,
    /// `after_script`, flattened.
    pub after_script: Arc<[Arc<str>]>,
    /// `hooks:pre_get_sources_script`, flattened.
    pub pre_get_sources_script: Arc<[Arc<str>]>,
    /// `image`, a string or a mapping.
    pub image: Option<Value>,
    /// `services`, each a string or a mapping.
    pub services: Vec<Value>,
    /// Root variables are taken as far as this says.
    pub inherit_variables: Inherit,
    /// Job `variables`, then those of the matrix instance.
    pub variables: Vec<YamlVariable>,
    /// `None` without the key; `Some(None)` for `rules: null`.
    pub rules: Option<Option<Vec<Rule>>>,
    /// `only`, the implicit one included.
    pub only: Option<Policy>,
    /// `except`.
    pub except: Option<Policy>,
    /// `when` of the job.
    pub when: When,
    /// Seconds of `start_in`, and its text.
    pub start_in: Option<(u64, Arc<str>)>,
    /// `allow_failure`; `None` where not given.
    pub allow_failure: Option<AllowFailure>,
    /// `retry`.
    pub retry: Option<Retry>,
    /// Seconds.
    pub timeout: Option<u64>,
    /// `tags`, unexpanded.
    pub tags: Vec<Arc<str>>,
    /// `None` without the key.
    pub needs: Option<Vec<NeedConfig>>,
    /// `None` without the key. Parallel names are expanded.
    pub dependencies: Option<Vec<(Arc<str>, Span)>>,
    /// `environment`.
    pub environment: Option<EnvironmentConfig>,
    /// `artifacts`.
    pub artifacts: Option<Artifacts>,
    /// `interruptible`.
    pub interruptible: Option<bool>,
    /// `resource_group`, unexpanded.
    pub resource_group: Option<Arc<str>>,
    /// `coverage`, with its slashes.
    pub coverage: Option<Arc<str>>,
    /// The instance of `parallel` that this is.
    pub instance: Option<MatrixInstance>,
    /// Whether it is a Pages job.
    pub pages: bool,
    /// The job's mapping with defaults laid under it: keywords without a type of their own.
    pub mapping: Arc<Mapping>,
}

/// A keyword of a job with an effect that a run lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EffectUse {
    /// The keyword.
    pub keyword: &'static str,
    /// Where it was written.
    pub span: Span,
}

/// `inherit:variables` (configuration reference 5.4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Inherit {
    /// All.
    All,
    /// None.
    None,
    /// Those of these names.
    Names(BTreeSet<Arc<str>>),
}

impl Inherit {
    /// Whether the name is inherited.
    pub fn takes(&self, name: &str) -> bool {
        match self {
            Self::All => true,
            Self::None => false,
            Self::Names(names) => names.contains(name),
        }
    }
}

/// Which instance of `parallel` a job is (configuration reference 6.16, 6.17).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MatrixInstance {
    /// `CI_NODE_INDEX`, from 1.
    pub index: u32,
    /// `CI_NODE_TOTAL`.
    pub total: u32,
    /// Values of a matrix instance, in key order.
    pub matrix: Combination,
}

/// Names and values of one instance of `parallel:matrix`, in key order.
pub type Combination = Vec<(Arc<str>, Arc<str>)>;

/// One entry of `needs` (configuration reference 6.10).
#[derive(Debug, Clone)]
pub struct NeedConfig {
    /// What is needed.
    pub target: NeedTarget,
    /// Whether its artifacts are taken.
    pub artifacts: bool,
    /// Where it was written.
    pub span: Span,
}

/// What a need points at.
#[derive(Debug, Clone)]
pub enum NeedTarget {
    /// A job of this pipeline.
    Job {
        /// Name; a base name of a parallel job until it is expanded.
        name: Arc<str>,
        /// May be absent.
        optional: bool,
        /// Combinations of `parallel:matrix`, in the order written.
        matrix: Option<Vec<Combination>>,
    },
    /// A job of another pipeline or project, or a mirrored pipeline: as written.
    External(Value),
}

/// `only` or `except` (configuration reference 6.9).
#[derive(Debug, Clone)]
pub struct Policy {
    /// Where it was written; `None` for the implicit `only`.
    pub span: Option<Span>,
    /// `refs`.
    pub refs: Option<Vec<RefPattern>>,
    /// `variables`.
    pub variables: Option<Vec<PolicyCondition>>,
    /// `changes`.
    pub changes: Option<Vec<Arc<str>>>,
    /// `kubernetes: active`.
    pub kubernetes: bool,
}

/// One entry of `variables`.
#[derive(Debug, Clone)]
pub struct PolicyCondition {
    /// As written.
    pub text: Arc<str>,
    /// As parsed.
    pub condition: Arc<crate::expr::Condition>,
}

/// One entry of `refs`.
#[derive(Debug, Clone)]
pub struct RefPattern {
    /// The text before any `@`.
    pub pattern: Arc<str>,
    /// The project after `@`.
    pub project: Option<Arc<str>>,
}

/// `environment` (configuration reference 6.15).
#[derive(Debug, Clone)]
pub struct EnvironmentConfig {
    /// Unexpanded name.
    pub name: Arc<str>,
    /// Unexpanded URL.
    pub url: Option<Arc<str>>,
    /// `action`.
    pub action: EnvironmentAction,
    /// `on_stop`.
    pub on_stop: Option<(Arc<str>, Span)>,
    /// `deployment_tier`, as written.
    pub tier: Option<Arc<str>>,
    /// Where it was written.
    pub span: Span,
    /// The mapping as GitLab keeps it.
    pub value: Value,
}

/// `environment:action`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EnvironmentAction {
    /// Deploys.
    Start,
    /// Takes the environment down.
    Stop,
    /// Only works with it.
    Prepare,
    /// Only works with it.
    Verify,
    /// Only works with it.
    Access,
}

impl EnvironmentAction {
    /// GitLab's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Stop => "stop",
            Self::Prepare => "prepare",
            Self::Verify => "verify",
            Self::Access => "access",
        }
    }
}

/// `artifacts` (configuration reference 6.18).
#[derive(Debug, Clone)]
pub struct Artifacts {
    /// `paths`, unexpanded.
    pub paths: Vec<Arc<str>>,
    /// `exclude`, unexpanded.
    pub exclude: Vec<Arc<str>>,
    /// `when`.
    pub when: ArtifactsWhen,
    /// `untracked`.
    pub untracked: bool,
    /// `reports:dotenv`, unexpanded.
    pub dotenv: Vec<Arc<str>>,
    /// `reports`, as written.
    pub reports: Option<Value>,
}

/// `artifacts:when`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ArtifactsWhen {
    /// Only of a job that succeeded.
    #[default]
    OnSuccess,
    /// Only of a job that failed.
    OnFailure,
    /// Both.
    Always,
}
