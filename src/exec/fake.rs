//! An executor that runs nothing: it plays what a test planned and remembers what was asked.
//!
//! ```text
//! let fake = FakeExecutor::new();
//! fake.plan("build", [Run::exits(1).saying("oops\n").taking(Duration::from_secs(3))]);
//! fake.plan_attempt("build", 2, [Run::exits(0).writing("out/app", "binary")]);
//! ```
//!
//! The n-th script of an attempt plays the n-th run of its plan; what has no plan succeeds at once.
//! Time is tokio's, so that it can be paused. Dropping a fake whose sessions were not all closed
//! is a failed test.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;

use super::cancel::{asked, check};
use super::collect::{Pack, Selection};
use super::trees::Trees;
use super::{
    ArtifactRef, Cancel, Capabilities, Cx, EnvSpec, ExecError, Executor, Exit, Fault, Globs, Image,
    Layout, Reaped, Script, Session, Traits, TreeRef, TreeSpec,
};

/// What one script does.
#[derive(Debug, Clone, Default)]
pub(crate) struct Run {
    output: Vec<u8>,
    takes: Duration,
    exit: i64,
    writes: Vec<(String, Vec<u8>)>,
    stubborn: bool,
    fails: Option<(Fault, String)>,
}

impl Run {
    /// Ends with this code.
    pub(crate) fn exits(exit: i64) -> Self {
        Self {
            exit,
            ..Self::default()
        }
    }

    /// The machinery fails instead of the script ending.
    pub(crate) fn fails(fault: Fault, message: &str) -> Self {
        Self {
            fails: Some((fault, message.to_owned())),
            ..Self::default()
        }
    }

    /// Prints this, at the start.
    pub(crate) fn saying(mut self, output: impl Into<Vec<u8>>) -> Self {
        self.output = output.into();
        self
    }

    /// Takes this long after printing.
    pub(crate) fn taking(mut self, takes: Duration) -> Self {
        self.takes = takes;
        self
    }

    /// Leaves this file in the project directory.
    pub(crate) fn writing(mut self, path: &str, content: impl Into<Vec<u8>>) -> Self {
        self.writes.push((path.to_owned(), content.into()));
        self
    }

    /// Does not stop for a graceful cancellation.
    pub(crate) fn stubborn(mut self) -> Self {
        self.stubborn = true;
        self
    }
}

#[derive(Debug, Default)]
struct State {
    /// By job and attempt; attempt 0 stands for all that have no plan of their own.
    plans: HashMap<(String, u32), VecDeque<Run>>,
    open_fails: HashMap<String, (Fault, String)>,
    lacking: Vec<String>,
    calls: Vec<String>,
    scripts: Vec<(String, String)>,
    open: Vec<String>,
}

type Shared = Arc<Mutex<State>>;

fn locked(state: &Shared) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The fake. Clones share everything, so that a test can keep one.
pub(crate) struct FakeExecutor {
    state: Shared,
    trees: Trees,
}

impl FakeExecutor {
    /// One where every job succeeds at once.
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            state: Shared::default(),
            trees: Trees::default(),
        })
    }

    /// Plans the scripts of every attempt of `job`.
    pub(crate) fn plan(&self, job: &str, runs: impl IntoIterator<Item = Run>) {
        self.plan_attempt(job, 0, runs);
    }

    /// Plans the scripts of one attempt of `job`.
    pub(crate) fn plan_attempt(
        &self,
        job: &str,
        attempt: u32,
        runs: impl IntoIterator<Item = Run>,
    ) {
        let runs = runs.into_iter().collect();
        locked(&self.state)
            .plans
            .insert((job.to_owned(), attempt), runs);
    }

    /// Every `open` of `job` fails.
    pub(crate) fn fail_open(&self, job: &str, fault: Fault, message: &str) {
        locked(&self.state)
            .open_fails
            .insert(job.to_owned(), (fault, message.to_owned()));
    }

    /// `image` is missing until it is pulled.
    pub(crate) fn lack(&self, image: &str) {
        locked(&self.state).lacking.push(image.to_owned());
    }

    /// What was asked so far, one line per call: `open build 1`, `run build 1`,
    /// `collect build 1`, `close build 1`, `pull ruby:3.1`.
    pub(crate) fn calls(&self) -> Vec<String> {
        locked(&self.state).calls.clone()
    }

    /// The scripts that `job` was given, in order.
    pub(crate) fn scripts(&self, job: &str) -> Vec<String> {
        let state = locked(&self.state);
        let of_job = state.scripts.iter().filter(|(name, _)| name == job);
        of_job.map(|(_, text)| text.clone()).collect()
    }
}

