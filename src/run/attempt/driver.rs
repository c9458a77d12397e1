//! The order of the steps, and what they share.

use std::panic::{AssertUnwindSafe, resume_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use crate::event::Phase;
use crate::exec::{ArtifactRef, Cancel, Executor, Layout, Session, TreeRef};
use crate::mask::Masker;
use crate::run::bounded_call::Bounds;
use crate::run::context::RunContext;
use crate::run::ids::AttemptId;
use crate::run::limits::limit;
use crate::run::log::JobLog;
use crate::run::message::{End, Fact, Failure, Kept, Message, Verdict};
use crate::run::spec::{AttemptContext, AttemptScripts, JobEnvironment, ScriptJob};

use super::ahead::Ahead;

/// Longer than any run; tokio's own sleeps end there too.
const FOREVER: Duration = Duration::from_secs(86_400 * 365 * 30);

/// What the dispatcher hands out with an attempt.
pub(in crate::run) struct Order {
    pub(in crate::run) id: AttemptId,
    pub(in crate::run) job: Arc<ScriptJob>,
    /// The job's name, which no other job of the run has.
    pub(in crate::run) name: String,
    /// `CI_JOB_ID`.
    pub(in crate::run) job_id: u64,
    /// The lowest free slot, from 0.
    pub(in crate::run) slot: usize,
    /// The project's files, where the job asks for them.
    pub(in crate::run) tree: Option<TreeRef>,
    /// Where this attempt's artifacts go.
    pub(in crate::run) artifacts_place: PathBuf,
    /// Laid over the tree in this order.
    pub(in crate::run) artifacts: Vec<ArtifactRef>,
    /// The environment, where it was begun before.
    pub(in crate::run) ahead: Option<Ahead>,
    /// Variables that the same jobs reported.
    pub(in crate::run) dotenv: Vec<(String, String)>,
    pub(in crate::run) cancel: watch::Receiver<Cancel>,
}

/// Runs the attempt and sends its end; then takes the environment away, for which no other job
/// has to wait.
pub(in crate::run) async fn run(
    shared: Arc<RunContext>,
    order: Order,
    messages: mpsc::Sender<Message>,
) {
    let id = order.id;
    let mut attempt = Attempt::new(&shared, order, messages.clone());
    let mut session = None;
    // An error of ours is the dispatcher's to tell, but the environment goes all the same. Only
    // the masker and the channel are used after one, and both are whole at any moment.
    let driven = AssertUnwindSafe(attempt.drive(&mut session)).catch_unwind();
    let (end, panic) = match driven.await {
        Ok(end) => (Some(end), None),
        Err(panic) => (None, Some(panic)),
    };
    if let Some(end) = end {
        // The dispatcher outlives every attempt; should it be gone, nobody wants to know.
        let _ = messages.send(Message::Ended(id, Box::new(end))).await;
    }
    if let Some(session) = session {
        attempt.close(session).await;
    }
    if let Some(panic) = panic {
        resume_unwind(panic);
    }
}

/// An attempt under way.
pub(super) struct Attempt<'a> {
    pub(super) shared: &'a RunContext,
    pub(super) job: Arc<ScriptJob>,
    pub(super) executor: &'a dyn Executor,
    pub(super) order: Order,
    pub(super) layout: Layout,
    pub(super) scripts: AttemptScripts,
    pub(super) log: JobLog,
    pub(super) messages: mpsc::Sender<Message>,
    pub(super) deadline: Instant,
    /// Caches that were found for it.
    pub(super) caches: Vec<ArtifactRef>,
    /// What its end will tell.
    pub(super) facts: Vec<Fact>,
}

impl<'a> Attempt<'a> {
    pub(super) fn new(
        shared: &'a RunContext,
        order: Order,
        messages: mpsc::Sender<Message>,
    ) -> Self {
        let AttemptId { attempt, .. } = order.id;
        let job = Arc::clone(&order.job);
        let executor = shared.runner(job.runner).executor.as_ref();
        let layout = executor.layout(&job.project_path, &order.name, attempt);
        let mut scripts = job.scripts.attempt(&AttemptContext {
            attempt,
            job_id: order.job_id,
            slot: order.slot,
            layout: layout.clone(),
            dotenv: order.dotenv.clone(),
        });
        let masker = {
            let settings = &scripts.settings;
            if settings.shows_tokens {
                Masker::of_personal_tokens(&scripts.secrets)
            } else {
                Masker::new(&scripts.secrets)
            }
        };
        Self {
            shared,
            deadline: after(job.timeout),
            job,
            executor,
            layout: scripts.layout.take().unwrap_or(layout),
            log: JobLog::new(order.id, masker, messages.clone())
                .looking_for(scripts.coverage.take()),
            caches: Vec::new(),
            facts: Vec::new(),
            scripts,
            order,
            messages,
        }
    }

