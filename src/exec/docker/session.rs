//! One attempt of a job: its container from creation to removal.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::{Instant, timeout, timeout_at};

use super::super::cancel::{asked, unless_asked};
use super::super::{
    ArtifactRef, Cancel, Cx, EnvSpec, ExecError, Exit, Globs, Script, Session, Terminal,
};
use super::container::Container;
use super::containers::{Containers, Made, tars};
use super::download::Place;
use super::run::{self, Waiting};
use super::workspace::is_large;
use super::{adopted, attach, beside, untouched, upload};

/// How long a container takes to end behind its script, as a rule.
const ENDS_SOON: Duration = Duration::from_millis(500);

/// A container that is made and filled; each script starts it once more.
pub(super) struct DockerSession {
    containers: Arc<Containers>,
    container: Container,
    /// What the container was made from.
    spec: EnvSpec,
    /// The shell of a container that was started ahead of its script.
    waiting: Option<Waiting>,
    /// Whether a script has ended whose container may still be about to.
    ending: bool,
}

impl DockerSession {
    pub(super) fn new(containers: Arc<Containers>, made: Made, spec: EnvSpec) -> Self {
        Self {
            containers,
            container: made.container,
            spec,
            waiting: made.waiting,
            ending: false,
        }
    }

    /// Waits until nothing of the last script runs any more, for what starts the container again
    /// or reads its files.
    async fn settle(&mut self) -> Result<(), ExecError> {
        if self.ending {
            run::end(&self.container).await?;
            self.ending = false;
            self.container.ended = true;
        }
        Ok(())
    }

    /// A shell that waits for its script; `None` where a cancellation came first.
    async fn waiting_shell(&mut self, cx: &Cx) -> Result<Option<Waiting>, ExecError> {
        if let Some(waiting) = self.waiting.take() {
            return Ok(Some(waiting));
        }
        tokio::select! {
            settled = self.settle() => settled?,
            () = asked(&cx.cancel, Cancel::Graceful) => return Ok(None),
        }
        // Half a start would be in the way of the next script; after force there is none.
        tokio::select! {
            shell = run::start(&self.container) => Ok(Some(shell?)),
            () = asked(&cx.cancel, Cancel::Force) => Ok(None),
        }
    }

    fn place(&self) -> Place<'_> {
        Place::new(&self.container, &self.spec.layout.project_dir)
    }
}

#[async_trait]
impl Session for DockerSession {
    async fn start(&mut self, cx: &Cx) -> Result<(), ExecError> {
        if self.waiting.is_none() {
            let starting = run::start(&self.container);
            self.waiting = Some(unless_asked(&cx.cancel, "start", starting).await?);
        }
        Ok(())
    }

    async fn add(&mut self, artifacts: &[ArtifactRef], cx: &Cx) -> Result<(), ExecError> {
        if artifacts.is_empty() {
            return Ok(());
        }
        if artifacts.iter().any(is_large) {
            // Another container over the layers of these costs less than copying them.
            self.spec.workspace.artifacts.extend_from_slice(artifacts);
            let made = self.containers.make(&self.spec, None, cx).await?;
            let mut old = std::mem::replace(&mut self.container, made.container);
            self.waiting = made.waiting;
            return old.remove().await;
        }
        let (docker, id) = (&self.container.docker, &self.container.id);
        let owner = self.containers.owner(&self.spec).await?;
        let project_dir = &self.spec.layout.project_dir;
        let adding = upload::add(docker, id, project_dir, tars(artifacts), owner);
        unless_asked(&cx.cancel, "upload", adding).await
    }

    async fn run(&mut self, script: &Script, cx: &Cx) -> Result<Exit, ExecError> {
        if *cx.cancel.borrow() != Cancel::Run {
            return Ok(Exit::Stopped);
        }
        let shell = self.waiting.take();
        if shell.is_none() {
            tokio::select! {
                settled = self.settle() => settled?,
                () = asked(&cx.cancel, Cancel::Graceful) => return Ok(Exit::Stopped),
            }
        }
        self.ending = true;
        self.container.ended = false;
        let mut services = self.container.services.take();
        let container = &self.container;
        let alone = |cx| async move { run::run(container, shell, script, &cx).await };
        let exit = beside::run(services.as_deref_mut(), cx, alone).await;
        self.container.services = services;
        exit
    }

