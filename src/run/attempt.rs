//! One attempt of one job, from an open environment to a closed one (runtime reference 1, 5).
//!
//! ```text
//! image → open → script → after_script → artifacts → close
//! ```

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{SemaphorePermit, mpsc, watch};
use tokio::time::{Instant, sleep, timeout};

use crate::event::{EventKind, Phase};
use crate::exec::{
    ArtifactRef, Cancel, EnvSpec, ExecError, Exit, Layout, Script, Session, TreeRef, Workspace,
};
use crate::types::FailureReason;

use super::limits::limit;
use super::log::JobLog;
use super::mask::Masker;
use super::message::{AttemptId, End, Failure, Message, Verdict};
use super::shared::Shared;
use super::spec::{AttemptContext, AttemptScripts, JobRun};
use super::stage::{Bounds, Ending, GRACE, Remote, Stop, asked};

/// `RUNNER_AFTER_SCRIPT_TIMEOUT` when it is not set (runtime reference 5).
const AFTER_SCRIPT_TIMEOUT: Duration = Duration::from_secs(5 * 60);

/// How often the environment is tried, and the pause between (runtime reference 1.1).
const OPEN_TRIES: u32 = 3;
const OPEN_PAUSE: Duration = Duration::from_secs(3);

/// For taking the environment away. Outside of every cancellation, so that nothing stays behind.
const CLOSE_BUDGET: Duration = Duration::from_secs(30);

/// What the dispatcher hands out with an attempt.
pub(super) struct Order {
    pub(super) id: AttemptId,
    /// Counts the attempts of the run, from 1.
    pub(super) job_id: u64,
    /// The lowest free slot, from 0.
    pub(super) slot: usize,
    /// Laid over the tree in this order.
    pub(super) artifacts: Vec<ArtifactRef>,
    pub(super) cancel: watch::Receiver<Cancel>,
}

/// Runs the attempt and sends its end; then takes the environment away, for which no other job
/// has to wait.
pub(super) async fn run(shared: Arc<Shared>, order: Order, messages: mpsc::Sender<Message>) {
    let id = order.id;
    let mut attempt = Attempt::new(&shared, order, messages.clone());
    let (end, session) = attempt.drive().await;
    // The dispatcher outlives every attempt; should it be gone, nobody wants to know.
    let _ = messages.send(Message::Ended(id, end)).await;
    if let Some(session) = session {
        attempt.close(session).await;
    }
}

struct Attempt<'a> {
    shared: &'a Shared,
    job: &'a JobRun,
    order: Order,
    layout: Layout,
    scripts: AttemptScripts,
    log: JobLog,
    messages: mpsc::Sender<Message>,
    deadline: Instant,
}

impl<'a> Attempt<'a> {
    fn new(shared: &'a Shared, order: Order, messages: mpsc::Sender<Message>) -> Self {
        let AttemptId { job, attempt } = order.id;
        let run = shared.job(job);
        let layout = run
            .executor
            .layout(&shared.project_path, &run.sched.name, attempt);
        let scripts = run.scripts.attempt(&AttemptContext {
            attempt,
            job_id: order.job_id,
            slot: order.slot,
            layout: layout.clone(),
        });
        let masker = Masker::new(&scripts.secrets);
        Self {
            shared,
            job: run,
            layout,
            log: JobLog::new(order.id, masker, messages.clone()),
            scripts,
            order,
            messages,
            deadline: Instant::now() + run.timeout,
        }
    }

    async fn drive(&mut self) -> (End, Option<Box<dyn Session>>) {
        self.enter(Phase::Prepare).await;
        let mut session = match self.prepare().await {
            Ok(session) => session,
            Err(verdict) => return (self.end(verdict, None, None), None),
        };
        let (verdict, exit_code, artifacts) = self.work(session.as_mut()).await;
        (self.end(verdict, exit_code, artifacts), Some(session))
    }

    fn end(&self, verdict: Verdict, exit_code: Option<i64>, artifacts: Option<ArtifactRef>) -> End {
        End {
            verdict: self.told(verdict),
            exit_code,
            artifacts,
        }
    }

