//! One attempt of a job: its sandbox from creation to removal.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use rustix::pipe::fcntl_setpipe_size;
use tokio::net::unix::pipe;

use super::super::cancel::{asked, check, unless_asked};
use super::super::collect::{Packed, cannot_pack, place as give_place, store};
use super::super::contract::Terminal;
use super::super::file_work::{Stop as FileStop, blocking, in_place, removed_within};
use super::super::service_lines::{beside, has_failed, tell};
use super::super::shell_output::pump;
use super::super::{ArtifactRef, Cancel, Cx, ExecError, Exit, Globs, Layout, Script, Session};
use super::groups::remove_attempt;
use super::identity::Identity;
use super::inside::link::{Link, failed_for, unexpected};
use super::inside::wire::{Choice, Program, Reply, Request, Stop};
use super::network::job_networks::{JobNetwork, JobNetworks};
use super::script::{in_memory, not_started};
use super::services::Services;
use super::trees::brought::Brought;
use super::trees::builds::{Builds, NO_ARTIFACTS};
use super::trees::overlays::Held;
use crate::foreign::system_words;

const RUN: &str = "run script";

/// Bytes of an archive that wait for their reader, as many as everybody may have wait. With few of
/// them reader and writer would wait for each other.
const PIPE: usize = 1 << 20;

/// Time between TERM and KILL when a script is stopped.
const GRACE: Duration = Duration::from_secs(10);

/// A sandbox and the folder of what it writes. Dropping it without [`Session::close`] ends both
/// too.
pub(super) struct SandboxSession {
    pub(super) link: Link,
    pub(super) folder: PathBuf,
    pub(super) layout: Layout,
    /// What is written to its builds directory; `None` where that is no overlay.
    pub(super) written: Option<PathBuf>,
    /// What it was brought as a layer. What came over that later shows as a change.
    pub(super) brought: Option<Brought>,
    pub(super) builds: Arc<Builds>,
    /// The user to whom the project belongs; `None` where it is root's, and open to all.
    pub(super) owned_by: Option<String>,
    /// Which ids its files can have.
    pub(super) identity: Identity,
    /// What each script is given to.
    pub(super) program: Program,
    /// Whether its shell begins with the variables that it was asked to have.
    pub(super) begins_as_asked: bool,
    /// Whether something else than the shell comes first.
    pub(super) has_entrypoint: bool,
    /// What comes before a person's shell, and is to be done by the same shell.
    pub(super) leads_in: Option<String>,
    pub(super) services: Option<Services>,
    /// The network that it is on; nobody has it any more where that is nothing.
    pub(super) network: Option<JobNetwork>,
    pub(super) all_networks: Arc<JobNetworks>,
    /// Its control groups.
    pub(super) groups: Vec<PathBuf>,
    /// Overlays of the run that it has.
    pub(super) overlays: Held,
    pub(super) gone: bool,
}

impl SandboxSession {
    fn project_dir(&self) -> PathBuf {
        PathBuf::from(&self.layout.project_dir)
    }

    /// Unpacks archives over the project directory; `trouble` is told where that can't be done.
    pub(super) async fn unpack(
        &mut self,
        tars: &[PathBuf],
        trouble: &str,
    ) -> Result<(), ExecError> {
        for tar in tars {
            let file = File::open(tar).map_err(|error| ExecError::file("open", trouble, error))?;
            let request = Request::Unpack {
                folder: self.project_dir(),
                owner: self.owned_by.clone(),
            };
            self.link.ask(&request, &[file.as_fd()]).await?;
            match self.link.receive().await? {
                Reply::Done => {}
                Reply::Failed { what, cause } => {
                    return Err(failed_for(cause, "open", format!("{trouble}: {what}")));
                }
                other => return Err(unexpected("open", other)),
            }
        }
        Ok(())
    }

    /// Waits until the services are ready, or have had their time.
    pub(super) async fn wait_for_services(
        &mut self,
        network: &mut JobNetwork,
        cx: &Cx,
    ) -> Result<(), ExecError> {
        match &mut self.services {
            Some(services) => services.wait(network, cx).await,
            None => Ok(()),
        }
    }

