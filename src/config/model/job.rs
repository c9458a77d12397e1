//! A job as a type, defaults laid under it.

use std::sync::Arc;

use crate::source::{Span, SpannedText};
use crate::types::{AllowFailure, Delay, Retry, When};
use crate::yaml::Mapping;

use super::artifacts::ArtifactsConfig;
use super::cache::CacheConfig;
use super::environment::EnvironmentConfig;
use super::given::Given;
use super::image::{ImageConfig, ServiceConfig};
use super::needs::NeedConfig;
use super::outside::{IdTokenConfig, PagesConfig, ReleaseConfig, SecretConfig};
use super::parallel::MatrixInstance;
use super::policy::Policy;
use super::rules::Rule;
use super::trigger::TriggerConfig;
use super::variables::{Inherit, YamlVariable};

/// What a job does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobKind {
    /// Runs `script` or `run`.
    Script,
    /// Starts another pipeline.
    Trigger,
}

/// What a keyword does in a local run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// It is honoured.
    Honoured,
    /// It changes nothing on one machine; a warning says so.
    Inert,
    /// It changes what a job does, and a run does not do that yet: `run` refuses the job.
    Refused,
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
    /// `image`.
    pub image: Option<ImageConfig>,
    /// `services`.
    pub services: Vec<ServiceConfig>,
    /// Root variables are taken as far as this says.
    pub inherit_variables: Inherit,
    /// Job `variables`, then those of the matrix instance.
    pub variables: Vec<YamlVariable>,
    /// `rules`. Null leaves the job in every pipeline.
    pub rules: Given<Vec<Rule>>,
    /// `only`, the implicit one included.
    pub only: Option<Policy>,
    /// `except`.
    pub except: Option<Policy>,
    /// `when` of the job.
    pub when: When,
    /// `start_in`.
    pub start_in: Option<Delay>,
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
    pub dependencies: Option<Vec<SpannedText>>,
    /// `environment`.
    pub environment: Option<EnvironmentConfig>,
    /// `artifacts`.
    pub artifacts: Option<ArtifactsConfig>,
    /// `trigger`; also `None` of a job that mirrors a pipeline by its needs.
    pub trigger: Option<TriggerConfig>,
    /// `cache`, one or several.
    pub caches: Vec<CacheConfig>,
    /// `interruptible`.
    pub interruptible: Option<bool>,
    /// `resource_group`, unexpanded.
    pub resource_group: Option<Arc<str>>,
    /// `coverage`, with its slashes.
    pub coverage: Option<Arc<str>>,
    /// The instance of `parallel` that this is.
    pub instance: Option<MatrixInstance>,
    /// `release`.
    pub release: Option<ReleaseConfig>,
    /// What it publishes, of a Pages job.
    pub pages: Option<PagesConfig>,
    /// `id_tokens`.
    pub id_tokens: Vec<IdTokenConfig>,
    /// `secrets`.
    pub secrets: Vec<SecretConfig>,
    /// Keywords, also inside of others, that do nothing in a run or are not run yet; each once.
    pub without_effect: Arc<[KeywordUse]>,
    /// The job's keys as written, defaults laid under them: for those who print them.
    pub written: Arc<Mapping>,
}

/// A keyword of a job that a run does not honour, or has no use for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeywordUse {
    /// The keyword.
    pub keyword: &'static str,
    /// What it does in a run.
    pub effect: Effect,
    /// Where it was written.
    pub span: Span,
}