    async fn work(
        &mut self,
        session: &mut dyn Session,
    ) -> (Verdict, Option<i64>, Option<ArtifactRef>) {
        let (mut verdict, exit_code) = self.script(session).await;
        if verdict.goes_on() {
            verdict = self.after_script(session, verdict).await;
        }
        let mut artifacts = None;
        if verdict.goes_on() {
            (verdict, artifacts) = self.upload(session, verdict).await;
        }
        (verdict, exit_code, artifacts)
    }

    /// Brings the image and opens the environment; a system failure is tried again.
    async fn prepare(&mut self) -> Result<Box<dyn Session>, Verdict> {
        let mut tries = 1;
        loop {
            let failure = match self.open().await {
                Ok(session) => return Ok(session),
                Err(Verdict::Failed(failure)) => failure,
                Err(verdict) => return Err(verdict),
            };
            let is_system = failure.reason == FailureReason::RunnerSystemFailure;
            if !is_system || tries == OPEN_TRIES {
                return Err(Verdict::Failed(failure));
            }
            tries += 1;
            let text = format!("WARNING: {}; trying again in 3 s", failure.message);
            self.log.say(&text).await;
            let (_, remote) = Remote::new();
            let bounds = self.bounds(Cancel::Graceful, None);
            let pause = bounds.run(&mut self.log, remote, sleep(OPEN_PAUSE)).await;
            if let Some(stop) = pause.stop {
                return Err(self.stopped_before_script(stop));
            }
        }
    }

    async fn open(&mut self) -> Result<Box<dyn Session>, Verdict> {
        let bounds = self.bounds(Cancel::Graceful, None);
        let spec = self.env_spec();
        let (cx, remote) = Remote::new();
        let (shared, job) = (self.shared, self.job);
        let work = async {
            let _permit = tokio::select! {
                admitted = admit(shared, job) => admitted?,
                () = asked(&cx.cancel, Cancel::Graceful) => return Err(vanished()),
            };
            let opened = job.executor.open(spec, &cx).await;
            opened.map_err(|error| Failure::from(&error))
        };
        let Ending { result, stop } = bounds.run(&mut self.log, remote, work).await;
        match (result, stop) {
            // It came up in the very moment of being stopped.
            (Some(Ok(session)), Some(stop)) => {
                self.close(session).await;
                Err(self.stopped_before_script(stop))
            }
            (_, Some(stop)) => Err(self.stopped_before_script(stop)),
            (Some(Ok(session)), None) => Ok(session),
            (Some(Err(failure)), None) => Err(Verdict::Failed(failure)),
            (None, None) => Err(Verdict::Killed),
        }
    }

    fn env_spec(&self) -> EnvSpec {
        EnvSpec {
            owner: self.shared.owner.clone(),
            job: self.job.sched.name.clone(),
            attempt: self.order.id.attempt,
            image: self.job.image.clone(),
            layout: self.layout.clone(),
            variables: self.scripts.variables.clone(),
            workspace: Workspace {
                tree: self.tree(),
                artifacts: self.order.artifacts.clone(),
            },
        }
    }

    fn tree(&self) -> Option<TreeRef> {
        let tree = self.shared.trees.of(&self.job.executor);
        tree.filter(|_| self.job.with_tree).cloned()
    }

    async fn script(&mut self, session: &mut dyn Session) -> (Verdict, Option<i64>) {
        self.enter(Phase::Script).await;
        let own = self.scripts.settings.script_timeout.take();
        let own = self.limit("RUNNER_SCRIPT_TIMEOUT", own).await;
        let bounds = self.bounds(Cancel::Graceful, own);
        let text = std::mem::take(&mut self.scripts.script);
        let script = Script { text };
        let (cx, remote) = Remote::new();
        let work = session.run(&script, &cx);
        let Ending { result, stop } = bounds.run(&mut self.log, remote, work).await;
        if let Some(stop) = stop {
            return (self.stopped_script(stop).await, None);
        }
        match result {
            Some(Ok(Exit::Code(0))) => (Verdict::Success, Some(0)),
            Some(Ok(Exit::Code(code))) => (Verdict::Failed(Failure::exit_code(code)), Some(code)),
            Some(Err(error)) => (Verdict::Failed(Failure::from(&error)), None),
            Some(Ok(Exit::Stopped)) | None => (Verdict::Failed(vanished()), None),
        }
    }

