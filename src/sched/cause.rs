//! Why a job was skipped.

use super::JobIndex;

/// Why a job was skipped, fixed at the moment it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SkipCause {
    /// A job of that earlier stage failed.
    StageFailed(usize),
    /// A job of that earlier stage was canceled.
    StageCanceled(usize),
    /// `on_failure`, and no job of an earlier stage failed.
    NothingFailed,
    /// `on_failure`, and no needed job failed.
    NoNeedFailed,
    /// A needed job failed.
    NeedFailed(JobIndex),
    /// A needed job was canceled.
    NeedCanceled(JobIndex),
    /// A needed job was skipped.
    NeedSkipped(JobIndex),
    /// A needed job is manual and was not played.
    NeedManual(JobIndex),
    /// A needed job is held (design chapter 3).
    NeedHeld(JobIndex),
    /// `when: never`.
    Never,
}
