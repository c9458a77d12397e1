//! Variables of a job that only its run knows, and those that a runner adds (runtime reference 13).

use crate::types::slug;

use super::facts::{PipelineFacts, Versions};
use super::model::Job;
use super::predefined::Pairs;

/// What only a run knows.
#[derive(Debug, Clone)]
pub struct RunFacts {
    /// `CI_PIPELINE_ID`.
    pub pipeline_id: u64,
    /// `CI_JOB_ID`.
    pub job_id: u64,
    /// `CI_BUILDS_DIR`.
    pub builds_dir: String,
    /// `CI_PROJECT_DIR`.
    pub project_dir: String,
    /// `CI_JOB_STARTED_AT`, RFC 3339.
    pub started_at: String,
    /// `CI_JOB_TIMEOUT`, seconds.
    pub timeout: u64,
    /// The image as named, where the executor runs images.
    pub image: Option<String>,
    /// Whether the environment is thrown away with the job (docker) or shared (shell).
    pub disposable: bool,
    /// `CI_CONCURRENT_ID`.
    pub slot: usize,
    /// `CI_RUNNER_DESCRIPTION`.
    pub runner: String,
    /// Variables of dotenv reports that the job receives; later ones win.
    pub dotenv: Vec<(String, String)>,
}

/// `CI_PIPELINE_ID` and what is made of it.
pub(super) fn pipeline_ids(facts: &PipelineFacts, id: u64) -> Pairs {
    let url = facts.project.url();
    vec![
        ("CI_PIPELINE_ID", id.to_string()),
        ("CI_PIPELINE_URL", format!("{url}/-/pipelines/{id}")),
    ]
}

/// Variables that the server adds when it hands a job to a runner.
pub(super) fn running(facts: &PipelineFacts, job: &Job, run: &RunFacts) -> Pairs {
    let url = facts.project.url();
    let mut pairs = pipeline_ids(facts, run.pipeline_id);
    pairs.extend([
        ("CI_JOB_ID", run.job_id.to_string()),
        ("CI_JOB_URL", format!("{url}/-/jobs/{}", run.job_id)),
        ("CI_JOB_STARTED_AT", run.started_at.clone()),
        ("CI_JOB_STARTED_AT_SLUG", slug(&run.started_at)),
        ("CI_RUNNER_ID", "1".to_owned()),
        ("CI_RUNNER_DESCRIPTION", run.runner.clone()),
        ("CI_RUNNER_TAGS", job.tags.join(", ")),
        ("CI_REPOSITORY_URL", format!("{url}.git")),
        ("CI_DEPENDENCY_PROXY_USER", "gitlab-ci-token".to_owned()),
    ]);
    pairs
}

/// Variables that the runner knows before it looks at those of the job, which override them
/// (runtime reference 12.1). The server knows none of them.
pub(super) fn runner_defaults(run: &RunFacts) -> Pairs {
    let image = run.image.iter().map(|name| ("CI_JOB_IMAGE", name.clone()));
    let others = [
        ("CI_RUNNER_SHORT_TOKEN", "pipe".to_owned()),
        ("CI_BUILDS_DIR", run.builds_dir.clone()),
        ("CI_PROJECT_DIR", run.project_dir.clone()),
        ("CI_CONCURRENT_ID", run.slot.to_string()),
        ("CI_CONCURRENT_PROJECT_ID", run.slot.to_string()),
        ("CI_SERVER", "yes".to_owned()),
        ("CI_JOB_STATUS", "running".to_owned()),
        ("CI_JOB_TIMEOUT", run.timeout.to_string()),
    ];
    image.chain(others).collect()
}

/// Variables of the runner that nothing overrides (runtime reference 12.1).
pub(super) fn runner_facts(run: &RunFacts) -> Pairs {
    let environment_kind = if run.disposable {
        "CI_DISPOSABLE_ENVIRONMENT"
    } else {
        "CI_SHARED_ENVIRONMENT"
    };
    vec![
        (environment_kind, "true".to_owned()),
        ("CI_RUNNER_VERSION", Versions::RUNNER.to_owned()),
        ("CI_RUNNER_REVISION", "00000000".to_owned()),
        (
            "CI_RUNNER_EXECUTABLE_ARCH",
            format!("linux/{}", go_architecture()),
        ),
    ]
}

/// The machine's architecture in Go's words, which the runner uses.
const fn go_architecture() -> &'static str {
    if cfg!(target_arch = "x86_64") {
        "amd64"
    } else if cfg!(target_arch = "aarch64") {
        "arm64"
    } else if cfg!(target_arch = "arm") {
        "arm"
    } else if cfg!(target_arch = "riscv64") {
        "riscv64"
    } else if cfg!(target_arch = "s390x") {
        "s390x"
    } else {
        "unknown"
    }
}