    async fn stopped_script(&mut self, stop: Stop) -> Verdict {
        match stop {
            Stop::Killed => Verdict::Killed,
            Stop::Deadline => Verdict::JobTimedOut(self.out_of_time()),
            Stop::Canceled => {
                self.log.say("WARNING: script canceled").await;
                Verdict::Canceled
            }
            Stop::Limit => {
                let text =
                    "step_script could not run to completion because the timeout was exceeded";
                self.log.say(&format!("WARNING: {text}")).await;
                Verdict::ScriptTimedOut(
                    "the script took longer than RUNNER_SCRIPT_TIMEOUT".to_owned(),
                )
            }
        }
    }

    fn stopped_before_script(&self, stop: Stop) -> Verdict {
        match stop {
            Stop::Canceled | Stop::Killed => Verdict::Killed,
            Stop::Limit | Stop::Deadline => Verdict::JobTimedOut(self.out_of_time()),
        }
    }

    fn out_of_time(&self) -> String {
        format!(
            "the job took longer than its timeout of {:?}",
            self.job.timeout
        )
    }

    /// Its own failure changes nothing, unless the job asks for that (runtime reference 1.3).
    async fn after_script(&mut self, session: &mut dyn Session, verdict: Verdict) -> Verdict {
        let Some(make) = self.scripts.after_script.take() else {
            return verdict;
        };
        self.enter(Phase::AfterScript).await;
        let own = self.scripts.settings.after_script_timeout.take();
        let own = self.limit("RUNNER_AFTER_SCRIPT_TIMEOUT", own).await;
        let own = own.unwrap_or_else(|| Instant::now() + AFTER_SCRIPT_TIMEOUT);
        let bounds = self.bounds(Cancel::Force, Some(own));
        let text = make(verdict.job_status());
        let script = Script { text };
        let (cx, remote) = Remote::new();
        let work = session.run(&script, &cx);
        let Ending { result, stop } = bounds.run(&mut self.log, remote, work).await;
        let failure = match (stop, result) {
            (Some(Stop::Deadline), _) => return Verdict::JobTimedOut(self.out_of_time()),
            (Some(Stop::Killed | Stop::Canceled), _) => return Verdict::Killed,
            (Some(Stop::Limit), _) => after_script_timed_out(),
            (None, Some(Ok(Exit::Code(0)))) => return verdict,
            (None, Some(Ok(Exit::Code(code)))) => Failure::exit_code(code),
            (None, Some(Err(error))) => Failure::from(&error),
            (None, Some(Ok(Exit::Stopped)) | None) => vanished(),
        };
        if self.scripts.settings.after_script_can_fail && verdict == Verdict::Success {
            return Verdict::Failed(failure);
        }
        let text = format!(
            "WARNING: after_script failed, but job will continue unaffected: {}",
            failure.message
        );
        self.log.say(&text).await;
        verdict
    }

    /// Keeps the artifacts that belong to such a result. A failure to do so fails a job that was
    /// well (runtime reference 1.1).
    async fn upload(
        &mut self,
        session: &mut dyn Session,
        verdict: Verdict,
    ) -> (Verdict, Option<ArtifactRef>) {
        let wanted = self.scripts.artifacts.take();
        let wanted = wanted.filter(|a| a.when.keeps(verdict == Verdict::Success));
        let Some(wanted) = wanted else {
            return (verdict, None);
        };
        self.enter(Phase::UploadArtifacts).await;
        let into = self
            .shared
            .artifacts
            .join(format!("{}.tar", self.order.job_id));
        let bounds = self.bounds(Cancel::Force, None);
        let (_, remote) = Remote::new();
        let work = session.collect(&wanted.globs, &into);
        let Ending { result, stop } = bounds.run(&mut self.log, remote, work).await;
        match (stop, result) {
            (Some(Stop::Deadline), _) => (Verdict::JobTimedOut(self.out_of_time()), None),
            (Some(_), _) | (None, None) => (Verdict::Killed, None),
            (None, Some(Ok(kept))) => {
                self.log
                    .say(&what_was_kept(&kept, &wanted.globs.paths))
                    .await;
                (verdict, Some(kept).filter(|kept| kept.entries > 0))
            }
            (None, Some(Err(error))) => {
                let text = format!("ERROR: artifacts were not kept: {}", error.message);
                self.log.say(&text).await;
                (or_failed(verdict, &error), None)
            }
        }
    }

