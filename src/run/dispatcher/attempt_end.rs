//! The end of an attempt: what is told of it and what follows.

use crate::event::EventKind;
use crate::sched::Action;
use crate::types::FailureReason;

use super::dispatch::Dispatcher;
use crate::run::ids::AttemptId;
use crate::run::message::{End, Failure, Verdict};

impl Dispatcher<'_> {
    /// Tells the scheduler, then everybody; what follows from it comes after.
    pub(in crate::run) fn attempt_ended(&mut self, id: AttemptId, end: End) {
        // An attempt that was given up may still have its say.
        let Some(ended) = self.attempts.end(id) else {
            return;
        };
        if let Some(slot) = ended.slot {
            self.slots.free(slot);
        }
        self.take_end(id, end);
    }

    fn take_end(&mut self, id: AttemptId, mut end: End) {
        for fact in std::mem::take(&mut end.facts) {
            self.tell(id.pipeline, id.job, |job| fact.event(job, id.attempt));
        }
        let now = self.stream.elapsed();
        let pipeline = &mut self.pipelines[id.pipeline];
        let (result, finished, actions) = pipeline.end_attempt(id, end, now);
        self.stream.keep(result);
        self.stream.emit(pipeline.path(), finished);
        let canceled = self.auto_canceled(id, &actions);
        self.carry_out(id.pipeline, actions);
        if let Some(reason) = canceled {
            self.cancel_below(id.pipeline, &reason);
        }
    }

    /// `auto_cancel:on_job_failure` is told before the jobs that it stops; the reason, where it
    /// stops any.
    fn auto_canceled(&mut self, id: AttemptId, actions: &[Action]) -> Option<String> {
        let cancels = |action: &Action| matches!(action, Action::Stop(_) | Action::Cancel(_));
        if !actions.iter().any(cancels) {
            return None;
        }
        let pipeline = &mut self.pipelines[id.pipeline];
        let name = pipeline.name(id.job);
        let reason = format!("job {name} failed (auto_cancel:on_job_failure)");
        if pipeline.cancel_for(&reason) {
            let reason = reason.clone();
            let begun = EventKind::CancelBegun { reason };
            self.stream.emit(pipeline.path(), begun);
        }
        Some(reason)
    }

    /// Nothing goes on, and yet a job waits for a resource group: who has it waits for the end of
    /// this job. On GitLab both wait for ever; here the job fails.
    pub(in crate::run) fn end_deadlock(&mut self) {
        let something_comes = !self.timers.is_empty() || !self.messages.receiver.is_empty();
        let Some(id) = self.pipelines.first_waiting_for_resource() else {
            return;
        };
        if something_comes {
            return;
        }
        let job = self.pipelines[id.pipeline].job(id.job);
        let group = job.sched.resource_group.clone().unwrap_or_default();
        self.release(id);
        let message = format!(
            "it would wait for ever for the resource group `{group}`: the trigger job that has it waits for this pipeline"
        );
        let failure = Failure::new(FailureReason::StuckOrTimeoutFailure, message);
        self.take_end(id, End::of(Verdict::Failed(failure)));
    }
}
