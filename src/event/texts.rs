//! The texts of an event, for whoever has to change them before it goes out.

use super::{EventKind, HeldJob, JobOutcome, JobResult, PipelineResult, RunStarted};

impl EventKind {
    /// Hands over each text that tells something: messages, reasons, images. Names of jobs, stages
    /// and refs are left out, for records and later runs know things by them; so are log lines,
    /// which are masked where the stream is, across their ends.
    pub fn for_each_text(&mut self, change: &mut impl FnMut(&mut String)) {
        match self {
            Self::RunStarted(RunStarted { jobs, .. }) => {
                jobs.iter_mut()
                    .filter_map(|job| job.held.as_mut())
                    .for_each(change);
            }
            Self::PullFailed { image, message } => {
                change(image);
                change(message);
            }
            Self::TestSummary { tests, .. } => tests.failures.iter_mut().for_each(change),
            Self::JobStarted { image, .. } => image.iter_mut().for_each(change),
            Self::Environment {
                environment, url, ..
            } => {
                change(environment);
                url.iter_mut().for_each(change);
            }
            Self::Pull { image: text, .. }
            | Self::AfterScriptFailed { message: text, .. }
            | Self::JobSkipped { reason: text, .. }
            | Self::CancelBegun { reason: text }
            | Self::RecordFailed { message: text }
            | Self::Notice { text }
            | Self::JobFinished {
                outcome:
                    JobOutcome::Failed { message: text, .. } | JobOutcome::Canceled { reason: text },
                ..
            } => change(text),
            Self::RunFinished(result) => {
                of_jobs(&mut result.jobs, change);
                of_pipelines(&mut result.pipelines, change);
                for HeldJob { why, release, .. } in &mut result.held {
                    change(why);
                    change(release);
                }
            }
            Self::JobPhase { .. }
            | Self::Coverage { .. }
            | Self::Log { .. }
            | Self::JobRetry { .. }
            | Self::JobFinished {
                outcome: JobOutcome::Success,
                ..
            }
            | Self::JobWaits { .. }
            | Self::JobScheduled { .. } => {}
        }
    }
}

fn of_jobs(jobs: &mut [JobResult], change: &mut impl FnMut(&mut String)) {
    for JobResult { reason, tests, .. } in jobs {
        reason.iter_mut().for_each(&mut *change);
        let tests = tests.iter_mut();
        tests
            .flat_map(|tests| &mut tests.failures)
            .for_each(&mut *change);
    }
}

fn of_pipelines(pipelines: &mut [PipelineResult], change: &mut impl FnMut(&mut String)) {
    for pipeline in pipelines {
        of_jobs(&mut pipeline.jobs, change);
        of_pipelines(&mut pipeline.pipelines, change);
    }
}