    /// Starts a shell that reads `script`; where its output comes from.
    async fn shell(&mut self, script: &Script) -> Result<pipe::Receiver, ExecError> {
        let broken =
            |error: io::Error| ExecError::system(RUN, format!("no pipe: {}", system_words(&error)));
        let given = self.program.environment.iter();
        let given = given.filter(|_| self.begins_as_asked);
        let given = given.map(|(name, value)| (&**name, &**value));
        let input = in_memory(script.for_shell(given)).map_err(|error| {
            let text = format!("no place for the script: {}", system_words(&error));
            ExecError::system(RUN, text)
        })?;
        let (output, writes) = io::pipe().map_err(broken)?;
        let files = [input.as_fd(), writes.as_fd()];
        self.link.start(&self.program, &files).await?;
        drop((input, writes));
        match self.link.receive().await? {
            Reply::Started => {}
            Reply::Failed { what, cause } => {
                return Err(not_started(what, cause, self.has_entrypoint));
            }
            other => return Err(unexpected(RUN, other)),
        }
        pipe::Receiver::from_owned_fd(OwnedFd::from(output)).map_err(broken)
    }
}

impl SandboxSession {
    async fn run_alone(&mut self, script: &Script, cx: &Cx) -> Result<Exit, ExecError> {
        let output = self.shell(script).await?;
        self.until_the_end(pump(output, &cx.output), cx).await
    }

    /// Waits for the end of what was started, and of the talk with it; stops it when that is asked.
    pub(super) async fn until_the_end(
        &mut self,
        talking: impl Future<Output = io::Result<()>>,
        cx: &Cx,
    ) -> Result<Exit, ExecError> {
        let mut talking = std::pin::pin!(talking);
        let mut talked = None;
        let mut ended = None;
        let mut stop = None;
        // The end of the shell is that of all that could still write, and so comes before that of
        // the output.
        while talked.is_none() || ended.is_none() {
            tokio::select! {
                read = &mut talking, if talked.is_none() => talked = Some(read),
                reply = self.link.receive(), if ended.is_none() => match reply? {
                    Reply::Ended(code) => ended = Some(code),
                    other => return Err(unexpected(RUN, other)),
                },
                next = next_stop(stop, cx), if ended.is_none() => {
                    stop = Some(next);
                    self.link.ask(&Request::Signal(next), &[]).await?;
                }
            }
        }
        if let Some(Err(error)) = talked {
            let text = format!("the job's output broke off: {}", system_words(&error));
            return Err(ExecError::system(RUN, text));
        }
        Ok(match (stop, ended) {
            (None, Some(code)) => Exit::Code(i64::from(code)),
            _ => Exit::Stopped,
        })
    }
}

#[async_trait]
impl Session for SandboxSession {
    async fn add(&mut self, artifacts: &[ArtifactRef], cx: &Cx) -> Result<(), ExecError> {
        check(&cx.cancel, "open")?;
        let tars: Vec<PathBuf> = artifacts.iter().map(|kept| kept.tar.clone()).collect();
        self.unpack(&tars, NO_ARTIFACTS).await
    }

    async fn run(&mut self, script: &Script, cx: &Cx) -> Result<Exit, ExecError> {
        if *cx.cancel.borrow() != Cancel::Run {
            return Ok(Exit::Stopped);
        }
        let Some(mut services) = self.services.take() else {
            return self.run_alone(script, cx).await;
        };
        let this = &mut *self;
        let alone = |cx| async move { this.run_alone(script, &cx).await };
        let exit = beside(&mut services.lines, cx, alone).await;
        if has_failed(&exit) {
            tell(services.obituary().await, cx).await;
        }
        self.services = Some(services);
        exit
    }

    async fn lead_in(&mut self, script: &Script, cx: &Cx) -> Result<Exit, ExecError> {
        if self.has_entrypoint {
            self.leads_in = Some(script.text.clone());
            return Ok(Exit::Code(0));
        }
        self.run(script, cx).await
    }

    async fn attach(
        &mut self,
        login: &Script,
        terminal: Terminal,
        cx: &Cx,
    ) -> Result<Exit, ExecError> {
        self.give_shell(login, terminal, cx).await
    }

    async fn read(
        &mut self,
        path: &str,
        limit: u64,
        cx: &Cx,
    ) -> Result<Option<Vec<u8>>, ExecError> {
        unless_asked(&cx.cancel, "read", self.link.read(path, limit)).await
    }

    async fn as_brought(
        &mut self,
        globs: &Globs,
        cx: &Cx,
    ) -> Result<Option<Vec<String>>, ExecError> {
        // Services go on and write where the job did.
        let (Some(brought), Some(written), None) = (&self.brought, &self.written, &self.services)
        else {
            return Ok(None);
        };
        let (brought, written, globs) = (brought.clone(), written.clone(), globs.clone());
        let looking = tokio::task::spawn_blocking(move || brought.untouched(&globs, &written));
        // What can't be looked at is packed.
        let looking = async { Ok(looking.await.ok().and_then(Result::ok).flatten()) };
        unless_asked(&cx.cancel, "collect artifacts", looking).await
    }