    /// Leaves the environment in `opened`, whatever happens.
    async fn drive(&mut self, opened: &mut Option<Box<dyn Session>>) -> End {
        self.enter(Phase::Prepare).await;
        for warning in std::mem::take(&mut self.scripts.warnings) {
            self.log.say(&warning).await;
        }
        if let Some(refusal) = self.scripts.refusal.take() {
            self.log.say(&refusal.message).await;
            let verdict = Verdict::Failed(refusal.into());
            return self.end(verdict, Kept::default());
        }
        if let Some(kept) = self.earlier().await {
            return self.end(Verdict::Success, kept);
        }
        self.find_caches().await;
        let session = match self.prepare().await {
            Ok(session) => opened.insert(session),
            Err(verdict) => return self.end(verdict, Kept::default()),
        };
        let (verdict, kept) = self.work(session.as_mut()).await;
        self.look_back(&verdict, &kept);
        self.end(verdict, kept)
    }

    fn end(&mut self, verdict: Verdict, kept: Kept) -> End {
        self.facts.extend(kept.tests.clone().map(Fact::Tests));
        End {
            verdict: self.told(verdict),
            executor: Some(self.executor.name()),
            digest: self.digest(),
            reported: self.recordable(&kept.dotenv),
            kept,
            facts: std::mem::take(&mut self.facts),
        }
    }

    /// What the end brought to light: the coverage, and the environment of a job that was well.
    fn look_back(&mut self, verdict: &Verdict, kept: &Kept) {
        if let Some(percent) = self.log.coverage() {
            self.facts.insert(0, Fact::Coverage(percent));
        }
        if let Some(bytes) = self.log.too_long() {
            self.facts.push(Fact::LongLog(bytes));
        }
        let environment = self.scripts.environment.take();
        let Some(environment) = environment.filter(|_| *verdict == Verdict::Success) else {
            return;
        };
        let url = environment.url.map(|url| match &self.scripts.expand {
            Some(expand) => expand(&url, &kept.dotenv),
            None => url,
        });
        self.facts.push(Fact::Environment(JobEnvironment {
            url: url.filter(|url| !url.is_empty()),
            ..environment
        }));
    }

    /// Without its sources a job has neither script nor `after_script`, but uploads follow as
    /// after any failure (runtime reference 1.1).
    async fn work(&mut self, session: &mut dyn Session) -> (Verdict, Kept) {
        let mut verdict = self.hook(session).await;
        if let (Verdict::Success, Some(login)) = (&verdict, self.scripts.login.take()) {
            return (self.person(session, login).await, Kept::default());
        }
        if verdict == Verdict::Success {
            verdict = self.script(session).await;
            if verdict.goes_on() {
                verdict = self.after_script(session, verdict).await;
            }
        }
        if verdict.goes_on() {
            verdict = self.save_caches(session, verdict).await;
        }
        if !verdict.goes_on() {
            return (verdict, Kept::default());
        }
        self.upload(session, verdict).await
    }

    /// The end of a limit that a variable sets; one that makes no sense is told and ignored.
    pub(super) async fn limit(&mut self, name: &str, text: Option<String>) -> Option<Instant> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        match limit(name, &text?, left) {
            Ok(limit) => Some(Instant::now() + limit),
            Err(warning) => {
                self.log.say(&warning).await;
                None
            }
        }
    }

    /// What may end a call of this attempt.
    pub(super) fn bounds(&self, yields_to: Cancel, limit: Option<Instant>) -> Bounds {
        Bounds {
            cancel: self.order.cancel.clone(),
            yields_to,
            limit,
            deadline: self.deadline,
        }
    }

    pub(super) async fn enter(&self, phase: Phase) {
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

/// A timeout too large for the clock is as good as none.
fn after(timeout: Duration) -> Instant {
    let now = Instant::now();
    now.checked_add(timeout).unwrap_or(now + FOREVER)
}
