//! The states of a job, a stage and a pipeline.

use serde::{Deserialize, Serialize};

/// A state in GitLab's words (runtime reference 6.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Its predecessors have not finished.
    Created,
    /// Ready, but its resource group is busy.
    WaitingForResource,
    /// A server-side state that composite statuses know.
    Preparing,
    /// A server-side state that composite statuses know.
    WaitingForCallback,
    /// Ready, waits for a slot.
    Pending,
    /// Its script or the work around it is under way.
    Running,
    /// Cancel was asked, `after_script` is under way.
    Canceling,
    /// Ended well.
    Success,
    /// Ended badly.
    Failed,
    /// Was stopped.
    Canceled,
    /// Will not run, because of its predecessors.
    Skipped,
    /// Waits for a person.
    Manual,
    /// Delayed: its timer runs.
    Scheduled,
}

impl Status {
    /// GitLab's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::WaitingForResource => "waiting_for_resource",
            Self::Preparing => "preparing",
            Self::WaitingForCallback => "waiting_for_callback",
            Self::Pending => "pending",
            Self::Running => "running",
            Self::Canceling => "canceling",
            Self::Success => "success",
            Self::Failed => "failed",
            Self::Canceled => "canceled",
            Self::Skipped => "skipped",
            Self::Manual => "manual",
            Self::Scheduled => "scheduled",
        }
    }

    /// Whether a job in this state has ended (GitLab's group *completed*).
    pub const fn is_completed(self) -> bool {
        matches!(
            self,
            Self::Success | Self::Failed | Self::Canceled | Self::Skipped
        )
    }
}

impl std::fmt::Display for Status {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}
