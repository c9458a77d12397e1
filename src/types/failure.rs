//! GitLab's failure reasons.

use serde::{Deserialize, Serialize};

/// GitLab's failure reasons that can happen on one machine (runtime reference 4.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureReason {
    /// A script ended with a status other than zero, or the job's own words were wrong
    /// (an image that does not exist, a bad pull policy).
    ScriptFailure,
    /// The machinery failed: daemon unreachable, container not created, preparation failed.
    RunnerSystemFailure,
    /// The job's or the script's time was up.
    JobExecutionTimeout,
    /// No runner could take the job in time.
    StuckOrTimeoutFailure,
    /// The runner lacks something that the job needs.
    RunnerUnsupported,
    /// A delayed job was not started within an hour of its time.
    StaleSchedule,
    /// Artifacts that the job needs are gone.
    MissingDependencyFailure,
    /// The job's environment could not be made (bad name, unknown tier).
    EnvironmentCreationFailure,
    /// The project whose pipeline a job mirrors is not there.
    UpstreamBridgeProjectNotFound,
    /// The project that a trigger job names is not there.
    DownstreamBridgeProjectNotFound,
    /// Projects trigger each other in a circle.
    PipelineLoopDetected,
    /// The child pipeline could not be made: its configuration is not valid, or it has no jobs.
    DownstreamPipelineCreationFailed,
    /// Child pipelines go no deeper.
    ReachedMaxDescendantPipelinesDepth,
    /// A run has no more pipelines.
    ReachedMaxPipelineHierarchySize,
    /// None of the others.
    UnknownFailure,
}

impl FailureReason {
    /// GitLab's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ScriptFailure => "script_failure",
            Self::RunnerSystemFailure => "runner_system_failure",
            Self::JobExecutionTimeout => "job_execution_timeout",
            Self::StuckOrTimeoutFailure => "stuck_or_timeout_failure",
            Self::RunnerUnsupported => "runner_unsupported",
            Self::StaleSchedule => "stale_schedule",
            Self::MissingDependencyFailure => "missing_dependency_failure",
            Self::EnvironmentCreationFailure => "environment_creation_failure",
            Self::UpstreamBridgeProjectNotFound => "upstream_bridge_project_not_found",
            Self::DownstreamBridgeProjectNotFound => "downstream_bridge_project_not_found",
            Self::PipelineLoopDetected => "pipeline_loop_detected",
            Self::DownstreamPipelineCreationFailed => "downstream_pipeline_creation_failed",
            Self::ReachedMaxDescendantPipelinesDepth => "reached_max_descendant_pipelines_depth",
            Self::ReachedMaxPipelineHierarchySize => "reached_max_pipeline_hierarchy_size",
            Self::UnknownFailure => "unknown_failure",
        }
    }
}

impl std::fmt::Display for FailureReason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}
