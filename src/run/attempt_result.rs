//! The result of an attempt, as it is handed to the record.

use crate::event::{AttemptResult, JobOutcome, KeptArtifacts, ReportedVariable};
use crate::types::Status;

use super::dispatcher::Dispatcher;
use super::message::AttemptId;

impl Dispatcher<'_> {
    /// What is known of an attempt that has ended. Its times, exit code and artifacts are noted
    /// already.
    pub(super) fn attempt_result(
        &self,
        id: AttemptId,
        outcome: &JobOutcome,
        digest: Option<String>,
        dotenv: Vec<ReportedVariable>,
    ) -> AttemptResult {
        let (job, attempt) = self.named(id);
        let record = &self.records[id.job.0];
        let (status, reason, message) = match outcome {
            JobOutcome::Success => (Status::Success, None, None),
            JobOutcome::Failed {
                reason, message, ..
            } => (Status::Failed, Some(*reason), Some(message.clone())),
            JobOutcome::Canceled { reason } => (Status::Canceled, None, Some(reason.clone())),
        };
        AttemptResult {
            job,
            attempt,
            pipeline: Vec::new(),
            job_id: record.job_id,
            status,
            allow_failure: matches!(outcome, JobOutcome::Failed { allowed: true, .. }),
            reason: reason.map(|reason| reason.as_str().to_owned()),
            message,
            exit_code: record.exit_code,
            started: record.started,
            finished: record.finished,
            artifacts: record.kept.artifacts.as_ref().map(|kept| KeptArtifacts {
                file: kept.tar.clone(),
                digest: kept.digest.clone(),
            }),
            dotenv,
            digest,
        }
    }
}