    /// Nothing may stay behind, and nothing may hang: after its budget the environment is left
    /// for the next start to remove.
    async fn close(&mut self, mut session: Box<dyn Session>) {
        let closed = timeout(CLOSE_BUDGET + GRACE, session.close(CLOSE_BUDGET)).await;
        let why = match closed {
            Ok(Ok(())) => return,
            Ok(Err(error)) => error.message,
            Err(_) => format!("it took longer than {}", short(CLOSE_BUDGET + GRACE)),
        };
        let job = &self.job.sched.name;
        let text = format!("cleaning up after job `{job}` failed, the next run does it: {why}");
        let text = self.log.masked(&text);
        let notice = Message::Event(EventKind::Notice { text });
        let _ = self.messages.send(notice).await;
    }

    async fn limit(&mut self, name: &str, text: Option<String>) -> Option<Instant> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        match limit(name, &text?, left) {
            Ok(limit) => Some(Instant::now() + limit),
            Err(warning) => {
                self.log.say(&warning).await;
                None
            }
        }
    }

    fn bounds(&self, yields_to: Cancel, limit: Option<Instant>) -> Bounds {
        Bounds {
            cancel: self.order.cancel.clone(),
            yields_to,
            limit,
            deadline: self.deadline,
        }
    }

    async fn enter(&self, phase: Phase) {
        let _ = self
            .messages
            .send(Message::Phase(self.order.id, phase))
            .await;
    }

    /// Messages may quote what an executor was given.
    fn told(&self, verdict: Verdict) -> Verdict {
        match verdict {
            Verdict::Failed(failure) => Verdict::Failed(Failure {
                message: self.log.masked(&failure.message),
                ..failure
            }),
            verdict => verdict,
        }
    }
}

/// Waits for the image and for a turn to start a container; without an image there is none.
async fn admit<'a>(
    shared: &'a Shared,
    job: &JobRun,
) -> Result<Option<SemaphorePermit<'a>>, Failure> {
    let Some(image) = &job.image else {
        return Ok(None);
    };
    shared.images.ensure(&job.executor, image).await?;
    // The semaphore is never closed.
    Ok(shared.starts.acquire().await.ok())
}

/// A duration as Go and the runner write it, without the units that are zero: `1h30m`.
fn short(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let parts = [
        (seconds / 3600, "h"),
        (seconds / 60 % 60, "m"),
        (seconds % 60, "s"),
    ];
    let shown: String = parts
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, unit)| format!("{count}{unit}"))
        .collect();
    if shown.is_empty() {
        format!("{duration:?}")
    } else {
        shown
    }
}

/// The shell stopped though nobody asked for it.
fn vanished() -> Failure {
    Failure {
        reason: FailureReason::RunnerSystemFailure,
        message: "the script was stopped from outside".to_owned(),
    }
}

fn after_script_timed_out() -> Failure {
    Failure {
        reason: FailureReason::JobExecutionTimeout,
        message: "it took longer than its timeout".to_owned(),
    }
}

/// The first failure counts.
fn or_failed(verdict: Verdict, error: &ExecError) -> Verdict {
    match verdict {
        Verdict::Success => Verdict::Failed(Failure::from(error)),
        verdict => verdict,
    }
}

fn what_was_kept(kept: &ArtifactRef, paths: &[String]) -> String {
    let paths = paths.join(", ");
    match kept.entries {
        0 => format!("WARNING: {paths}: no matching files; no artifacts are kept"),
        count => format!("{paths}: found {count} matching artifact files and directories"),
    }
}
