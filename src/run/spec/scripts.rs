//! What one attempt of a job runs, made when its facts are known.

use std::sync::Arc;

use crate::event::{KeptArtifacts, KeptReport, ReportedVariable, TestSummary};
use crate::exec::{Image, Layout, Script, ServiceSpec};
use crate::run::cache::JobCache;
use crate::run::coverage::Coverage;
use crate::types::{Artifacts, EnvironmentAction, FailureReason};

use super::ReportFiles;

/// Makes the scripts of one job's attempts. They depend on facts that are known only then.
pub trait Scripts: Send + Sync {
    /// The scripts of one attempt.
    fn attempt(&self, attempt: &AttemptContext) -> AttemptScripts;
}

impl<F: Fn(&AttemptContext) -> AttemptScripts + Send + Sync> Scripts for F {
    fn attempt(&self, attempt: &AttemptContext) -> AttemptScripts {
        self(attempt)
    }
}

/// The facts of one attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttemptContext {
    /// From 1.
    pub attempt: u32,
    /// `CI_JOB_ID`.
    pub job_id: u64,
    /// `CI_CONCURRENT_ID`: the lowest free slot of its runner, from 0.
    pub slot: usize,
    /// Directories inside the environment.
    pub layout: Layout,
    /// Variables from the dotenv reports of the jobs whose artifacts it receives; later ones win
    /// (runtime reference 14).
    pub dotenv: Vec<(String, String)>,
}

/// Everything an attempt runs and keeps.
#[derive(Default)]
pub struct AttemptScripts {
    /// Directories, where variables move them (`GIT_CLONE_PATH`, `GIT_STRATEGY: empty`).
    pub layout: Option<Layout>,
    /// Why the attempt fails before its environment is made.
    pub refusal: Option<Refusal>,
    /// Lines at the start of the log: values of variables that are ignored.
    pub warnings: Vec<String>,
    /// `hooks:pre_get_sources_script`; `None` where the job has none.
    pub hook: Option<String>,
    /// Variables of the environment itself.
    pub variables: Vec<(String, String)>,
    /// `before_script` and `script`; where a person gets a shell, what comes before these.
    pub script: Script,
    /// Makes a shell one for a person, in place of what follows the script.
    pub login: Option<String>,
    /// `after_script`, made from `CI_JOB_STATUS`; `None` where the job has none.
    pub after_script: Option<AfterScript>,
    /// The image, where it was not known before the attempt (variables of dotenv reports).
    pub image: Option<Image>,
    /// What runs beside it.
    pub services: Vec<ServiceSpec>,
    /// What is brought before the script and saved after it.
    pub caches: Vec<JobCache>,
    /// What is kept, variables unexpanded.
    pub artifacts: Option<Artifacts>,
    /// Globs of `artifacts:reports:dotenv`, variables unexpanded.
    pub dotenv: Vec<Arc<str>>,
    /// The other reports.
    pub reports: Vec<ReportFiles>,
    /// Expands the variables of a glob; `None` where none is used.
    pub expand: Option<Expand>,
    /// Looks for the coverage in the log; `None` where the job asks for none.
    pub coverage: Option<Coverage>,
    /// The environment that the attempt belongs to when it ends well.
    pub environment: Option<JobEnvironment>,
    /// Values that no log may show.
    pub secrets: Vec<String>,
    /// Names what the attempt runs, whichever run it belongs to; `None` where that is not known.
    pub digest: Option<String>,
    /// What counts in its place if it would do the same.
    pub earlier: Option<EarlierSuccess>,
    /// Variables that change how the job runs.
    pub settings: JobSettings,
    /// Whose jobs share what outlives them.
    pub volumes_of: String,
}

/// A success of the same job in an earlier run, which counts again where the attempt would do
/// the same (`pipe retry`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EarlierSuccess {
    /// The run.
    pub run: String,
    /// The executor that ran it, where the record says it.
    pub executor: Option<String>,
    /// Names all that it depended on.
    pub digest: String,
    /// What it kept.
    pub artifacts: Option<KeptArtifacts>,
    /// What its dotenv report said. Without all values it does not count.
    pub dotenv: Vec<ReportedVariable>,
    /// Its reports of files.
    pub reports: Vec<KeptReport>,
    /// What its `junit` report said.
    pub tests: Option<TestSummary>,
}

/// Expands the job's variables and those given, which come from `GITLAB_ENV` and win (runtime
/// reference 1.5).
pub type Expand = Box<dyn Fn(&str, &[(String, String)]) -> String + Send + Sync>;

/// The environment of a job, for whoever asks where it can be reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobEnvironment {
    /// Its name.
    pub name: String,
    /// What the job does with it.
    pub action: EnvironmentAction,
    /// Its address; variables unexpanded, for the job itself may report some of them.
    pub url: Option<String>,
    /// The job that takes it down.
    pub on_stop: Option<String>,
}

/// A failure that GitLab Runner comes to before a job's script, and so do we (design chapter 6).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// GitLab's reason.
    pub reason: FailureReason,
    /// What is wrong and what to do, for the log.
    pub message: String,
    /// The job's exit code, where the runner's own script ends with one.
    pub exit_code: Option<i64>,
}

/// Makes `after_script` from the value of `CI_JOB_STATUS`.
pub type AfterScript = Box<dyn Fn(&str) -> Script + Send + Sync>;

/// The values of variables that change how the job runs, as written; what makes no sense is
/// ignored with a warning in the log (runtime reference 5).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of its own on the runner"
)]
pub struct JobSettings {
    /// `RUNNER_SCRIPT_TIMEOUT`.
    pub script_timeout: Option<String>,
    /// `RUNNER_AFTER_SCRIPT_TIMEOUT`.
    pub after_script_timeout: Option<String>,
    /// `AFTER_SCRIPT_IGNORE_ERRORS: "false"` (runtime reference 1.3).
    pub after_script_can_fail: bool,
    /// `FF_MASK_ALL_DEFAULT_TOKENS: "false"`: of GitLab's own tokens only personal ones are hidden
    /// (runtime reference 15.2).
    pub shows_tokens: bool,
    /// `FF_USE_INIT_WITH_DOCKER_EXECUTOR` (runtime reference 7.1).
    pub init: bool,
    /// `FF_DISABLE_UMASK_FOR_DOCKER_EXECUTOR` (runtime reference 7.2).
    pub owned_files: bool,
}