impl Drop for FakeExecutor {
    fn drop(&mut self) {
        let open = locked(&self.state).open.clone();
        assert!(
            open.is_empty() || std::thread::panicking(),
            "sessions were never closed: {open:?}"
        );
    }
}

fn failure(phase: &'static str, (fault, message): &(Fault, String)) -> ExecError {
    ExecError {
        fault: *fault,
        ..ExecError::system(phase, message.clone())
    }
}

#[async_trait]
impl Executor for FakeExecutor {
    fn name(&self) -> &'static str {
        "fake"
    }

    fn traits(&self) -> Traits {
        Traits {
            images: true,
            disposable: true,
            moves_project_dir: true,
            ..Traits::default()
        }
    }

    fn layout(&self, project_path: &str, _job: &str, _attempt: u32) -> Layout {
        Layout {
            builds_dir: "/builds".to_owned(),
            project_dir: format!("/builds/{project_path}"),
        }
    }

    async fn probe(&self, _cx: &Cx) -> Result<Capabilities, ExecError> {
        Ok(Capabilities {
            description: "fake".to_owned(),
        })
    }

    async fn missing(&self, images: &[Image], _cx: &Cx) -> Result<Vec<Image>, ExecError> {
        let lacking = locked(&self.state).lacking.clone();
        let mut missing: Vec<Image> = Vec::new();
        for image in images {
            if lacking.contains(&image.name) && !missing.contains(image) {
                missing.push(image.clone());
            }
        }
        Ok(missing)
    }

    async fn pull(
        &self,
        image: &Image,
        progress: &(dyn for<'a> Fn(u64, u64) + Send + Sync),
        _cx: &Cx,
    ) -> Result<(), ExecError> {
        progress(1, 1);
        let mut state = locked(&self.state);
        state.calls.push(format!("pull {}", image.name));
        state.lacking.retain(|name| *name != image.name);
        Ok(())
    }

    async fn publish_tree(&self, tree: &TreeSpec, cx: &Cx) -> Result<TreeRef, ExecError> {
        self.trees.publish(tree, cx).await
    }

    async fn open(&self, spec: EnvSpec, cx: &Cx) -> Result<Box<dyn Session>, ExecError> {
        let archives = self.trees.archives(&spec.workspace)?;
        let attempt = format!("{} {}", spec.job, spec.attempt);
        {
            let mut state = locked(&self.state);
            state.calls.push(format!("open {attempt}"));
            if let Some(planned) = state.open_fails.get(&spec.job) {
                return Err(failure("open", planned));
            }
        }
        check(&cx.cancel, "open")?;
        for service in &spec.services {
            let line = format!("service `{}` is ready\n", service.image.name);
            let _ = cx.output.send(line.into_bytes()).await;
        }
        let mut session = FakeSession {
            state: self.state.clone(),
            job: spec.job.clone(),
            attempt,
            project_dir: spec.layout.project_dir,
            runs: VecDeque::new(),
            files: BTreeMap::new(),
        };
        for archive in &archives {
            session.unpack(archive)?;
        }
        let mut state = locked(&self.state);
        let plans = &state.plans;
        session.runs = plans
            .get(&(spec.job.clone(), spec.attempt))
            .or_else(|| plans.get(&(spec.job, 0)))
            .cloned()
            .unwrap_or_default();
        state.open.push(session.attempt.clone());
        drop(state);
        Ok(Box::new(session))
    }

    async fn reap(
        &self,
        _owner: &str,
        _alive: &(dyn for<'a> Fn(&'a str) -> bool + Send + Sync),
        _cx: &Cx,
    ) -> Result<Reaped, ExecError> {
        locked(&self.state).calls.push("reap".to_owned());
        Ok(Reaped::default())
    }
}

