//! Pipelines that trigger jobs begin: children, and those of other projects. A trigger job ends as its
//! pipeline does where it waits for it.

use std::panic::resume_unwind;
use std::sync::Arc;

use tokio::sync::watch;

use crate::exec::Cancel;
use crate::sched::Input;
use crate::types::{FailureReason, Status};

use super::dispatch::{Dispatcher, Opening};
use crate::run::bounded_call::asked;
use crate::run::context::RunContext;
use crate::run::ids::{AttemptId, PipelineIndex};
use crate::run::lines::{Lines, LogLines};
use crate::run::message::{End, Failure, Message, NewChild, Verdict};
use crate::run::pipeline::PipelineState;
use crate::run::spec::{Trigger, TriggerContext, Work};
use crate::run::trees::publish;

/// Levels of children below the root, and pipelines in all (runtime reference 6.12).
const MAX_DEPTH: usize = 2;
const MAX_PIPELINES: usize = 1000;

impl Dispatcher<'_> {
    pub(in crate::run) fn start_trigger(&mut self, id: AttemptId, trigger: Trigger) {
        let job_id = self.pipelines[id.pipeline].next_job_id();
        let pipeline = &self.pipelines[id.pipeline];
        let path = pipeline.path_below(id.job, id.attempt);
        let refusal = self.too_many(pipeline.level_below(id.job));
        let facts = TriggerContext {
            attempt: id.attempt,
            job_id,
            path,
            artifacts: pipeline.kept_for(id.job),
            dotenv: pipeline.dotenv_for(id.job),
            succeeded: pipeline.succeeded().collect(),
        };
        self.begin_attempt(id, job_id);
        let context = Arc::clone(&self.context);
        let messages = self.messages.sender.clone();
        self.attempts.begin(id, None, |cancel| async move {
            let made = match refusal {
                Some(refusal) => Err(Verdict::Failed(refusal)),
                None => make(trigger, facts, &context, &cancel).await,
            };
            let message = match made {
                Ok(child) => Message::Child(id, Box::new(child)),
                Err(mut verdict) => {
                    let lines = told(&mut verdict);
                    if !lines.is_empty() {
                        let _ = messages.send(Message::Log(id, lines)).await;
                    }
                    Message::Ended(id, Box::new(End::of(verdict)))
                }
            };
            // The dispatcher outlives every attempt; should it be gone, nobody wants to know.
            let _ = messages.send(message).await;
        });
    }

    fn too_many(&self, level: usize) -> Option<Failure> {
        if level > MAX_DEPTH {
            let message = format!("child pipelines go no deeper than {MAX_DEPTH} levels");
            let reason = FailureReason::ReachedMaxDescendantPipelinesDepth;
            return Some(Failure::new(reason, message));
        }
        let is_full = self.pipelines.len() >= MAX_PIPELINES;
        let message = format!("a run has no more than {MAX_PIPELINES} pipelines");
        is_full.then(|| Failure::new(FailureReason::ReachedMaxPipelineHierarchySize, message))
    }

    /// The child begins, unless its trigger job was stopped meanwhile.
    pub(in crate::run) fn child_made(&mut self, id: AttemptId, child: NewChild) {
        let status = self.pipelines[id.pipeline].scheduler().status_of(id.job);
        if status != Status::Running {
            return self.attempt_ended(id, End::of(Verdict::Canceled));
        }
        let NewChild { spec, trees } = child;
        self.stream.hide(&spec.secrets);
        let opening = Opening::of(&spec);
        let parent = &self.pipelines[id.pipeline];
        let path = parent.path_below(id.job, id.attempt);
        let level = parent.level_below(id.job);
        let child = match PipelineState::new(spec) {
            Ok(child) => child.with_trees(trees).child_of(id, path, level),
            Err(error) => {
                let failure = Failure::new(FailureReason::UnknownFailure, error.to_string());
                return self.attempt_ended(id, End::of(Verdict::Failed(failure)));
            }
        };
        let child = self.pipelines.add(child);
        if !self.depends_on_child(id) {
            self.attempt_ended(id, End::of(Verdict::Success));
        }
        self.open(child, opening);
    }

    fn depends_on_child(&self, id: AttemptId) -> bool {
        match &self.pipelines[id.pipeline].job(id.job).work {
            Work::Trigger(trigger) => trigger.depends,
            Work::Scripts(_) => false,
        }
    }

    /// A pipeline has come to rest: a trigger job that waits for it ends as it did. Where it waits
    /// for a person, so does the trigger job.
    pub(in crate::run) fn child_rests(&mut self, child: PipelineIndex) {
        let Some(id) = self.pipelines[child].parent() else {
            return;
        };
        let trigger = self.pipelines[id.pipeline].scheduler();
        if trigger.attempt_of(id.job) != id.attempt {
            return;
        }
        let is_stopped = trigger.status_of(id.job) == Status::Canceling;
        let child = &self.pipelines[child];
        let verdict = match child.scheduler().status() {
            _ if is_stopped => Verdict::Canceled,
            Status::Success => Verdict::Success,
            // On GitLab they would not be held.
            Status::Skipped if child.held().next().is_some() => Verdict::Success,
            Status::Canceled => Verdict::Canceled,
            status @ (Status::Failed | Status::Skipped) => Verdict::Failed(Failure::new(
                FailureReason::UnknownFailure,
                format!("the child pipeline is {status}"),
            )),
            _ => return,
        };
        self.attempt_ended(id, End::of(verdict));
    }

    /// The trigger job is being stopped: so is the child that it waits for.
    pub(in crate::run) fn cancel_child(&mut self, trigger: AttemptId) {
        if let Some(child) = self.pipelines.child_of(trigger) {
            let reason = self.pipelines[trigger.pipeline].cancel_words().to_owned();
            self.cancel_pipeline(child, &reason);
        }
    }

    /// Children go with the pipeline that made them, also those that nobody waits for.
    pub(in crate::run) fn cancel_below(&mut self, pipeline: PipelineIndex, reason: &str) {
        for child in self.pipelines.below(pipeline) {
            self.cancel_pipeline(child, reason);
        }
    }

    fn cancel_pipeline(&mut self, pipeline: PipelineIndex, reason: &str) {
        self.pipelines[pipeline].cancel_for(reason);
        // Also where it is being canceled already: a trigger job may wait to hear of its end.
        self.step(pipeline, Input::Cancel);
    }
}

