//! How each event changes the view.

use std::time::Duration;

use crate::event::{Event, EventKind, HeldJob, JobResult, PipelineResult, RunResult, RunStarted};
use crate::types::Status;

use super::super::words;
use super::view::label;
use super::{JobView, Pull, RunHead, StageView, State, View};

impl View {
    /// Takes the next event.
    pub fn apply(&mut self, event: &Event) {
        self.elapsed = self.elapsed.max(event.elapsed);
        let path = event.pipeline.as_slice();
        let just_ended = self.just_ended.take();
        match &event.kind {
            EventKind::RunStarted(started) => self.run_started(path, started),
            EventKind::Pull {
                image,
                progress,
                done,
            } => self.pull(image, *progress, *done),
            EventKind::PullFailed { image, message } => self.pull_failed(image, message),
            EventKind::RecordFailed { .. } => self.record_failed(just_ended),
            EventKind::CancelBegun { reason } if path.is_empty() => {
                self.cancel = Some(reason.clone());
            }
            // A child that cancels itself is its jobs' affair.
            EventKind::CancelBegun { .. } => {}
            EventKind::Notice { text } => self.notices.push(text.clone()),
            EventKind::RunFinished(result) => self.run_finished(path, result),
            EventKind::JobStarted { .. }
            | EventKind::Coverage { .. }
            | EventKind::TestSummary { .. }
            | EventKind::Environment { .. }
            | EventKind::AfterScriptFailed { .. }
            | EventKind::JobPhase { .. }
            | EventKind::Log { .. }
            | EventKind::JobRetry { .. }
            | EventKind::JobFinished { .. }
            | EventKind::JobSkipped { .. }
            | EventKind::JobWaits { .. }
            | EventKind::JobScheduled { .. } => self.job_event(path, &event.kind, event.elapsed),
        }
        if let EventKind::JobFinished { job, .. } = &event.kind {
            self.just_ended = self.index.get(label(path, job).as_ref()).copied();
        }
    }

    fn run_started(&mut self, path: &[String], started: &RunStarted) {
        if path.is_empty() {
            self.head = Some(RunHead {
                run: started.run.clone(),
                ref_name: started.ref_name.clone(),
                ref_kind: started.ref_kind.clone(),
                source: started.source.clone(),
                sha: started.sha.clone(),
                mode: started.mode,
                held: held_jobs(started),
            });
        }
        for summary in &started.jobs {
            let job = self.known(path, &summary.name, &summary.stage);
            if let Some(why) = &summary.held {
                job.state = State::Held {
                    why: why.clone(),
                    release: None,
                };
            }
        }
    }

    fn job_event(&mut self, path: &[String], kind: &EventKind, now: Duration) {
        let Some(name) = kind.job() else { return };
        let kept_lines = self.kept_lines;
        let log_place = match kind {
            EventKind::JobStarted { attempt, .. } => {
                let logs = self.logs.as_ref();
                logs.map(|logs| logs.of(path, name, *attempt))
            }
            _ => None,
        };
        let job = self.known(path, name, "");
        match kind {
            EventKind::Coverage { percent, .. } => job.facts.push(words::coverage(*percent)),
            EventKind::TestSummary { tests, .. } => job.tests = Some(tests.clone()),
            EventKind::Environment {
                environment,
                action,
                url,
                ..
            } => {
                let fact = words::environment(environment, *action, url.as_deref());
                job.facts.push(fact);
            }
            EventKind::AfterScriptFailed { message, .. } => {
                job.facts.push(format!("after_script failed: {message}"));
            }
            EventKind::JobStarted { attempt, image, .. } => {
                job.start(*attempt, now, kept_lines);
                job.image.clone_from(image);
                job.log_place = log_place;
            }
            EventKind::JobPhase { phase, .. } => job.phase = Some(*phase),
            EventKind::Log { text, partial, .. } => job.log_line(text, *partial),
            EventKind::JobRetry { reason, .. } => job.state = State::Retrying(*reason),
            EventKind::JobFinished {
                outcome,
                exit_code,
                duration,
                ..
            } => job.end(outcome, *exit_code, *duration),
            EventKind::JobSkipped { reason, .. } => job.state = State::Skipped(reason.clone()),
            EventKind::JobWaits { .. } if !job.state.needs_person() => job.state = State::Manual,
            EventKind::JobScheduled { delay, .. } => job.state = State::Delayed(now + *delay),
            _ => {}
        }
    }