struct FakeSession {
    state: Shared,
    job: String,
    attempt: String,
    project_dir: String,
    runs: VecDeque<Run>,
    files: BTreeMap<PathBuf, Vec<u8>>,
}

impl FakeSession {
    fn unpack(&mut self, archive: &Path) -> Result<(), ExecError> {
        let read = || -> std::io::Result<Vec<(PathBuf, Vec<u8>)>> {
            let mut files = Vec::new();
            for entry in tar::Archive::new(std::fs::File::open(archive)?).entries()? {
                let mut entry = entry?;
                if entry.header().entry_type().is_file() {
                    let mut content = Vec::new();
                    std::io::Read::read_to_end(&mut entry, &mut content)?;
                    files.push((entry.path()?.into_owned(), content));
                }
            }
            Ok(files)
        };
        let files = read().map_err(|error| ExecError::system("open", error.to_string()))?;
        self.files.extend(files);
        Ok(())
    }

    fn called(&self, what: &str) {
        let line = format!("{what} {}", self.attempt);
        locked(&self.state).calls.push(line);
    }
}

#[async_trait]
impl Session for FakeSession {
    async fn add(&mut self, artifacts: &[ArtifactRef], cx: &Cx) -> Result<(), ExecError> {
        self.called("add");
        check(&cx.cancel, "add")?;
        artifacts.iter().try_for_each(|kept| self.unpack(&kept.tar))
    }

    async fn run(&mut self, script: &Script, cx: &Cx) -> Result<Exit, ExecError> {
        self.called("run");
        if *cx.cancel.borrow() != Cancel::Run {
            return Ok(Exit::Stopped);
        }
        locked(&self.state)
            .scripts
            .push((self.job.clone(), script.text.clone()));
        let run = self.runs.pop_front().unwrap_or_default();
        if !run.output.is_empty() {
            let _ = cx.output.send(run.output).await;
        }
        let stops_at = if run.stubborn {
            Cancel::Force
        } else {
            Cancel::Graceful
        };
        tokio::select! {
            () = tokio::time::sleep(run.takes), if !run.takes.is_zero() => {}
            () = std::future::ready(()), if run.takes.is_zero() => {}
            () = asked(&cx.cancel, stops_at) => return Ok(Exit::Stopped),
        }
        if let Some(planned) = &run.fails {
            return Err(failure("run script", planned));
        }
        for (path, content) in run.writes {
            self.files.insert(PathBuf::from(path), content);
        }
        Ok(Exit::Code(run.exit))
    }

    async fn read(
        &mut self,
        path: &str,
        _limit: u64,
        cx: &Cx,
    ) -> Result<Option<Vec<u8>>, ExecError> {
        check(&cx.cancel, "read")?;
        let relative = path.strip_prefix(&self.project_dir).unwrap_or(path);
        let relative = Path::new(relative.trim_start_matches('/'));
        Ok(self.files.get(relative).cloned())
    }

    async fn collect(
        &mut self,
        globs: &Globs,
        into: &Path,
        cx: &Cx,
    ) -> Result<ArtifactRef, ExecError> {
        self.called("collect");
        check(&cx.cancel, "collect")?;
        let pack = || -> std::io::Result<ArtifactRef> {
            let selection = Selection::new(globs, &self.project_dir);
            let mut pack = Pack::new(selection, std::fs::File::create(into)?);
            for (path, content) in &self.files {
                if pack.wants(path, false) {
                    let mut header = tar::Header::new_gnu();
                    header.set_mode(0o644);
                    pack.add(header, path, content.len() as u64, content.as_slice())?;
                }
            }
            let (packed, _) = pack.finish()?;
            Ok(ArtifactRef {
                tar: into.to_owned(),
                entries: packed.entries,
                notes: packed.notes,
                digest: None,
                lasts: false,
            })
        };
        pack().map_err(|error| ExecError::system("collect artifacts", error.to_string()))
    }

    async fn close(&mut self, _budget: Duration) -> Result<(), ExecError> {
        let mut state = locked(&self.state);
        if let Some(at) = state.open.iter().position(|name| *name == self.attempt) {
            state.open.remove(at);
            state.calls.push(format!("close {}", self.attempt));
        }
        Ok(())
    }
}