/// What is behind the first line of a failure's message, which is for the log of the trigger job.
fn told(verdict: &mut Verdict) -> LogLines {
    let mut lines = LogLines::default();
    if let Verdict::Failed(failure) = verdict
        && let Some((message, rest)) = failure.message.split_once('\n')
    {
        let mut cutter = Lines::default();
        cutter.push(rest.as_bytes(), &mut lines);
        cutter.flush(&mut lines);
        failure.message = message.to_owned();
    }
    lines
}

/// Makes the child and hands its files to the runners. A stop does not wait for it.
async fn make(
    trigger: Trigger,
    facts: TriggerContext,
    context: &RunContext,
    cancel: &watch::Receiver<Cancel>,
) -> Result<NewChild, Verdict> {
    let making = async {
        // It may read files and take its time.
        let made = tokio::task::spawn_blocking(move || trigger.child.make(&facts)).await;
        let spec = match made {
            Ok(made) => made.map_err(|refusal| Verdict::Failed(refusal.into()))?,
            Err(error) => match error.try_into_panic() {
                Ok(panic) => resume_unwind(panic),
                Err(_) => return Err(Verdict::Killed),
            },
        };
        match publish(&spec.jobs, &spec.trees, context.runners()).await {
            Ok(trees) => Ok(NewChild { spec, trees }),
            Err(error) => Err(Verdict::Failed(Failure::from(&error))),
        }
    };
    tokio::select! {
        made = making => made,
        () = asked(cancel, Cancel::Graceful) => Err(Verdict::Canceled),
    }
}