    async fn collect(
        &mut self,
        globs: &Globs,
        into: &Path,
        cx: &Cx,
    ) -> Result<ArtifactRef, ExecError> {
        const PHASE: &str = "collect artifacts";
        let project = self.project_dir();
        // Services go on and write where the job did.
        let written = self.written.clone().filter(|_| self.services.is_none());
        let (layout, builds) = (self.layout.clone(), Arc::clone(&self.builds));
        let identity = self.identity.clone();
        let lasts = globs.lasts;
        let link = &mut self.link;
        let collecting = async {
            let (from, to) = io::pipe().map_err(cannot_pack)?;
            // One that is small serves too.
            let _ = fcntl_setpipe_size(&to, PIPE);
            let request = Request::Pack {
                project,
                choice: Choice::from(globs),
            };
            link.ask(&request, &[to.as_fd()]).await?;
            drop(to);
            let (globs, place) = (globs.clone(), into.to_owned());
            let stop = FileStop::default();
            let _given_up = stop.when_dropped();
            let storing = tokio::task::spawn_blocking(move || {
                store(from, &globs, &place, &stop).map_err(cannot_pack)
            });
            let (stored, reply) = tokio::join!(storing, link.receive());
            let stored = stored
                .map_err(|error| ExecError::system(PHASE, "packing broke off").because(error))?;
            // A store that is full says more than a writer that nobody reads.
            let stored = stored?;
            match reply? {
                Reply::Packed { entries, notes } => {
                    let packed = Packed { entries, notes };
                    let kept = give_place(packed, stored, into).map_err(cannot_pack)?;
                    if let Some(written) = written {
                        let layer = ArtifactRef {
                            lasts,
                            ..kept.clone()
                        };
                        let keeping = move || builds.keep(&layer, &layout, &written, &identity);
                        // Without it they are unpacked when they are wanted.
                        let _ = tokio::task::spawn_blocking(keeping).await;
                    }
                    Ok(kept)
                }
                Reply::Failed { what, cause } => {
                    let text = format!("the archive can't be packed: {what}");
                    Err(failed_for(cause, PHASE, text))
                }
                other => Err(unexpected(PHASE, other)),
            }
        };
        unless_asked(&cx.cancel, PHASE, collecting).await
    }

    async fn close(&mut self, budget: Duration) -> Result<(), ExecError> {
        if self.gone {
            return Ok(());
        }
        let (folder, groups) = (self.folder.clone(), self.groups.clone());
        let (link, services) = (&mut self.link, &mut self.services);
        let (network, networks) = (&mut self.network, &self.all_networks);
        let overlays = &mut self.overlays;
        let closing = async {
            let ended = match services {
                Some(services) => services.end().await,
                None => Ok(()),
            };
            link.end().await.and(ended)?;
            if let Some(network) = network.take() {
                networks.give_back(network).await?;
            }
            let what = "the job's folder was not removed";
            let overlays = overlays.take_all();
            blocking("remove folder", what, move || {
                overlays.give_back();
                remove_attempt(&groups, &folder)
            })
            .await
        };
        removed_within(budget, &self.folder, closing).await?;
        self.gone = true;
        Ok(())
    }
}

impl Drop for SandboxSession {
    fn drop(&mut self) {
        if !self.gone {
            // Nobody is left to be told, and what is still written is removed by the next run.
            let _ = in_place(|| {
                if let Some(services) = &mut self.services {
                    services.abandon();
                }
                self.link.abandon();
                if let Some(network) = &mut self.network {
                    network.abandon();
                }
                remove_attempt(&self.groups, &self.folder)
            });
        }
    }
}

/// Returns when a script that was stopped so far as `last` says has to be stopped further.
async fn next_stop(last: Option<Stop>, cx: &Cx) -> Stop {
    match last {
        None => {
            asked(&cx.cancel, Cancel::Graceful).await;
            Stop::Gentle
        }
        Some(Stop::Gentle) => {
            tokio::select! {
                () = asked(&cx.cancel, Cancel::Force) => {}
                () = tokio::time::sleep(GRACE) => {}
            }
            Stop::Kill
        }
        Some(Stop::Kill) => std::future::pending().await,
    }
}
