//! Queries about a pipeline: statuses, whether it is done, and why a job does not run, in words.

use crate::types::Status;

use super::composite::StatusSet;
use super::{JobIndex, Pipeline, SkipCause};

impl Pipeline {
    /// Every job, in the order given.
    pub fn jobs(&self) -> impl Iterator<Item = JobIndex> + use<> {
        (0..self.jobs.len()).map(JobIndex)
    }

    /// State of the newest attempt.
    pub fn status_of(&self, job: JobIndex) -> Status {
        self.jobs[job.0].status
    }

    /// The newest attempt, from 1; it may not have begun.
    pub fn attempt_of(&self, job: JobIndex) -> u32 {
        self.jobs[job.0].attempt
    }

    /// `allow_failure` as it is now: an exit code may have set it.
    pub fn is_allowed_to_fail(&self, job: JobIndex) -> bool {
        self.jobs[job.0].allowed
    }

    /// Whether the job would have started by itself, but is held.
    pub fn is_held(&self, job: JobIndex) -> bool {
        self.jobs[job.0].waits_held()
    }

    /// Stored status of a stage; `created` for one without jobs.
    #[cfg(test)]
    pub fn stage_status(&self, stage: usize) -> Status {
        self.stages[stage].status
    }

    /// Stored status of the pipeline.
    pub fn status(&self) -> Status {
        self.status
    }

    /// Whether the pipeline is done: nothing runs, is ready, delayed or waits for a resource group.
    pub fn is_done(&self) -> bool {
        self.active == 0
    }

    /// Whether a job failed for good and is not allowed to.
    pub fn has_failure(&self) -> bool {
        let all = self
            .stages
            .iter()
            .fold(StatusSet::EMPTY, |all, stage| all.union(stage.set()));
        all.has(Status::Failed)
    }

    /// Why a job that is skipped was.
    pub fn skip_cause(&self, job: JobIndex) -> Option<SkipCause> {
        let job = &self.jobs[job.0];
        job.cause.filter(|_| job.status == Status::Skipped)
    }

    /// The unfinished job that keeps a created job from being decided; where that one waits
    /// itself, the one at the root of it.
    pub fn waits_for(&self, job: JobIndex) -> Option<JobIndex> {
        let mut blocker = None;
        let mut at = job;
        while self.jobs[at.0].status == Status::Created {
            let Some(next) = self.first_unfinished_before(at) else {
                break;
            };
            blocker = Some(next);
            at = next;
        }
        blocker
    }

    fn first_unfinished_before(&self, job: JobIndex) -> Option<JobIndex> {
        let spec = &self.jobs[job.0].spec;
        let unfinished = |index: &JobIndex| !self.is_settled(*index);
        match &spec.needs {
            Some(needs) => needs.iter().copied().find(unfinished),
            None => self.stages[..spec.stage]
                .iter()
                .find_map(|stage| stage.jobs.iter().copied().find(unfinished)),
        }
    }

    /// Whether the job has ended, or is one that nobody waits for.
    fn is_settled(&self, index: JobIndex) -> bool {
        let job = &self.jobs[index.0];
        job.status.is_completed()
            || (job.status == Status::Manual && (job.allowed || job.waits_held()))
    }

    /// In words, why a job did not run or does not run yet: `stage test failed`, `needs skipped
    /// job b1`, `waits for deploy`. `None` for a job that runs, has run or waits for a person.
    pub fn reason(&self, job: JobIndex) -> Option<String> {
        match self.jobs[job.0].status {
            Status::Skipped => self.skip_cause(job).map(|cause| self.describe(cause)),
            Status::Created => self
                .waits_for(job)
                .map(|blocker| format!("waits for {}", self.name(blocker))),
            Status::WaitingForResource => {
                let group = self.jobs[job.0].spec.resource_group.as_ref()?;
                Some(format!("waits for resource group {group}"))
            }
            _ => None,
        }
    }

    /// A cause in words.
    pub fn describe(&self, cause: SkipCause) -> String {
        let stage = |at: usize| &self.stages[at].name;
        match cause {
            SkipCause::StageFailed(at) => format!("stage {} failed", stage(at)),
            SkipCause::StageCanceled(at) => format!("stage {} was canceled", stage(at)),
            SkipCause::NothingFailed => "no earlier job failed".to_owned(),
            SkipCause::NoNeedFailed => "no needed job failed".to_owned(),
            SkipCause::NeedFailed(job) => format!("needs failed job {}", self.name(job)),
            SkipCause::NeedCanceled(job) => format!("needs canceled job {}", self.name(job)),
            SkipCause::NeedSkipped(job) => format!("needs skipped job {}", self.name(job)),
            SkipCause::NeedManual(job) => {
                format!("needs manual job {}, which was not played", self.name(job))
            }
            SkipCause::NeedHeld(job) => format!("needs held job {}", self.name(job)),
            SkipCause::Never => "when: never".to_owned(),
        }
    }

    fn name(&self, job: JobIndex) -> &str {
        &self.jobs[job.0].spec.name
    }

    /// The cause of a skip that is being decided now. What weighs most is named: a held or
    /// skipped need before a failed one, because it alone decides.
    pub(super) fn cause_of_skip(&self, job: JobIndex) -> SkipCause {
        let spec = &self.jobs[job.0].spec;
        if spec.when == crate::types::When::Never {
            return SkipCause::Never;
        }
        match &spec.needs {
            Some(needs) => self
                .cause_in_needs(needs)
                .unwrap_or(SkipCause::NoNeedFailed),
            None => self
                .cause_in_stages(spec.stage)
                .unwrap_or(SkipCause::NothingFailed),
        }
    }

    fn cause_in_needs(&self, needs: &[JobIndex]) -> Option<SkipCause> {
        let causes = || needs.iter().filter_map(|need| self.cause_in_need(*need));
        causes().min_by_key(|cause| match cause {
            SkipCause::NeedHeld(_) => 0,
            SkipCause::NeedManual(_) => 1,
            SkipCause::NeedSkipped(_) => 2,
            SkipCause::NeedFailed(_) => 3,
            _ => 4,
        })
    }

    fn cause_in_need(&self, need: JobIndex) -> Option<SkipCause> {
        let job = &self.jobs[need.0];
        match job.status {
            Status::Manual if job.waits_held() => Some(SkipCause::NeedHeld(need)),
            Status::Manual if job.allowed => Some(SkipCause::NeedManual(need)),
            Status::Skipped => Some(SkipCause::NeedSkipped(need)),
            Status::Failed if !job.allowed => Some(SkipCause::NeedFailed(need)),
            Status::Canceled if !job.allowed => Some(SkipCause::NeedCanceled(need)),
            _ => None,
        }
    }

    fn cause_in_stages(&self, stage: usize) -> Option<SkipCause> {
        let having = |status| {
            self.stages[..stage]
                .iter()
                .position(|s| s.set().has(status))
        };
        having(Status::Failed)
            .map(SkipCause::StageFailed)
            .or_else(|| having(Status::Canceled).map(SkipCause::StageCanceled))
    }
}