    fn pull(&mut self, image: &str, progress: Option<(u64, u64)>, done: bool) {
        self.pulls.retain(|pull| !(done && pull.image == image));
        if done {
            return;
        }
        match self.pulls.iter_mut().find(|pull| pull.image == image) {
            Some(pull) => pull.progress = progress.or(pull.progress),
            None => self.pulls.push(Pull {
                image: image.to_owned(),
                progress,
            }),
        }
    }

    /// Logs that are not whole are not offered: of jobs under way, of the job whose end could not
    /// be recorded, and of all that follow.
    fn record_failed(&mut self, just_ended: Option<usize>) {
        self.record_failed = true;
        self.logs = None;
        for (at, job) in self.jobs.iter_mut().enumerate() {
            if !job.state.is_over() || Some(at) == just_ended {
                job.log_place = None;
            }
        }
    }

    fn pull_failed(&mut self, image: &str, message: &str) {
        self.pulls.retain(|pull| pull.image != image);
        self.failed_pulls.push(message.to_owned());
    }

    fn run_finished(&mut self, path: &[String], result: &RunResult) {
        self.take_results(path, &result.jobs, &result.pipelines, &result.held);
        if path.is_empty() {
            self.pulls.clear();
            self.result = Some(result.clone());
        }
    }

    /// The result has the last word on every job, of child pipelines too.
    fn take_results(
        &mut self,
        path: &[String],
        jobs: &[JobResult],
        pipelines: &[PipelineResult],
        held: &[HeldJob],
    ) {
        for result in jobs {
            let held = held.iter().find(|held| held.name == result.name);
            settle(self.known(path, &result.name, &result.stage), result, held);
        }
        for child in pipelines {
            let mut path = path.to_vec();
            path.push(child.trigger.clone());
            self.take_results(&path, &child.jobs, &child.pipelines, &[]);
        }
    }

    /// The job of that name, which becomes known by being mentioned.
    fn known(&mut self, path: &[String], name: &str, stage: &str) -> &mut JobView {
        let label = label(path, name);
        if let Some(index) = self.index.get(label.as_ref()) {
            return &mut self.jobs[*index];
        }
        let label = label.into_owned();
        let stage = self.known_stage(path, stage);
        let index = self.jobs.len();
        self.stages[stage].jobs.push(index);
        self.index.insert(label.clone(), index);
        let job = JobView::new(label, name.to_owned(), stage, self.kept_lines);
        self.jobs.push(job);
        &mut self.jobs[index]
    }

    fn known_stage(&mut self, path: &[String], name: &str) -> usize {
        let label = if name.is_empty() {
            path.join(" › ")
        } else {
            label(path, name).into_owned()
        };
        if let Some(index) = self.stages.iter().position(|stage| stage.label == label) {
            return index;
        }
        self.stages.push(StageView {
            label,
            jobs: Vec::new(),
        });
        self.stages.len() - 1
    }
}

fn held_jobs(started: &RunStarted) -> Vec<(String, String)> {
    let jobs = started.jobs.iter();
    jobs.filter_map(|job| Some((job.name.clone(), job.held.clone()?)))
        .collect()
}

/// Brings a job to where the result says it ended.
fn settle(job: &mut JobView, result: &JobResult, held: Option<&HeldJob>) {
    let reason = || result.reason.clone().unwrap_or_default();
    let message = match &job.state {
        State::Failed(message) | State::Warned(message) => message.clone(),
        _ => reason(),
    };
    job.attempt = job.attempt.max(result.attempts);
    job.exit_code = job.exit_code.or(result.exit_code);
    job.started = job.started.or(result.started);
    if let (None, Some(start), Some(end)) = (job.duration, result.started, result.finished) {
        job.duration = Some(end.saturating_sub(start));
    }
    job.state = match (result.status, held) {
        (_, Some(held)) if !result.status.is_completed() => State::Held {
            why: held.why.clone(),
            release: Some(held.release.clone()),
        },
        (Status::Success, _) => State::Success,
        (Status::Failed, _) if result.allow_failure => State::Warned(message),
        (Status::Failed, _) => State::Failed(message),
        (Status::Skipped, _) => State::Skipped(reason()),
        (Status::Canceled, _) => match &job.state {
            State::Canceled(known) if result.reason.is_none() => State::Canceled(known.clone()),
            _ => State::Canceled(reason()),
        },
        (Status::Manual, _) if !job.state.needs_person() => State::Manual,
        _ => return,
    };
}