    async fn lead_in(&mut self, script: &Script, cx: &Cx) -> Result<Exit, ExecError> {
        let Some(shell) = self.waiting_shell(cx).await? else {
            return Ok(Exit::Stopped);
        };
        self.container.ended = false;
        let mut services = self.container.services.take();
        let (container, kept) = (&self.container, &mut self.waiting);
        let alone = |cx| async move { attach::lead_in(container, shell, script, kept, &cx).await };
        let exit = beside::run(services.as_deref_mut(), cx, alone).await;
        self.container.services = services;
        self.ending = self.waiting.is_none();
        exit
    }

    async fn attach(
        &mut self,
        login: &Script,
        terminal: Terminal,
        cx: &Cx,
    ) -> Result<Exit, ExecError> {
        let Some(shell) = self.waiting_shell(cx).await? else {
            return Ok(Exit::Stopped);
        };
        self.ending = true;
        self.container.ended = false;
        attach::attach(&mut self.container, shell, login, terminal, cx).await
    }

    async fn read(
        &mut self,
        path: &str,
        limit: u64,
        cx: &Cx,
    ) -> Result<Option<Vec<u8>>, ExecError> {
        let reading = async {
            self.settle().await?;
            self.place().read(path, limit).await
        };
        unless_asked(&cx.cancel, "read", reading).await
    }

    async fn as_brought(
        &mut self,
        globs: &Globs,
        cx: &Cx,
    ) -> Result<Option<Vec<String>>, ExecError> {
        let looking = async {
            let (containers, spec) = (&self.containers, &self.spec);
            untouched::is_as_brought(containers, spec, &mut self.container, globs).await
        };
        let is_as_brought = unless_asked(&cx.cancel, "collect artifacts", looking).await?;
        Ok(is_as_brought.then(Vec::new))
    }

    async fn collect(
        &mut self,
        globs: &Globs,
        into: &Path,
        cx: &Cx,
    ) -> Result<ArtifactRef, ExecError> {
        let collecting = async {
            let (containers, spec) = (&self.containers, &self.spec);
            let left = adopted::collect(containers, spec, &mut self.container, globs, into);
            let left = Box::pin(left).await?;
            self.settle().await?;
            match left {
                Some(kept) => Ok(kept),
                None => self.place().collect(globs, into).await,
            }
        };
        unless_asked(&cx.cancel, "collect artifacts", collecting).await
    }

    async fn close(&mut self, budget: Duration) -> Result<(), ExecError> {
        if let Some(network) = &mut self.container.network {
            network.comes_soon();
        }
        let until = Instant::now() + budget;
        // What is about to end is removed sooner when it has, than by killing it; services need not
        // wait for that, nor it for them. An error shows again where all of it is removed.
        let mut services = self.container.services.take();
        let has_services = services.is_some();
        let itself = async {
            let _ = timeout(ENDS_SOON, self.settle()).await;
            if has_services {
                let _ = self.container.remove_first().await;
            }
        };
        let others = async {
            if let Some(services) = &mut services {
                let _ = services.remove().await;
            }
        };
        let _ = timeout_at(until, async { tokio::join!(itself, others) }).await;
        self.container.services = services;
        if self.container.ended {
            self.container.leave_network();
        }
        let late = not_removed(&self.container, budget);
        timeout_at(until, self.container.remove())
            .await
            .unwrap_or_else(|elapsed| Err(late.because(elapsed)))
    }
}

/// What is left of an environment that had its time to go.
fn not_removed(container: &Container, budget: Duration) -> ExecError {
    let (left, seconds) = (container.left(), budget.as_secs());
    let message = match &left[..] {
        [] => format!(
            "volumes and networks of container `{}` were not removed in {seconds} s",
            container.id
        ),
        [one] => format!("container `{one}` was not removed in {seconds} s"),
        more => format!(
            "containers `{}` were not removed in {seconds} s",
            more.join("`, `")
        ),
    };
    ExecError::system("remove container", message)
}
